"""What would leave if nothing stopped it: mails by edition, posts by channel, editions to be begun. Reads only.

Shown by `publisher sending`, by the desk, and after a restore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from publisher.delivery import tally
from publisher.delivery.departure import is_too_late
from publisher.delivery.models import Delivery
from publisher.delivery.progress import WaitsForHours, waits_for_hours
from publisher.delivery.states import State
from publisher.digests.due import LATE_ASKS, due_now
from publisher.digests.models import Digest, Edition
from publisher.social.models import Channel, Post

S = Edition.State
UNFINISHED = (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.SENDING, S.PAUSED)


@dataclass(frozen=True)
class Mails:
    """Queued mails of an edition. `asks`: they wait for a person even when sending goes on; `waits`: they leave in the hours
    of their digest; `unclear`: nobody knows of these whether they arrived, so they are not among the queued."""

    edition: Edition
    queued: int
    unclear: int
    asks: bool
    waits: WaitsForHours | None = None


@dataclass(frozen=True)
class Posts:
    """Posts of a channel whose time has come. `too_late` of them would expire and ask a person; `unclear` are not counted
    among them."""

    channel: Channel
    due: int
    too_late: int
    unclear: int

    @property
    def leave(self) -> int:
        return self.due - self.too_late


@dataclass(frozen=True)
class NewEdition:
    """An edition that would be begun. `asks`: it is so late that it waits for a person."""

    digest: Digest
    due_at: datetime
    asks: bool


@dataclass(frozen=True)
class Outlook:
    """Everything whose time has come."""

    mails: list[Mails]
    posts: list[Posts]
    editions: list[NewEdition]

    @property
    def is_empty(self) -> bool:
        return not (self.mails or self.posts or self.editions)


def outlook(*, now: datetime, stood_since: datetime | None = None) -> Outlook:
    """What would leave at once. `stood_since`: when all sending was stopped, for what has become too old since."""
    old = {edition.pk for edition in grown_old(stood_since, now=now)} if stood_since else set()
    return Outlook(
        mails=list(_mails(old, now)),
        posts=_posts(now),
        editions=[NewEdition(digest, due.due_at, due.late) for digest, due in due_now(now=now)],
    )


def grown_old(stood_since: datetime, *, now: datetime) -> list[Edition]:
    """Editions that were going out when all sending was stopped, and whose time is long past by now."""
    if now - stood_since <= LATE_ASKS:
        return []
    going = Edition.objects.filter(state=S.SENDING, due_at__lt=now - LATE_ASKS)
    return list(going.select_related("digest").order_by("due_at", "id"))


def _mails(old: set[int], now: datetime) -> Iterator[Mails]:
    """By the tally: no row of a delivery is read."""
    open_ones = Edition.objects.filter(state__in=UNFINISHED).select_related("digest")
    for edition in open_ones.order_by("due_at", "id"):
        counts = tally.by_state(edition_id=edition.pk)
        queued = counts.get(State.QUEUED, 0)
        unclear = counts.get(State.SENDING, 0) + counts.get(State.UNKNOWN, 0)
        if queued or unclear:
            asks = edition.state != S.SENDING or edition.pk in old
            yield Mails(edition, queued, unclear, asks, waits_for_hours(edition, now))


def _posts(now: datetime) -> list[Posts]:
    """Rows of the short queue of posts and of the slots that have come."""
    due, late = Counter[int](), Counter[int]()
    waiting = Post.objects.filter(state=Post.State.SCHEDULED, slot_at__lte=now)
    for channel_id, slot_at, tolerance in waiting.values_list(
        "channel_id", "slot_at", "channel__tolerance_minutes"
    ):
        due[channel_id] += 1
        late[channel_id] += bool(slot_at and is_too_late(slot_at, timedelta(minutes=tolerance), now))
    going = Post.objects.filter(state=Post.State.SENDING, deliveries__state=State.QUEUED).distinct()
    due.update(going.values_list("channel_id", flat=True))
    unclear = _unclear_posts()
    channels = Channel.objects.filter(pk__in=due.keys() | unclear.keys()).order_by("name")
    return [Posts(each, due[each.pk], late[each.pk], unclear[each.pk]) for each in channels]


def _unclear_posts() -> Counter[int]:
    rows = Delivery.objects.filter(state__in=(State.SENDING, State.UNKNOWN), post__isnull=False)
    counted = rows.values("channel_id").annotate(posts=Count("post_id", distinct=True))
    return Counter(dict(counted.values_list("channel_id", "posts")))
