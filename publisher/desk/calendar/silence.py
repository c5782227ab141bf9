"""Which hours and days of a page of the calendar a channel is silent, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from publisher.desk.calendar.window import View, Window, hours_of
from publisher.schedule.against import silences
from publisher.schedule.rules import ScheduleRules


@dataclass(frozen=True)
class Silence:
    """Words for each silent day, and each (day, hour) of which some part is silent, as clocks of the viewer count them."""

    days: dict[date, str] = field(default_factory=dict)
    hours: dict[tuple[date, int], str] = field(default_factory=dict)


def silence_of(rules: ScheduleRules, window: Window) -> Silence:
    """A day is silent when nothing may go out in any quarter of it. Hours are only looked at in the view of a week."""
    found = Silence()
    for day in window.days:
        reasons: list[str] = []
        for hour in range(24):
            words = [
                next((b.words for b in silences(rules, at)), "") for at in hours_of(window.zone, day, hour)
            ]
            reasons += words
            if window.view is View.WEEK and any(words):
                found.hours[day, hour] = next(filter(None, words))
        if all(reasons):
            found.days[day] = max(set(reasons), key=reasons.count)
    return found
