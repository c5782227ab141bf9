"""Which editions are due: one row per digest and due time, made once however often this runs. And those that a person makes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from publisher.core import standstill
from publisher.core.trace import new_trace_id
from publisher.digests.models import Digest, Edition
from publisher.schedule.windows import DigestTiming, covered_until, last_due, window

log = logging.getLogger(__name__)

LATE_ASKS = timedelta(hours=12)
"""An edition that is begun later than this after its time (an outage, a restored database) waits for a person.

By local time its time is that of the first reader: who is asked too early loses less than who is surprised.
"""

ALERT_PRIORITY = 1_000
"""Of an edition of items that a person chose: above that of any digest."""

SLACK = timedelta(hours=1)
"""How far before its window an edition still looks, for entries whose transaction ended after the edition before it."""


@dataclass(frozen=True)
class DueEdition:
    """An edition to begin now. `late` when its time passed long ago; `local_day` when it goes by each reader's own clock."""

    due_at: datetime
    window_from: datetime
    window_to: datetime
    late: bool
    local_day: date | None = None


def timing_of(digest: Digest) -> DigestTiming:
    return DigestTiming(ZoneInfo(digest.zone), digest.weekday, digest.at, digest.local_time)


def due_edition(
    timing: DigestTiming,
    *,
    now: datetime,
    since: datetime,
    last: tuple[datetime, datetime] | None,
    window_days: int,
) -> DueEdition | None:
    """Decide. `since` is when the digest began; `last` the due time and window's end of its newest edition.

    After an outage only the newest due time is taken; its window reaches back to the last edition, so nothing is left out.
    """
    due = last_due(timing, now)
    if due.begins < since or (last is not None and due.at <= last[0]):
        return None
    window_from, window_to = window(timing, due.begins, window_days, last[1] if last else None)
    late = now - due.begins > LATE_ASKS
    return DueEdition(due.at, window_from, window_to, late, due.day if timing.local_time else None)


def create_due(*, now: datetime) -> list[int]:
    """Create the editions that are due; their ids. A second run at the same time creates none.

    While all sending stands still none is begun: so one whose time is long past when it goes on waits for a person.
    """
    return [edition.pk for digest_id in rhythmic() if (edition := create_for(digest_id, now=now))]


def rhythmic() -> list[int]:
    """Ids of the digests that may begin an edition by themselves; none while all sending stands still."""
    return [] if standstill.is_on() else list(_weekly().values_list("id", flat=True))


def create_for(digest_id: int, *, now: datetime) -> Edition | None:
    """Create the digest's edition, if one is due."""
    edition = _create_for(digest_id, now)
    if edition is not None:
        log.info(
            "edition.created",
            extra={"edition_id": edition.pk, "digest": digest_id, "trace_id": edition.trace_id},
        )
    return edition


def due_now(*, now: datetime) -> list[tuple[Digest, DueEdition]]:
    """What `create_due` would begin if sending did not stand still."""
    found = [(digest, _due_of(digest, now)) for digest in _weekly().order_by("slug")]
    return [(digest, due) for digest, due in found if due is not None]


def _weekly() -> QuerySet[Digest]:
    """The digests that have a rhythm and are switched on."""
    return Digest.objects.filter(enabled=True, layout=Digest.Layout.DIGEST)


def _due_of(digest: Digest, now: datetime) -> DueEdition | None:
    return due_edition(
        timing_of(digest),
        now=now,
        since=digest.created_at,
        last=_last(digest),
        window_days=digest.window_days,
    )


@transaction.atomic
def _create_for(digest_id: int, now: datetime) -> Edition | None:
    digest = Digest.objects.select_for_update().get(pk=digest_id)
    due = _due_of(digest, now)
    if due is None:
        return None
    return Edition.objects.create(
        digest=digest,
        due_at=due.due_at,
        window_from=due.window_from,
        window_to=due.window_to,
        local_day=due.local_day,
        local_at=digest.at if due.local_day else None,
        priority=digest.priority,
        after_assembly=_after_assembly(digest, late=due.late),
        problem="Its time passed long ago; look at it before it is sent." if due.late else "",
        created_at=now,
        trace_id=new_trace_id(),
    )


def _last(digest: Digest) -> tuple[datetime, datetime] | None:
    """The newest due time, and the end of what editions have held so far: one that was withdrawn held nothing, and one of
    chosen items says nothing of a stretch of time."""
    editions = list(
        digest.editions.filter(item_ids=[])
        .order_by("due_at")
        .values_list("due_at", "window_from", "window_to", "withdrawn")
    )
    if not editions:
        return None
    kept = [(start, stop) for _due, start, stop, withdrawn in editions if not withdrawn]
    return editions[-1][0], covered_until(kept) or editions[0][1]


@transaction.atomic
def create_now(
    digest: Digest,
    *,
    window_from: datetime,
    now: datetime,
    window_to: datetime | None = None,
    item_ids: Sequence[int] = (),
) -> Edition:
    """An edition outside the rhythm, made by a person: all readers get it at once.

    It holds what became visible from `window_from` until `window_to` (now), or the items that were chosen: then it goes
    before everything else.
    """
    Digest.objects.select_for_update().get(pk=digest.pk)
    return Edition.objects.create(
        digest=digest,
        due_at=now,
        window_from=window_from,
        window_to=window_to or now,
        item_ids=list(item_ids),
        priority=ALERT_PRIORITY if item_ids else digest.priority,
        after_assembly=_after_assembly(digest, late=False),
        created_at=now,
        trace_id=new_trace_id(),
    )


def next_window(digest: Digest, now: datetime) -> datetime:
    """From when on an edition made now holds what came: the end of what editions have held, or the digest's days back."""
    last = _last(digest)
    return window(timing_of(digest), now, digest.window_days, last[1] if last else None)[0]


def _after_assembly(digest: Digest, *, late: bool) -> str:
    return Edition.State.WAITING if late or digest.needs_approval else Edition.State.SENDING
