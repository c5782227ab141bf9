"""Posts: the list, the page of one with its composer, and what staff do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.core.told import told
from publisher.delivery import preflight
from publisher.delivery.models import Amendment, Delivery
from publisher.desk.access import forbidden, user_of
from publisher.desk.compose.columns import template_changes
from publisher.desk.compose.previewing import shown_part, shown_post, stored_of
from publisher.desk.conflicts import conflict
from publisher.desk.forms import CancelForm, RescheduleForm, VersionForm, texts_of
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import newest
from publisher.desk.posts.drafting import cost_of
from publisher.desk.posts.measuring import measured
from publisher.desk.posts.pictures import as_stored, described_in, panel, typed_of
from publisher.desk.review.held import waits_of
from publisher.desk.review.panel import panel_of_post
from publisher.people.permissions import PUBLISH
from publisher.review.approvals import Standing
from publisher.social import approval, notes, paused, reviewing, saving
from publisher.social.accounts import preview_of
from publisher.social.models import Channel, Post
from publisher.social.networks import registry

S = Post.State
TABS = (
    ("", gettext_lazy("All"), None),
    ("draft", gettext_lazy("To approve"), (S.DRAFT,)),
    ("planned", gettext_lazy("Planned"), (S.APPROVED, S.SCHEDULED, S.SENDING)),
    ("sent", gettext_lazy("Sent"), (S.SENT,)),
    ("trouble", gettext_lazy("Needs a person"), (S.HANDED, S.HELD, S.FAILED, S.UNKNOWN, S.EXPIRED)),
    ("cancelled", gettext_lazy("Cancelled"), (S.CANCELLED,)),
)
HISTORY = 20
TypedPictures = dict[int, tuple[str, str]]
"""What is typed of each picture, and its focus, by number."""
WAITS = (*approval.EDITABLE, S.SENDING)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All posts, newest first; `state` is a tab or one state."""
    wanted = asked(request, "state", "channel")
    rows = Post.objects.select_related("item", "channel__schedule").defer(
        "item__body_html", "item__body_text"
    )
    channels = [(str(channel.pk), channel.name) for channel in Channel.objects.order_by("name")]
    errors = unknown(
        wanted, state=[*S.choices, *((tab, label) for tab, label, _states in TABS)], channel=channels
    )
    states = next((states for tab, _label, states in TABS if tab == wanted["state"]), (wanted["state"],))
    if states:
        rows = rows.filter(state__in=states)
    if wanted["channel"]:
        rows = rows.none() if errors else rows.filter(channel_id=int(wanted["channel"]))
    listing = newest(request, rows)
    context = {
        "listing": listing,
        "standings": _standings(listing.rows),
        "wanted": wanted,
        "errors": errors,
        "tabs": [(tab, label) for tab, label, _states in TABS],
        "filtered": any(wanted.values()),
        "channels": channels,
    }
    return show(request, "desk/posts/posts.html", context, status=422 if errors else 200)


def _standings(posts: Iterable[Post]) -> dict[int, Standing]:
    """How far those are approved that wait for persons who approve, by their ids."""
    waiting = [post for post in posts if post.channel.approvals and post.state in approval.APPROVABLE]
    return reviewing.standings_of(waiting)


@require_GET
def detail(request: HttpRequest, post_id: int) -> HttpResponse:
    """One post: composer, preview, actions, history."""
    return _page(request, _post(post_id))


@require_POST
def measure(request: HttpRequest, post_id: int, part: int) -> HttpResponse:
    """A fragment for htmx: the counter and preview of one part as it is being typed."""
    post = _post(post_id)
    texts = request.POST.getlist("text")
    if part >= len(texts):
        return HttpResponse(status=400)
    context = {
        "post": post,
        "part": measured(post.channel, texts)[part],
        "each": shown_part(post, part, texts[part]),
        "look": preview_of(post.channel),
        "key": "",
    }
    return show(request, "desk/compose/_measured.html", context)


@require_POST
def check(request: HttpRequest, post_id: int) -> HttpResponse:
    """Measure what is typed and ask its links; nothing is saved."""
    texts = texts_of(request.POST)
    preflight.check_links(texts)
    post = _post(post_id)
    unsaved = texts != [part["text"] for part in post.parts]
    return _page(request, post, texts=texts, pictures=typed_of(request.POST), unsaved=unsaved)


