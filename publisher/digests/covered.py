"""What a digest's editions have covered so far, and from when on the next one holds what came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from publisher.digests.models import Digest
from publisher.schedule.windows import DigestTiming, Rhythm, covered_until, window

SLACK: Final = timedelta(hours=1)
"""How far before its window an edition still looks, for entries whose transaction ended after the edition before it."""


def timing_of(digest: Digest) -> DigestTiming:
    """The dates of a digest that has some (`Digest.has_dates`). Raises ValueError for one that goes out with each item."""
    if digest.rhythm == Digest.Rhythm.EACH:
        raise ValueError(f"{digest.slug} goes out with each item: it has no dates")
    return DigestTiming(
        ZoneInfo(digest.zone),
        digest.weekday,
        digest.at,
        digest.local_time,
        cast(Rhythm, digest.rhythm),
        digest.monthday,
    )


def last_of(digest: Digest) -> tuple[datetime, datetime] | None:
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


def next_window(digest: Digest, now: datetime) -> datetime:
    """From when on an edition made now holds what came: the end of what editions have held, or the digest's days back. A digest
    that goes out with each item begins with what comes after it was made; so does one that is not stored yet."""
    last = last_of(digest) if digest.pk else None
    if digest.rhythm == Digest.Rhythm.EACH:
        return last[1] if last else digest.created_at
    return window(timing_of(digest), now, digest.window_days, last[1] if last else None)[0]
