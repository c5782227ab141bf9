"""When a weekly digest is due, and which stretch of time an edition looks at. Pure; `digests/due.py` makes the editions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from publisher.schedule.wallclock import instant_of


@dataclass(frozen=True)
class DigestTiming:
    """Every week on `weekday` (Monday is 0) when clocks in `zone` show `at`."""

    zone: ZoneInfo
    weekday: int
    at: time

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday {self.weekday}: Monday is 0, Sunday 6")


def last_due(timing: DigestTiming, now: datetime) -> datetime:
    """The latest due time (UTC) that is not after `now` (aware)."""
    return max(due for due in _dues_around(timing, now) if due <= now)


def next_due(timing: DigestTiming, after: datetime) -> datetime:
    """The first due time (UTC) later than `after` (aware)."""
    return min(due for due in _dues_around(timing, after) if due > after)


def window(
    timing: DigestTiming, due: datetime, window_days: int | None, previous_window_to: datetime | None
) -> tuple[datetime, datetime]:
    """What the edition due at `due` holds: from (inclusive) and to (exclusive), both UTC.

    It begins where the window before it ended, so windows meet without hole or overlap whatever the clocks did in between. The
    first begins `window_days` earlier by the wall clock of the zone, or at the due time before when no number is given. If the
    window before already reaches beyond `due` (the timing was changed), this one is empty and the next goes on from there.
    """
    if previous_window_to is not None:
        return previous_window_to, max(due, previous_window_to)
    if window_days is None:
        return last_due(timing, due - timedelta.resolution), due
    wall = due.astimezone(timing.zone) - timedelta(days=window_days)
    return instant_of(timing.zone, wall.date(), wall.time()), due


def _dues_around(timing: DigestTiming, moment: datetime) -> list[datetime]:
    """The due times of the five weeks about `moment`: always some before and some after it, even where a zone skipped a day."""
    if moment.tzinfo is None:
        raise ValueError("a digest's due time needs an aware datetime")
    day = moment.astimezone(timing.zone).date()
    day += timedelta(days=timing.weekday - day.weekday())
    return [instant_of(timing.zone, day + timedelta(weeks=week), timing.at) for week in range(-2, 3)]