@require_POST
def edit(request: HttpRequest, post_id: int) -> HttpResponse:
    """Save the texts and what is said of the pictures, and approve if the button said so. What nobody touched is not an edit."""
    post = _post(post_id)
    texts, described = texts_of(request.POST), described_in(post, typed_of(request.POST))
    then_approve = request.POST.get("then") == "approve"
    if then_approve and not request.user.has_perm(PUBLISH):
        return forbidden(request, PUBLISH)

    def save(version: int, now: datetime) -> str:
        user = user_of(request)
        if not then_approve:
            saving.save(post_id, user=user, version=version, texts=texts, described=described, now=now)
            return _told_too(_("Saved."), post_id)
        saved = saving.save_and_approve(
            post_id, user=user, version=version, texts=texts, described=described, now=now
        )
        if saved.refused:
            return _told_too(_("The text is saved. %(why)s") % {"why": saved.refused.message}, post_id)
        return approved_words(saved.post)

    return _act(request, post, save, "", mine=texts)


def _told_too(said: str, post_id: int) -> str:
    """With the clearances that the post waits for, which its text may have asked for just now."""
    waits = waits_of([post_id])
    return f"{said} " + _("Nothing of it leaves yet: %(waits)s.") % {"waits": waits} if waits else said


def approved_words(post: Post) -> str:
    """What a person reads who has just approved the post."""
    if post.state != S.APPROVED:
        given = reviewing.standing_of(post).said
        return _("You approved it: %(given)s. It goes on when another person approves it, too.") % {
            "given": given
        }
    if waits := waits_of([post.pk]):
        return _("Approved. It waits: %(waits)s.") % {"waits": waits}
    if _waits_for(post.channel):
        return _("Approved. It waits until %(channel)s goes on.") % {"channel": post.channel.name}
    return _("Approved. The schedule gives it the next free slot.")


@require_POST
def redraft(request: HttpRequest, post_id: int) -> HttpResponse:
    """Take the template's text again."""

    def again(version: int, now: datetime) -> None:
        approval.redraft(post_id, user=user_of(request), version=version, now=now)

    return _act(request, _post(post_id), again, _("Drafted again from the template."))


@require_POST
def cancel(request: HttpRequest, post_id: int) -> HttpResponse:
    """Stop a post for good."""
    form = CancelForm(request.POST)
    post = _post(post_id)
    if not form.is_valid():
        return _page(request, post, cancel_form=form, status=422)
    reason = form.cleaned_data["reason"]

    def stop(version: int, now: datetime) -> None:
        approval.cancel(post_id, user=user_of(request), version=version, reason=reason, now=now)

    return _act(request, post, stop, _("Cancelled. It will not go out."), kept=[reason])


@require_POST
def reschedule(request: HttpRequest, post_id: int) -> HttpResponse:
    """Give a post another time, in the zone of its channel."""
    post = _post(post_id)
    form = RescheduleForm(request.POST, zone=post.channel.schedule.zone)
    if not form.is_valid():
        return _page(request, post, reschedule_form=form, status=422)
    at, override = form.cleaned_data["at"], form.cleaned_data["override"]

    def move(version: int, now: datetime) -> None:
        user = user_of(request)
        approval.reschedule(post_id, user=user, version=version, at=at, override=override, now=now)

    return _act(request, post, move, _("The time is changed."), reschedule_form=form)


def act_on(
    request: HttpRequest,
    post_id: int,
    deed: Callable[[int, datetime], str | None],
    done: str,
    *,
    moved: Callable[[TypedPictures], TypedPictures] = dict,
) -> HttpResponse:
    """A deed of a form beside the text's, as `_act` does it: for views in files of their own. What the deed returns is said in
    place of `done`. What was typed meanwhile and is not saved stays typed; `moved` says where the descriptions of pictures are
    after the deed."""
    texts = texts_of(request.POST)
    post = _post(post_id)
    unsaved = texts if "text" in request.POST and texts != [part["text"] for part in post.parts] else None
    answer = _act(request, post, deed, done, mine=unsaved)
    if answer.status_code != HTTPStatus.FOUND:
        return answer
    fresh = _post(post_id)
    pictures, stored = moved(typed_of(request.POST)), as_stored(fresh)
    if unsaved is None and all(stored.get(n) == said for n, said in pictures.items()):
        return answer
    return _page(request, fresh, texts=unsaved, pictures=pictures, unsaved=True)


def _post(post_id: int) -> Post:
    known = Post.objects.select_related(
        "item__source", "item__picture", "channel__schedule", "channel__health", "approved_by"
    )
    return get_object_or_404(known, pk=post_id)


