"""The page “Pause”: pausing everything, or channels, topics and countries; what waits behind each pause; and its release.

Who has the permission to stop may pause; releasing takes the one to publish. Stopping everything at once is the standstill, with
its own permission (`sending.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock, standstill
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry, Pause
from publisher.delivery import pausing, stopping, waiting
from publisher.delivery.consequences import Consequence
from publisher.delivery.pausing import Target
from publisher.desk.access import user_of
from publisher.desk.forms import how_of
from publisher.desk.log.asking import is_sure
from publisher.desk.page import show
from publisher.desk.stops.sending import MAY_STOP, sentences, too_old
from publisher.items.models import Source, Topic
from publisher.social.models import Channel

EVERYTHING = "everything"
HISTORY = 20
MOST = 100
"""Posts of a pause that its page shows."""


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every pause that stands, with what waits behind it, and the form for another."""
    return _page(request)


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Pause what was chosen, once the person has read what that holds back."""
    chosen = " ".join(request.POST.getlist("what")).split()
    reason = request.POST.get("reason", "").replace("\0", "")
    try:
        targets = _targets(chosen, reason)
        if not is_sure(request):
            return _ask(request, targets, chosen, reason)
        _begin(request, targets, everything=EVERYTHING in chosen, reason=reason)
    except UserError as error:
        return _page(request, error=error, chosen=chosen, reason=reason, status=422)
    messages.success(request, gettext("Paused. What a server or network has already taken has left."))
    return redirect("desk:pauses")


@require_GET
def detail(request: HttpRequest, pause_id: int) -> HttpResponse:
    """One pause: each post that waits, with its text and the slot that it would get, each edition, and the release."""
    row = get_object_or_404(Pause, pk=pause_id)
    now = clock.now()
    posts = waiting.posts_behind(row)
    shown = list(posts[:MOST])
    context = {
        "pause": row,
        "behind": waiting.behind(row),
        "rows": shown,
        "more": posts.count() - len(shown),
        "slots": waiting.new_slots(
            [post for post in shown if not post.slot_at or post.slot_at < now], now=now
        ),
        "now": now,
    }
    return show(request, "desk/stops/pause.html", context)


@require_POST
def release(request: HttpRequest, pause_id: int) -> HttpResponse:
    """End it; `how` says what becomes of the posts that waited."""
    user = user_of(request)
    try:
        done = pausing.release(pause_id, how_of(request), user=user, by=user.get_username(), now=clock.now())
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
        return redirect("desk:pauses")
    goes_on = gettext("%(what)s goes on.") % {"what": done.pause}
    messages.success(request, sentences(goes_on, done.posts.said, too_old(done.editions)))
    return redirect("desk:asking" if done.posts.asking else "desk:pauses")


def _begin(request: HttpRequest, targets: Sequence[Target], *, everything: bool, reason: str) -> None:
    user, now = user_of(request), clock.now()
    by = user.get_username()
    with transaction.atomic():
        if everything:
            if not user.has_perm(MAY_STOP):
                raise UserError(
                    gettext("Your account may not stop everything."),
                    gettext("Pause a part, or ask an admin."),
                )
            stopping.stop(user=user, by=by, reason=reason, now=now)
        if targets:
            pausing.pause(targets, user=user, by=by, reason=reason, now=now)


def _targets(chosen: Sequence[str], reason: str) -> list[Target]:
    if not reason.strip():
        raise UserError(gettext("Say why it is paused."), gettext("Whoever finds it paused wants to know."))
    if not chosen:
        raise UserError(
            gettext("Nothing was chosen, so nothing is paused."), gettext("Tick what shall be paused.")
        )
    known = {target.key: target for _, targets in _choices() for target in targets}
    wanted = [key for key in chosen if key != EVERYTHING]
    if unknown := [key for key in wanted if key not in known]:
        raise UserError(
            gettext("“%(value)s” is nothing that can be paused.") % {"value": unknown[0][:40]},
            gettext("Choose from the list."),
        )
    return [known[key] for key in wanted]


def _choices() -> list[tuple[str, list[Target]]]:
    """What may be paused, in groups. Countries are those of which a channel or a source says that it is theirs."""
    topics = list(Topic.objects.filter(retired=False))
    regions = Channel.objects.exclude(region="").values_list("region", flat=True)
    countries = {*regions, *Source.objects.exclude(country="").values_list("country", flat=True)}
    return [
        (gettext("Channels"), [pausing.of_channel(channel) for channel in Channel.objects.order_by("name")]),
        (gettext("Goals"), [pausing.of_topic(topic) for topic in topics if topic.kind == "sdg"]),
        (gettext("Other topics"), [pausing.of_topic(topic) for topic in topics if topic.kind != "sdg"]),
        (
            gettext("Countries"),
            [Target(Pause.Scope.COUNTRY, code, country=code) for code in sorted(countries)],
        ),
    ]


def _ask(request: HttpRequest, targets: Sequence[Target], chosen: Sequence[str], reason: str) -> HttpResponse:
    names = [gettext("everything that leaves")] if EVERYTHING in chosen else []
    names += map(_name, targets)
    facts = [
        gettext(
            "Within two seconds nothing more of it leaves. "
            "What a server or network has taken by then has left."
        )
    ]
    facts += [
        gettext("Behind %(target)s: %(what)s.")
        % {"target": _name(each), "what": waiting.behind(each.pause).said}
        for each in targets
    ]
    facts.append(gettext("The reason that all staff read: %(reason)s") % {"reason": reason.strip()})
    question = gettext("Pause %(targets)s?") % {"targets": ", ".join(names)}
    context = {
        "about": Consequence(question, tuple(facts), len(names)),
        "carried": {"what": " ".join(chosen), "reason": reason, "sure": "yes"},
        "yes": gettext("Yes, pause it"),
        "back": reverse("desk:pauses"),
        "danger": True,
    }
    return show(request, "desk/ask.html", context)


def _name(target: Target) -> str:
    return f"{target.scope.label.lower()} {target.shown}"


def _page(
    request: HttpRequest,
    *,
    error: UserError | None = None,
    chosen: Sequence[str] = (),
    reason: str = "",
    status: int = 200,
) -> HttpResponse:
    standing = waiting.all_standing()
    context = {
        "standing": standing,
        "stands": standstill.current(),
        "choices": [(title, targets) for title, targets in _choices() if targets],
        "paused_keys": {pausing.key_of(each.pause) for each in standing},
        "may_stop": user_of(request).has_perm(MAY_STOP),
        "error": error,
        "chosen": chosen,
        "reason": reason,
        "history_entries": AuditEntry.objects.filter(object_type="pause").order_by("-pk")[:HISTORY],
    }
    return show(request, "desk/stops/pauses.html", context, status=status)
