"""The hours of the day in which a digest may be sent. Pure; senders ask before they claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from publisher.schedule.wallclock import instant_of


@dataclass(frozen=True)
class SendingHours:
    """From `start` up to but not including `end` by clocks in `zone`, each day; an `end` before `start` is on the next day.

    None, or both the same: at any time. Each stretch begins and ends once, also where clocks are set back in it; a stretch
    that a change of clocks skips whole is left out on that day.
    """

    zone: ZoneInfo
    start: time | None = None
    end: time | None = None

    def __str__(self) -> str:
        if self.start is None or self.end is None or self.start == self.end:
            return gettext("at any time")
        return f"{self.start:%H:%M}–{self.end:%H:%M} {self.zone.key}"


def next_open(hours: SendingHours, now: datetime) -> datetime:
    """`now` (aware) if it lies in the hours, else the instant (UTC) at which they next begin."""
    stretches = _stretches(hours, now)
    if stretches is None:
        return now
    return next(max(now, opens) for opens, closes in stretches if max(now, opens) < closes)


def open_since(hours: SendingHours, now: datetime) -> datetime | None:
    """When the stretch that holds `now` (aware) began (UTC), the beginning of time where mail may leave at any; None outside."""
    stretches = _stretches(hours, now)
    if stretches is None:
        return datetime.min.replace(tzinfo=UTC)
    return next((opens for opens, closes in stretches if opens <= now < closes), None)


def _stretches(hours: SendingHours, now: datetime) -> Iterator[tuple[datetime, datetime]] | None:
    """From yesterday's on; None for hours without an end."""
    start, end = hours.start, hours.end
    if start is None or end is None or start == end:
        return None
    today = now.astimezone(hours.zone).date()
    overnight = timedelta(days=1 if end < start else 0)
    days = (today + timedelta(days=ahead) for ahead in range(-1, 5))
    return (
        (instant_of(hours.zone, day, start), instant_of(hours.zone, day + overnight, end)) for day in days
    )
