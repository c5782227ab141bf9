"""What needs a person, for the first page: how much of each kind, and what to do. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from publisher.delivery import progress, tally, trouble, unclear
from publisher.delivery.states import State
from publisher.digests.models import Edition
from publisher.hooks.models import Endpoint
from publisher.items.models import Rejection, Source
from publisher.people.permissions import INTEGRATE
from publisher.review.uncleared import open_rows
from publisher.social import endings
from publisher.social.models import Channel, ChannelHealth, Post
from publisher.social.networks import registry

REJECTED_SINCE = timedelta(days=7)
ENDED_SINCE = timedelta(days=7)
MOST_NAMED = 4
FAILING_LONG = timedelta(hours=1)
"""A webhook that fails is told once it has failed so long: a receiver that is restarted is none."""


@dataclass(frozen=True)
class Trouble:
    """Something that a person must look at: how much of it, what it is, what to do."""

    count: int
    title: str
    advice: str
    url: str
    tone: str = "warn"


def troubles_of(now: datetime, *, user: User | None = None) -> Iterator[Trouble]:
    """Each kind of trouble, also those of which there is none now; for `user` only what they may mend."""
    posts, editions, log = reverse("desk:posts"), reverse("desk:editions"), reverse("desk:deliveries")
    yield Trouble(
        unclear.all_asking(),
        _("Mails that may have arrived"),
        _("Say what became of them, or whether they shall be sent again."),
        f"{log}?state={State.UNKNOWN.value}",
    )
    yield Trouble(
        tally.by_state().get(State.EXPIRED, 0),
        _("Deliveries that came too late"),
        _("Their time had passed; they were not sent."),
        f"{log}?state={State.EXPIRED.value}",
    )
    for post_state, title, advice, tone in (
        (
            Post.State.HANDED,
            _("Posts for you to post"),
            _("Copy them to their network, then say where they are."),
            "warn",
        ),
        (Post.State.HELD, _("Posts held back"), _("Something in the text must be mended first."), "warn"),
        (Post.State.FAILED, _("Posts that failed"), _("The network refused them. Read why."), "bad"),
        (
            Post.State.UNKNOWN,
            _("Posts of unclear fate"),
            _("Look on the network whether they were published."),
            "warn",
        ),
        (
            Post.State.EXPIRED,
            _("Posts to decide about"),
            _("They did not leave at their slot. Let them go, or cancel them."),
            "warn",
        ),
    ):
        count = Post.objects.filter(state=post_state).count()
        asks = post_state is Post.State.EXPIRED
        url = reverse("desk:asking") if asks else f"{posts}?state={post_state.value}"
        yield Trouble(count, title, advice, url, tone)
    for edition_state, title, advice, tone in (
        (
            Edition.State.BLOCKED,
            _("Editions that cannot be assembled"),
            _("Mend the template, then resume."),
            "bad",
        ),
        (Edition.State.PAUSED, _("Editions paused"), _("Resume or cancel them."), "warn"),
    ):
        count = Edition.objects.filter(state=edition_state).count()
        yield Trouble(count, title, advice, f"{editions}?state={edition_state.value}", tone)
    yield Trouble(
        Edition.objects.filter(state=Edition.State.ASSEMBLING, problem__contains=trouble.MARK).count(),
        _("Editions whose assembling fails"),
        _("It is tried again every minute. Ask whoever runs the service."),
        f"{editions}?state={Edition.State.ASSEMBLING.value}",
        "bad",
    )
    yield Trouble(
        _mostly_refused(now),
        _("Editions of which mail was refused"),
        _("They have ended. Their pages say what was refused, and what to do before the next one."),
        f"{editions}?state={Edition.State.SENT.value}",
        "bad",
    )
    uncleared = open_rows().filter(item__retracted_at=None).order_by().values("item_id").distinct().count()
    yield Trouble(
        uncleared,
        _("Items that wait for a clearance"),
        _("Nothing about them leaves before whoever clears them has looked."),
        reverse("desk:clearance"),
    )
    yield from _channels(now)
    if user is None or user.has_perm(INTEGRATE):
        yield from _webhooks(now)
    failing = Source.objects.filter(enabled=True).exclude(last_error="").count()
    yield Trouble(
        failing,
        _("Feeds that cannot be read"),
        _("Their last answer was an error."),
        reverse("desk:channels") + "#feeds",
    )
    refused = Rejection.objects.filter(last_at__gte=now - REJECTED_SINCE).count()
    yield Trouble(
        refused, _("Entries refused this week"), _("Tell their producer why."), reverse("desk:rejected")
    )


def _webhooks(now: datetime) -> Iterator[Trouble]:
    """Programs that are told nothing, or will soon be, for whoever may mend that."""
    rows = Endpoint.objects.filter(removed_at=None)
    url = reverse("desk:webhooks")
    yield Trouble(
        rows.filter(active=False).exclude(off_reason="").count(),
        _("Webhooks switched off"),
        _("Their receivers failed. Their pages say why; what happens meanwhile is not told."),
        url,
        "bad",
    )
    yield Trouble(
        rows.filter(active=True, failing_since__lte=now - FAILING_LONG).count(),
        _("Webhooks that fail"),
        _("Their receivers take nothing. After three days they are switched off."),
        url,
    )


def _channels(now: datetime) -> Iterator[Trouble]:
    """Channels where nothing goes out until a person does something, and those of which that will soon be true."""
    url = reverse("desk:channels")
    on = Channel.objects.filter(enabled=True, network__in=registry.sendable()).order_by("name")
    unconnected = Q(health__state=ChannelHealth.State.UNCONNECTED)
    stopped = on.exclude(paused_reason="")
    down = list(stopped.exclude(unconnected)[: MOST_NAMED + 1])
    yield Trouble(
        stopped.exclude(unconnected).count(),
        _("Channels stopped"),
        _("%(channels)s: repair the access; nothing goes out there.") % {"channels": _named(down)},
        url,
        "bad",
    )
    new = list(stopped.filter(unconnected)[: MOST_NAMED + 1])
    yield Trouble(
        stopped.filter(unconnected).count(),
        _("Channels not connected"),
        _("%(channels)s: store the access to the account; nothing goes out there before.")
        % {"channels": _named(new)},
        url,
    )
    soon = on.filter(paused_reason="", health__credentials_end_at__lte=now + endings.FIRST)
    ends = list(soon.order_by("health__credentials_end_at")[: MOST_NAMED + 1])
    yield Trouble(
        soon.count(),
        _("Accesses that end soon"),
        _("%(channels)s: make a new one before.") % {"channels": _named(ends)},
        url,
    )


def _named(channels: list[Channel]) -> str:
    """Their names, as many as a line takes."""
    names = ", ".join(channel.name for channel in channels[:MOST_NAMED])
    return f"{names} …" if len(channels) > MOST_NAMED else names


def _mostly_refused(now: datetime) -> int:
    """Editions that ended within the week and reached nobody, or of which more failed than the limit of errors lets pass."""
    ended = Edition.objects.filter(state=Edition.State.SENT, finished_at__gte=now - ENDED_SINCE)
    count = 0
    for counts in tally.by_edition(ended.values_list("pk", flat=True)).values():
        failed = counts.get(State.FAILED, 0)
        left = progress.counted(counts).left
        count += bool(failed) and (not left or failed * 100 > settings.MAIL_ERROR_LIMIT * (failed + left))
    return count
