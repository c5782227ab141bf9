"""When a digest is due by the calendar, and which stretch of time an edition looks at. Pure; `digests/due.py` makes the editions.

One that goes out with each item has no dates: `with_each.py` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from publisher.schedule.wallclock import instant_of
from publisher.schedule.waves import begins_at

Rhythm = Literal["daily", "weekly", "monthly"]

LAST_MONTHDAY: Final = 28
"""A day that every month has."""


@dataclass(frozen=True)
class DigestTiming:
    """When clocks in `zone` show `at`: every day, every week on `weekday` (Monday is 0), or every month on `monthday` (1 to 28).

    `local_time`: each reader gets it when their own clocks show `at`; so it is begun before the first of them (`waves.py`).
    """

    zone: ZoneInfo
    weekday: int
    at: time
    local_time: bool = False
    rhythm: Rhythm = "weekly"
    monthday: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday {self.weekday}: Monday is 0, Sunday 6")
        if not 1 <= self.monthday <= LAST_MONTHDAY:
            raise ValueError(f"monthday {self.monthday}: 1 to {LAST_MONTHDAY}, which every month has")


@dataclass(frozen=True)
class Due:
    """One issue's time: the local date `day`, the instant `at` in the digest's own zone, and when it is begun (both UTC)."""

    day: date
    at: datetime
    begins: datetime


def last_due(timing: DigestTiming, now: datetime) -> Due:
    """The latest issue that is begun by `now` (aware)."""
    return max((due for due in _dues_around(timing, now) if due.begins <= now), key=_order)


def next_due(timing: DigestTiming, after: datetime) -> Due:
    """The first issue that is begun later than `after` (aware)."""
    around = _dues_around(timing, after)
    begins = min(due.begins for due in around if due.begins > after)
    return max((due for due in around if due.begins == begins), key=_order)


def dues_between(timing: DigestTiming, start: datetime, end: datetime, *, after: datetime) -> Iterator[Due]:
    """The issues whose time `at` lies in [start, end), ascending, of those that are begun later than `after` (all aware)."""
    # An issue by local time is begun up to 28 hours before its time in the digest's own zone.
    due = next_due(timing, max(after, start - timedelta(days=2)))
    while due.at < end:
        if due.at >= start:
            yield due
        due = next_due(timing, due.begins)


def window(
    timing: DigestTiming, begins: datetime, window_days: int | None, previous_window_to: datetime | None
) -> tuple[datetime, datetime]:
    """What the edition begun at `begins` holds: from (inclusive) and to (exclusive), both UTC.

    It begins where the window before it ended, so windows meet without hole or overlap whatever the clocks did in between. The
    first begins `window_days` earlier by the wall clock of the zone, or when the issue before was begun if no number is given.
    If the window before already reaches beyond `begins` (the timing was changed), this one is empty and the next goes on from
    there.
    """
    if previous_window_to is not None:
        return previous_window_to, max(begins, previous_window_to)
    if window_days is None:
        return last_due(timing, begins - timedelta.resolution).begins, begins
    wall = begins.astimezone(timing.zone) - timedelta(days=window_days)
    return instant_of(timing.zone, wall.date(), wall.time()), begins


def covered_until(windows: Iterable[tuple[datetime, datetime]]) -> datetime | None:
    """Up to where windows, in the order in which they were made, cover the time without a hole; None without any.

    An edition made by hand may begin later than the one before it ended: what lies between is for the next one. Or it may
    look at a time long past, which the others need not reach back to.
    """
    end: datetime | None = None
    for start, stop in windows:
        if end is None:
            end = stop
        elif start <= end:
            end = max(end, stop)
    return end


def _order(due: Due) -> tuple[datetime, date]:
    """Two days share an instant where a zone skipped the first of them: then the second counts."""
    return due.at, due.day


def _dues_around(timing: DigestTiming, moment: datetime) -> list[Due]:
    """The issues about `moment`: always some before and some after it, even where a zone skipped a day."""
    if moment.tzinfo is None:
        raise ValueError("a digest's due time needs an aware datetime")
    today = moment.astimezone(timing.zone).date()
    return [_due_on(timing, day) for day in _days_around(timing, today)]


def _days_around(timing: DigestTiming, today: date) -> Iterator[date]:
    """Nine days, five weeks or five months, with `today` in their middle."""
    if timing.rhythm == "daily":
        yield from (today + timedelta(days=n) for n in range(-4, 5))
    elif timing.rhythm == "weekly":
        day = today + timedelta(days=timing.weekday - today.weekday())
        yield from (day + timedelta(weeks=n) for n in range(-2, 3))
    else:
        months = today.year * 12 + today.month - 1
        yield from (date(n // 12, n % 12 + 1, timing.monthday) for n in range(months - 2, months + 3))


def _due_on(timing: DigestTiming, day: date) -> Due:
    at = instant_of(timing.zone, day, timing.at)
    return Due(day, at, begins_at(day, timing.at) if timing.local_time else at)
