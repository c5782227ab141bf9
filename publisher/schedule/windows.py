"""When a weekly digest is due, and which stretch of time an edition looks at. Pure; `digests/due.py` makes the editions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from publisher.schedule.wallclock import instant_of
from publisher.schedule.waves import begins_at


@dataclass(frozen=True)
class DigestTiming:
    """Every week on `weekday` (Monday is 0) when clocks in `zone` show `at`.

    `local_time`: each reader gets it when their own clocks show `at`; so it is begun before the first of them (`waves.py`).
    """

    zone: ZoneInfo
    weekday: int
    at: time
    local_time: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday {self.weekday}: Monday is 0, Sunday 6")


@dataclass(frozen=True)
class Due:
    """One issue's time: the local date `day`, the instant `at` in the digest's own zone, and when it is begun (both UTC)."""

    day: date
    at: datetime
    begins: datetime


def last_due(timing: DigestTiming, now: datetime) -> Due:
    """The latest issue that is begun by `now` (aware)."""
    return max((due for due in _dues_around(timing, now) if due.begins <= now), key=lambda due: due.at)


def next_due(timing: DigestTiming, after: datetime) -> Due:
    """The first issue that is begun later than `after` (aware)."""
    return min((due for due in _dues_around(timing, after) if due.begins > after), key=lambda due: due.at)


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


def _dues_around(timing: DigestTiming, moment: datetime) -> list[Due]:
    """The issues of the five weeks about `moment`: always some before and some after it, even where a zone skipped a day."""
    if moment.tzinfo is None:
        raise ValueError("a digest's due time needs an aware datetime")
    day = moment.astimezone(timing.zone).date()
    day += timedelta(days=timing.weekday - day.weekday())
    return [_due_on(timing, day + timedelta(weeks=week)) for week in range(-2, 3)]


def _due_on(timing: DigestTiming, day: date) -> Due:
    at = instant_of(timing.zone, day, timing.at)
    return Due(day, at, begins_at(day, timing.at) if timing.local_time else at)
