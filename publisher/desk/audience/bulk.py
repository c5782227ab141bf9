"""Deeds on many: chosen for a filter or a segment, confirmed by the number seen, watched, stopped and undone."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.audience import attributes
from publisher.audience.bulk import asking
from publisher.audience.bulk.asking import COUNT_SECONDS, UNDO_FOR, Moved, Wish
from publisher.audience.models import Attribute, Bulk, Tag
from publisher.audience.segments import conditions, matching
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.delivery.consequences import Consequence
from publisher.desk.access import user_of
from publisher.desk.audience import choosing, filtering, segment_form
from publisher.desk.audience.filtering import Asked
from publisher.desk.audience.showing import by_title, named
from publisher.desk.badges import Badge
from publisher.desk.page import show
from publisher.desk.paging import newest, with_values
from publisher.digests.models import Digest
from publisher.people.permissions import SEE_ADDRESSES

SHAPES = {
    "collecting": ("go", "half"),
    "running": ("go", "half"),
    "done": ("good", "check"),
    "stopped": ("warn", "triangle"),
    "refused": ("bad", "cross"),
    "undoing": ("go", "half"),
    "undone": ("quiet", "dash"),
}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What was done to many, newest first."""
    listing = newest(request, Bulk.objects.select_related("asked_by"))
    return show(
        request, "desk/audience/bulks.html", {"listing": listing, "badge_for": badge_for, "told": told}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose what is done to those of the filter in the address; then confirm how many they are."""
    asked = filtering.asked_of(request)
    if asked.errors:
        raise UserError(next(iter(asked.errors.values())), _("Mend the filter first."))
    action = request.GET.get("do", "")
    if action not in Bulk.Action.values:
        action = ""
    if request.method != "POST":
        return _form(request, asked, action)
    try:
        wish = _wish(request, action)
        asking.checked(wish)
        seen = number_in(request.POST.get("expected", ""))
        if request.POST.get("sure") != "yes" or seen is None:
            number = matching.exactly(asked.groups, now=clock.now(), seconds=COUNT_SECONDS)
            return _confirm(request, wish, number)
        bulk = asking.ask(asked.groups, wish, expected=seen, user=user_of(request), now=clock.now())
    except Moved as moved:
        return _confirm(request, wish, moved.number, moved)
    except UserError as error:
        return _form(request, asked, action, error=error)
    return redirect("desk:bulk", bulk.pk)


def _form(request: HttpRequest, asked: Asked, action: str, *, error: UserError | None = None) -> HttpResponse:
    number, problem = None, error
    try:
        number = matching.exactly(asked.groups, now=clock.now(), seconds=COUNT_SECONDS)
    except UserError as too_long:
        problem = error or too_long
    digests = by_title()
    chosen = number_in(request.POST.get("digest", request.GET.get("which", "")))
    digest = next((each for each in digests if each.pk == chosen), digests[0] if digests else None)
    context = {
        "asked": asked,
        "groups": segment_form.in_words(asked.groups),
        "number": number,
        "action": action,
        "actions": Bulk.Action.choices,
        "action_label": dict(Bulk.Action.choices).get(action, ""),
        "query": with_values(request.GET, do="", which=""),
        "tags": list(Tag.objects.order_by("key")),
        "named": named,
        "attributes": list(Attribute.objects.all()),
        "digests": digests,
        "form": choosing.form_of(digest, request.POST) if digest else None,
        "typed": request.POST,
        "error": problem,
    }
    return show(request, "desk/audience/bulk_new.html", context, status=422 if error else 200)


def _wish(request: HttpRequest, action: str) -> Wish:
    post = request.POST
    digest_id = number_in(post.get("digest", ""))
    choice = None
    if action == Bulk.Action.SUBSCRIBE:
        choice = choosing.choice_of(post, choosing.digest_of(post))
    elif action == Bulk.Action.UNSUBSCRIBE and post.get("digest"):
        choosing.digest_of(post)
    return Wish(
        action=action,
        tag=post.get("tag", "")[:200],
        attribute=post.get("attribute", "")[:60],
        value=post.get("value", "")[:1000],
        digest_id=digest_id,
        choice=choice,
        how=post.get("how", "")[:1000],
    )


def _confirm(request: HttpRequest, wish: Wish, number: int, moved: Moved | None = None) -> HttpResponse:
    """The question, with the number in it."""
    question = ngettext("%(deed)s: %(number)s subscriber?", "%(deed)s: %(number)s subscribers?", number) % {
        "deed": deed_of(wish),
        "number": f"{number:,}",
    }
    facts = [moved.message] if moved else []
    facts += [
        _("A worker does it, some ten thousand a second; you may stop it on the way."),
        _("For whom it changes nothing, nothing is changed."),
        _("It can be undone for seven days, for those whom nobody has changed since."),
    ]
    if wish.action == Bulk.Action.SUBSCRIBE:
        facts.append(_("Who had the digest before, has left, or is suppressed, is not subscribed."))
    if wish.action == Bulk.Action.UNSUBSCRIBE:
        facts.append(_("What waits for these readers is dropped before it leaves."))
    carried = [
        (name, value)
        for name in request.POST
        if name not in ("csrfmiddlewaretoken", "expected", "sure")
        for value in request.POST.getlist(name)
    ]
    context = {
        "about": Consequence(question, tuple(facts), number),
        "carried": [*carried, ("expected", number), ("sure", "yes")],
        "yes": ngettext("Yes, do it to %(number)s", "Yes, do it to these %(number)s", number)
        % {"number": f"{number:,}"},
        "back": f"{reverse('desk:bulk-new')}?{request.GET.urlencode()}",
        "nobody": not number,
        "danger": wish.action in (Bulk.Action.UNSUBSCRIBE, Bulk.Action.SUPPRESS),
    }
    return show(request, "desk/audience/bulk_confirm.html", context, status=409 if moved else 200)


@require_GET
def detail(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """How far it is; htmx asks again while it is being done."""
    bulk = get_object_or_404(Bulk.objects.select_related("asked_by", "undone_by"), pk=bulk_id)
    now = clock.now()
    why_not = asking.why_not_undo(bulk, now)
    context = {
        "bulk": bulk,
        "badge": badge_for(bulk),
        "told": told(bulk),
        "live": bulk.state in Bulk.OPEN,
        "of": bulk.changed if bulk.state == Bulk.State.UNDOING else bulk.total,
        "why_not": why_not,
        "until": bulk.at + UNDO_FOR,
        "groups": segment_form.in_words(
            conditions.read(bulk.groups), sees=user_of(request).has_perm(SEE_ADDRESSES)
        ),
    }
    return show(request, "desk/audience/bulk.html", context)


@require_POST
def stop(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """End it after its present batch."""
    get_object_or_404(Bulk, pk=bulk_id)
    asking.stop(bulk_id, user=user_of(request), now=clock.now())
    messages.success(request, _("Stopped. What is done stays, and can be undone."))
    return redirect("desk:bulk", bulk_id)


@require_POST
def undo(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """Take it back, once the person has read what that means."""
    bulk = get_object_or_404(Bulk, pk=bulk_id)
    if why := asking.why_not_undo(bulk, clock.now()):
        raise UserError(why)
    if request.POST.get("sure") != "yes":
        facts = (
            ngettext("It changed %(number)s subscriber.", "It changed %(number)s subscribers.", bulk.changed)
            % {"number": f"{bulk.changed:,}"},
            _("Who was changed by somebody else since, or asked to leave themselves, stays as they are."),
        )
        context = {
            "about": Consequence(_("Undo: %(deed)s?") % {"deed": told(bulk)}, facts, bulk.changed),
            "carried": {"sure": "yes"},
            "yes": _("Yes, undo it"),
            "back": reverse("desk:bulk", args=[bulk.pk]),
            "danger": False,
        }
        return show(request, "desk/ask.html", context)
    asking.undo(bulk.pk, user=user_of(request), now=clock.now())
    messages.success(request, _("It is being undone."))
    return redirect("desk:bulk", bulk.pk)


def badge_for(bulk: Bulk) -> Badge:
    """Its state."""
    tone, shape = SHAPES[bulk.state]
    return Badge(bulk.get_state_display(), tone, shape)


def told(bulk: Bulk) -> str:
    """What is done, in a line."""
    given, label = bulk.given, str(Bulk.Action(bulk.action).label)
    if "tag" in given:
        tag = Tag.objects.filter(pk=given["tag"]).first()
        return f"{label}: {tag or given['tag']}"
    if "attribute" in given:
        row = Attribute.objects.filter(key=given["attribute"]).first()
        return f"{label}: {row or given['attribute']} = {attributes.shown(given['value']) or '–'}"
    return f"{label}: {_digest_name(given['digest'])}" if "digest" in given else label


def deed_of(wish: Wish) -> str:
    """The same of what is only wished."""
    label = str(Bulk.Action(wish.action).label)
    if wish.tag:
        return f"{label}: {wish.tag}"
    if wish.action == Bulk.Action.SET:
        return f"{label}: {wish.attribute} = {wish.value or '–'}"
    with_digest = wish.action in (Bulk.Action.SUBSCRIBE, Bulk.Action.UNSUBSCRIBE)
    return f"{label}: {_digest_name(wish.digest_id)}" if with_digest else label


def _digest_name(digest_id: int | None) -> str:
    if digest_id is None:
        return _("all digests")
    digest = Digest.objects.filter(pk=digest_id).first()
    return named(digest) if digest else str(digest_id)