def _act(
    request: HttpRequest,
    post: Post,
    deed: Callable[[int, datetime], str | None],
    done: str,
    *,
    mine: list[str] | None = None,
    kept: Sequence[str] = (),
    reschedule_form: RescheduleForm | None = None,
) -> HttpResponse:
    """Do it against the version that the form showed. Refused: 409 when it is stale, else the page with the reason. `kept`: what
    else was typed, to be copied from the page of the conflict."""
    url = reverse("desk:post", args=[post.pk])
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise UserError(
            _("The form was sent without its version."), _("Open the post again and repeat what you did.")
        )
    try:
        with transaction.atomic():
            said = deed(form.cleaned_data["version"], clock.now())
    except approval.Stale as error:
        fresh = _post(post.pk)
        stored = as_stored(post)
        alts = [
            alt
            for number, (alt, _focus) in typed_of(request.POST).items()
            if alt != stored.get(number, ("", ""))[0]
        ]
        return conflict(
            request,
            fresh,
            url=url,
            message=error.message,
            hint=error.hint,
            mine=mine,
            post=fresh,
            kept=[text for text in (*kept, *alts) if text.strip()],
        )
    except UserError as error:
        return _page(
            request,
            _post(post.pk),
            error=error,
            texts=mine,
            pictures=typed_of(request.POST),
            reschedule_form=reschedule_form,
            unsaved=mine is not None,
            status=422,
        )
    messages.success(request, said or done)
    return redirect(url)


def _cannot_send(post: Post) -> UserError | None:
    """Why the post can never leave, whoever approves it; None when it can."""
    try:
        registry.leaving(post.channel.network)
    except UserError as error:
        return error
    return None


def _waits_for(channel: Channel) -> str:
    """What keeps the channel's posts from leaving until a person does something; "" when nothing does."""
    if not channel.enabled:
        return _("%(channel)s is switched off: nothing is published there.") % {"channel": channel.name}
    if not channel.paused_reason:
        return ""
    said = {"channel": channel.name, "reason": told(channel.paused_reason)}
    return _("%(channel)s is stopped. %(reason)s") % said


def _page(
    request: HttpRequest,
    post: Post,
    *,
    error: UserError | None = None,
    texts: list[str] | None = None,
    cancel_form: CancelForm | None = None,
    reschedule_form: RescheduleForm | None = None,
    pictures: TypedPictures | None = None,
    unsaved: bool = False,
    status: int = 200,
) -> HttpResponse:
    zone = post.channel.schedule.zone
    shown = texts if texts is not None else [part["text"] for part in post.parts]
    editable = post.state in approval.EDITABLE
    context = {
        "post": post,
        "item": post.item,
        "parts": measured(post.channel, shown or [""]),
        "error": error,
        "behind": paused.of_posts([post.pk]).get(post.pk, []) if post.state in WAITS else [],
        "cannot_send": _cannot_send(post),
        "post_notes": notes.of_post(post) if post.state in approval.EDITABLE else [],
        "cost": cost_of(post, editable=post.state in approval.EDITABLE, now=clock.now()),
        "waits_for": _waits_for(post.channel),
        "review": panel_of_post(post, user_of(request)),
        "pictures": panel(post, pictures or {}, request.POST.get("new_alt", "") if error else ""),
        "shown": shown_post(post, shown or [""], stored_of([post])),
        "key": "",
        "unsaved": unsaved,
        "findings": preflight.of_post(post, texts=shown, now=clock.now()) if editable else (),
        "changed_text": template_changes(post, shown) if editable else (),
        "by_hand": registry.by_hand(post.channel.network),
        "zone": zone,
        "can": {
            "edit": post.state in approval.EDITABLE,
            "approve": post.state in (*approval.APPROVABLE, *approval.EDITABLE),
            "move": post.state in approval.MOVABLE,
            "cancel": post.state in approval.CANCELLABLE,
        },
        "against": error if isinstance(error, approval.AgainstRules) else None,
        "cancel_form": cancel_form or CancelForm(),
        "reschedule_form": reschedule_form or RescheduleForm(zone=zone, initial={"at": post.slot_at}),
        "amendments": Amendment.objects.filter(delivery__post=post).order_by("-pk"),
        "deliveries": Delivery.objects.filter(post=post).order_by("part"),
        "history_entries": AuditEntry.objects.filter(object_type="post", object_id=str(post.pk)).order_by(
            "-pk"
        )[:HISTORY],
    }
    return show(request, "desk/posts/post.html", context, status=status)
