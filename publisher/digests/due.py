"""Which editions are due: one row per digest and due time, made once however often this runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from publisher.core import standstill
from publisher.core.trace import new_trace_id
from publisher.digests.models import Digest, Edition
from publisher.schedule.windows import DigestTiming, last_due, window

log = logging.getLogger(__name__)

LATE_ASKS = timedelta(hours=12)
"""An edition that is begun later than this after its time (an outage, a restored database) waits for a person."""

SLACK = timedelta(hours=1)
"""How far before its window an edition still looks, for entries whose transaction ended after the edition before it."""


@dataclass(frozen=True)
class DueEdition:
    """An edition to begin now. `late` when its time passed long ago."""

    due_at: datetime
    window_from: datetime
    window_to: datetime
    late: bool


def timing_of(digest: Digest) -> DigestTiming:
    return DigestTiming(zone=ZoneInfo(digest.zone), weekday=digest.weekday, at=digest.at)


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
    if due < since or (last is not None and due <= last[0]):
        return None
    window_from, window_to = window(timing, due, window_days, last[1] if last else None)
    return DueEdition(due, window_from, window_to, late=now - due > LATE_ASKS)


def create_due(*, now: datetime) -> list[int]:
    """Create the editions that are due; their ids. A second run at the same time creates none.

    While all sending stands still none is begun: so one whose time is long past when it goes on waits for a person.
    """
    if standstill.is_on():
        return []
    created = []
    for digest_id in Digest.objects.filter(enabled=True).values_list("id", flat=True):
        edition = _create_for(digest_id, now)
        if edition is not None:
            created.append(edition.pk)
            log.info(
                "edition.created",
                extra={"edition_id": edition.pk, "digest": digest_id, "trace_id": edition.trace_id},
            )
    return created


def due_now(*, now: datetime) -> list[tuple[Digest, DueEdition]]:
    """What `create_due` would begin if sending did not stand still."""
    found = [
        (digest, _due_of(digest, now)) for digest in Digest.objects.filter(enabled=True).order_by("slug")
    ]
    return [(digest, due) for digest, due in found if due is not None]


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
        after_assembly=_after_assembly(digest, late=due.late),
        problem="Its time passed long ago; look at it before it is sent." if due.late else "",
        created_at=now,
        trace_id=new_trace_id(),
    )


def _last(digest: Digest) -> tuple[datetime, datetime] | None:
    """The newest due time, and the end of what editions have held so far: one that was withdrawn held nothing."""
    editions = digest.editions.order_by("-due_at")
    newest = editions.first()
    if newest is None:
        return None
    kept = editions.filter(withdrawn=False).first()
    return newest.due_at, kept.window_to if kept else editions.order_by("due_at")[0].window_from


@transaction.atomic
def create_now(digest: Digest, *, window_from: datetime, now: datetime) -> Edition:
    """An edition outside the rhythm, made by a person: it holds what became visible from `window_from` until now."""
    Digest.objects.select_for_update().get(pk=digest.pk)
    return Edition.objects.create(
        digest=digest,
        due_at=now,
        window_from=window_from,
        window_to=now,
        after_assembly=_after_assembly(digest, late=False),
        created_at=now,
        trace_id=new_trace_id(),
    )


def _after_assembly(digest: Digest, *, late: bool) -> str:
    return Edition.State.WAITING if late or digest.needs_approval else Edition.State.SENDING
