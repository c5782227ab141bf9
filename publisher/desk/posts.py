"""Posts: the list, the page of one with its composer, and what staff do with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery.models import Amendment, Delivery
from publisher.desk.access import user_of
from publisher.desk.conflicts import conflict
from publisher.desk.drafting import cost_of
from publisher.desk.forms import CancelForm, RescheduleForm, VersionForm, texts_of
from publisher.desk.measuring import measured
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import newest
from publisher.desk.pictures import panel
from publisher.social import approval, notes, paused
from publisher.social.models import Channel, Post
from publisher.social.networks import registry

S = Post.State
TABS = (
    ("", "All", None),
    ("draft", "To approve", (S.DRAFT,)),
    ("planned", "Planned", (S.APPROVED, S.SCHEDULED, S.SENDING)),
    ("sent", "Sent", (S.SENT,)),
    ("trouble", "Needs a person", (S.HANDED, S.HELD, S.FAILED, S.UNKNOWN, S.EXPIRED)),
    ("cancelled", "Cancelled", (S.CANCELLED,)),
)
HISTORY = 20
WAITS = (*approval.EDITABLE, S.SENDING)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All posts, newest first; `state` is a tab or one state."""
    wanted = asked(request, "state", "channel")
    rows = Post.objects.select_related("item", "channel__schedule").defer(
        "item__body_html", "item__body_text"
    )
    channels = [(str(channel.pk), channel.name) for channel in Channel.objects.order_by("name")]
    errors = unknown(wanted, state=[*S.choices, *((tab, label) for tab, label, _ in TABS)], channel=channels)
    states = next((states for tab, _, states in TABS if tab == wanted["state"]), (wanted["state"],))
    if states:
        rows = rows.filter(state__in=states)
    if wanted["channel"]:
        rows = rows.none() if errors else rows.filter(channel_id=int(wanted["channel"]))
    context = {
        "listing": newest(request, rows),
        "wanted": wanted,
        "errors": errors,
        "tabs": [(tab, label) for tab, label, _ in TABS],
        "filtered": any(wanted.values()),
        "channels": channels,
    }
    return show(request, "desk/posts.html", context, status=422 if errors else 200)


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
    context = {"post": post, "part": measured(post.channel, texts)[part]}
    return show(request, "desk/_measured.html", context)


@require_POST
def edit(request: HttpRequest, post_id: int) -> HttpResponse:
    """Save the texts, and approve if the button said so. A text that nobody touched is not an edit."""
    post = _post(post_id)
    texts = texts_of(request.POST)
    then_approve = request.POST.get("then") == "approve"

    def save(version: int, now: datetime) -> None:
        user = user_of(request)
        if texts != [part["text"] for part in post.parts]:
            version = approval.edit(post_id, user=user, version=version, texts=texts, now=now).version
        if then_approve:
            approval.approve(post_id, user=user, version=version, now=now)

    approved = (
        f"Approved. It waits until {post.channel.name} goes on."
        if _waits_for(post.channel)
        else "Approved. The schedule gives it the next free slot."
    )
    done = approved if then_approve else "Saved."
    return _act(request, post, save, done, mine=texts)


@require_POST
def redraft(request: HttpRequest, post_id: int) -> HttpResponse:
    """Take the template's text again."""

    def again(version: int, now: datetime) -> None:
        approval.redraft(post_id, user=user_of(request), version=version, now=now)

    return _act(request, _post(post_id), again, "Drafted again from the template.")


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

    return _act(request, post, stop, "Cancelled. It will not go out.")


@require_POST
def reschedule(request: HttpRequest, post_id: int) -> HttpResponse:
    """Give a post another time, in the zone of its channel."""
    post = _post(post_id)
    form = RescheduleForm(request.POST, zone=post.channel.schedule.zone)
    if not form.is_valid():
        return _page(request, post, reschedule_form=form, status=422)
    at = form.cleaned_data["at"]

    def move(version: int, now: datetime) -> None:
        approval.reschedule(post_id, user=user_of(request), version=version, at=at, now=now)

    return _act(request, post, move, "The time is changed.")


def act_on(
    request: HttpRequest, post_id: int, deed: Callable[[int, datetime], None], done: str
) -> HttpResponse:
    """A deed of a form beside the text's, as `_act` does it: for views in files of their own."""
    return _act(request, _post(post_id), deed, done)


def _post(post_id: int) -> Post:
    known = Post.objects.select_related("item__source", "item__picture", "channel__schedule", "approved_by")
    return get_object_or_404(known, pk=post_id)


def _act(
    request: HttpRequest,
    post: Post,
    deed: Callable[[int, datetime], None],
    done: str,
    mine: list[str] | None = None,
) -> HttpResponse:
    """Do it against the version that the form showed. Refused: 409 when it is stale, else the page with the reason."""
    url = reverse("desk:post", args=[post.pk])
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise UserError(
            "The form was sent without its version.", "Open the post again and repeat what you did."
        )
    try:
        with transaction.atomic():
            deed(form.cleaned_data["version"], clock.now())
    except approval.Stale as error:
        fresh = _post(post.pk)
        return conflict(
            request, fresh, url=url, message=error.message, hint=error.hint, mine=mine, post=fresh
        )
    except UserError as error:
        return _page(request, _post(post.pk), error=error, texts=mine, status=422)
    messages.success(request, done)
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
        return f"{channel.name} is switched off: nothing is published there."
    return f"{channel.name} is stopped. {channel.paused_reason}" if channel.paused_reason else ""


def _page(
    request: HttpRequest,
    post: Post,
    *,
    error: UserError | None = None,
    texts: list[str] | None = None,
    cancel_form: CancelForm | None = None,
    reschedule_form: RescheduleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    zone = post.channel.schedule.zone
    shown = texts if texts is not None else [part["text"] for part in post.parts]
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
        "pictures": panel(post, request),
        "by_hand": registry.by_hand(post.channel.network),
        "zone": zone,
        "can": {
            "edit": post.state in approval.EDITABLE,
            "approve": post.state in (*approval.APPROVABLE, *approval.EDITABLE),
            "move": post.state in approval.MOVABLE,
            "cancel": post.state in approval.CANCELLABLE,
        },
        "cancel_form": cancel_form or CancelForm(),
        "reschedule_form": reschedule_form or RescheduleForm(zone=zone, initial={"at": post.slot_at}),
        "amendments": Amendment.objects.filter(delivery__post=post).order_by("-pk"),
        "deliveries": Delivery.objects.filter(post=post).order_by("part"),
        "history_entries": AuditEntry.objects.filter(object_type="post", object_id=str(post.pk)).order_by(
            "-pk"
        )[:HISTORY],
    }
    return show(request, "desk/post.html", context, status=status)
