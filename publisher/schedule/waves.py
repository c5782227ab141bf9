"""When a digest that goes by each reader's own clock reaches whom. Pure; `digests/due.py` and `delivery/enqueue.py` use it.

Everybody gets it on one date of the calendar when their clocks show one time: first those farthest east, 26 hours later those
farthest west.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from publisher.schedule.wallclock import instant_of

EASTERNMOST = timezone(timedelta(hours=14))
"""No clock is farther ahead (Kiritimati)."""
LEAD = timedelta(hours=1)
"""How long before the first reader's time the edition is made: for assembling it, and for a person to look at it."""
NO_PLACES = frozenset({"Factory", "localtime"})
"""Names of the time zone data that stand for no place."""


def begins_at(day: date, at: time) -> datetime:
    """When an edition that reaches readers at `at` on `day` must be begun (UTC), wherever they live."""
    return datetime.combine(day, at, EASTERNMOST).astimezone(UTC) - LEAD


def by_zone(day: date, at: time, zones: Iterable[str] = ()) -> dict[str, datetime]:
    """For each IANA zone (or all that are known) the instant (UTC) at which it reaches its readers.

    Where clocks skip the time it is the first instant after; where they show it twice, the first (`wallclock.py`).
    """
    names = zones or available_timezones() - NO_PLACES
    return {name: instant_of(ZoneInfo(name), day, at) for name in sorted(names)}


def offset_of(due: datetime, day: date, at: time) -> timedelta:
    """How far ahead of UTC the clocks of a wave are (behind: negative)."""
    return datetime.combine(day, at, UTC) - due
