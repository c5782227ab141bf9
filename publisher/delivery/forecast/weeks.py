"""The four weeks that a forecast looks at. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from publisher.schedule.wallclock import instant_of

COUNT: Final = 4


@dataclass(frozen=True)
class Week:
    """Seven days from `first`, as clocks of the viewer count them: the moments from `start` to before `end` (UTC)."""

    first: date
    start: datetime
    end: datetime

    @property
    def last(self) -> date:
        return self.first + timedelta(days=6)

    def holds(self, at: datetime | None) -> bool:
        """Whether the moment lies in it."""
        return at is not None and self.start <= at < self.end


def weeks_from(now: datetime, zone: ZoneInfo) -> list[Week]:
    """Four weeks; the first begins today."""
    today = now.astimezone(zone).date()
    days = [today + timedelta(weeks=n) for n in range(COUNT + 1)]
    moments = [instant_of(zone, day, time(0)) for day in days]
    return [Week(days[n], moments[n], moments[n + 1]) for n in range(COUNT)]
