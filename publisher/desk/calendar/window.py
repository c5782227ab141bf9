"""Which days a page of the calendar shows, and where its “previous” and “next” lead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from publisher.core import clock
from publisher.schedule.wallclock import instant_of

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
"""Days that may be asked for."""

LIST_DAYS = 28


class View(Enum):
    """How the days are laid out."""

    MONTH = "month"
    WEEK = "week"
    LIST = "list"


@dataclass(frozen=True)
class Window:
    """The days from `first` to before `end`, as clocks in `zone` count them; `month` is that of `day` in the view of a month."""

    view: View
    day: date
    first: date
    end: date
    previous: date
    next: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.end - self.first).days)]

    @property
    def weeks(self) -> list[list[date]]:
        """Its days in rows of seven."""
        days = self.days
        return [days[n : n + 7] for n in range(0, len(days), 7)]

    @property
    def start_at(self) -> datetime:
        """The first moment (UTC)."""
        return instant_of(self.zone, self.first, time(0))

    @property
    def end_at(self) -> datetime:
        """The first moment after it (UTC)."""
        return instant_of(self.zone, self.end, time(0))

    @property
    def title(self) -> str:
        """`June 2026`; `1 June 2026 – 7 June 2026`."""
        if self.view is View.MONTH:
            return clock.written_month(self.day)
        return f"{clock.written_day(self.first)} – {clock.written_day(self.end - timedelta(days=1))}"


def window_of(view: View, day: date, zone: ZoneInfo) -> Window:
    """The page that shows `day`. Weeks begin on Monday; a list begins with the day itself."""
    monday = day - timedelta(days=day.weekday())
    if view is View.WEEK:
        week = timedelta(days=7)
        return Window(view, day, monday, monday + week, day - week, day + week, zone)
    if view is View.LIST:
        span = timedelta(days=LIST_DAYS)
        return Window(view, day, day, day + span, day - span, day + span, zone)
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    start = first - timedelta(days=first.weekday())
    end = following + timedelta(days=-following.weekday() % 7)
    before = (first - timedelta(days=1)).replace(day=1)
    return Window(view, day, start, end, before, following, zone)


def day_of(text: str, *, now: datetime, zone: ZoneInfo) -> date:
    """The day that `text` (2026-06-01) names; today in `zone` when it is empty. Raises `ValueError`."""
    if not text:
        return now.astimezone(zone).date()
    day = date.fromisoformat(text)
    if not FIRST <= day <= LAST:
        raise ValueError(text)
    return day


def hours_of(zone: ZoneInfo, day: date, hour: int) -> list[datetime]:
    """The quarters (UTC) of an hour on the wall that occur on that day: none where clocks skip it."""
    quarters = [datetime.combine(day, time(hour, minute)).replace(tzinfo=zone) for minute in (0, 15, 30, 45)]
    instants = [quarter.astimezone(UTC) for quarter in quarters]
    return [at for at, wall in zip(instants, quarters, strict=True) if at.astimezone(zone).hour == wall.hour]
