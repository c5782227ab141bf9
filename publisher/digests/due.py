"""Which editions are due: one row per digest and due time, made once however often this runs. And those that a person makes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from publisher.core import standstill
from publisher.core.trace import new_trace_id
from publisher.digests import each
from publisher.digests.covered import last_of, next_window, timing_of
from publisher.digests.models import Digest, Edition
from publisher.schedule.windows import DigestTiming, last_due, window

log = logging.getLogger(__name__)

LATE_ASKS = timedelta(hours=12)
"""An edition that is begun later than this after its time (an outage, a restored database) waits for a person.

By local time its time is that of the first reader: who is asked too early loses less than who is surprised.
"""

ALERT_PRIORITY = 1_000
"""Of an edition of items that a person chose: above that of any digest."""


@dataclass(frozen=True)
class DueEdition:
    """An edition to begin now. `late` when its time passed long ago; `local_day` when it goes by each reader's own clock."""

    due_at: datetime
    window_from: datetime
    window_to: datetime
    late: bool
    local_day: date | None = None


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
    return [] if standstill.is_on() else list(_rhythmic().values_list("id", flat=True))


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
    found = [(digest, _due_of(digest, now)) for digest in _rhythmic().order_by("slug")]
    return [(digest, due) for digest, due in found if due is not None]


def _rhythmic() -> QuerySet[Digest]:
    """The digests that have a rhythm and are switched on."""
    return Digest.objects.filter(enabled=True, layout=Digest.Layout.DIGEST)


def _due_of(digest: Digest, now: datetime) -> DueEdition | None:
    if digest.has_dates:
        return due_edition(
            timing_of(digest),
            now=now,
            since=digest.created_at,
            last=last_of(digest),
            window_days=digest.window_days,
        )
    due_at = each.due_at(digest, now)
    if due_at is None or due_at > now:
        return None
    return DueEdition(due_at, next_window(digest, now), now, now - due_at > LATE_ASKS)


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
        segment=digest.segment,
        priority=digest.priority,
        after_assembly=_after_assembly(digest, late=due.late),
        problem=gettext_noop("Its time passed long ago; look at it before it is sent.") if due.late else "",
        created_at=now,
        trace_id=new_trace_id(),
    )


@transaction.atomic
def create_now(
    digest: Digest,
    *,
    window_from: datetime,
    now: datetime,
    window_to: datetime | None = None,
    item_ids: Sequence[int] = (),
    segment: int | None = None,
) -> Edition:
    """An edition outside the rhythm, made by a person: all readers get it at once.

    It holds what became visible from `window_from` until `window_to` (now), or the items that were chosen: then it goes
    before everything else. `segment`: in the place of its digest's.
    """
    Digest.objects.select_for_update().get(pk=digest.pk)
    return Edition.objects.create(
        digest=digest,
        due_at=now,
        window_from=window_from,
        window_to=window_to or now,
        item_ids=list(item_ids),
        segment=segment or digest.segment,
        priority=ALERT_PRIORITY if item_ids else digest.priority,
        after_assembly=_after_assembly(digest, late=False),
        created_at=now,
        trace_id=new_trace_id(),
    )


def _after_assembly(digest: Digest, *, late: bool) -> str:
    return Edition.State.WAITING if late or digest.waits_for_approval else Edition.State.SENDING
