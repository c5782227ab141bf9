"""Whether a channel may speak at an instant, and if not, why. `slots.py` asks for every slot, `against.py` for a chosen time."""

from __future__ import annotations

from datetime import datetime

from publisher.core.marking import gettext_noop
from publisher.schedule.calendar_days import holiday_on
from publisher.schedule.rules import QuietHours, ScheduleRules


def is_quiet(rules: ScheduleRules, instant: datetime) -> bool:
    """Whether nothing may go out at `instant` (aware): quiet hours, blackout date or public holiday."""
    return why_not(rules, instant) is not None


def why_not(rules: ScheduleRules, instant: datetime) -> str | None:
    """The reason for silence at `instant` (aware), for a person to read, or None.

    Dates and hours are those that clocks in the schedule's zone show at that instant: an hour that occurs twice is quiet
    both times.
    """
    wall = instant.astimezone(rules.zone)
    day = wall.date()
    if day in rules.blackouts:
        return gettext_noop("blackout date %(day)s") % {"day": day}
    if rules.holiday_countries and (holiday := holiday_on(day, rules.holiday_countries)):
        return gettext_noop("public holiday: %(holiday)s") % {"holiday": holiday}
    if hours := quiet_hours_at(rules, instant):
        return gettext_noop("quiet hours %(start)s–%(end)s %(zone)s") % {
            "start": f"{hours.start:%H:%M}",
            "end": f"{hours.end:%H:%M}",
            "zone": rules.zone.key,
        }
    return None


def quiet_hours_at(rules: ScheduleRules, instant: datetime) -> QuietHours | None:
    """The first quiet hours that `instant` (aware) lies in, or None; blackouts and holidays are not looked at."""
    wall = instant.astimezone(rules.zone)
    return next((hours for hours in rules.quiet if _covers(hours, wall)), None)


def _covers(hours: QuietHours, wall: datetime) -> bool:
    at, weekday = wall.time(), wall.weekday()
    if hours.start < hours.end:
        return weekday in hours.weekdays and hours.start <= at < hours.end
    began_today = weekday in hours.weekdays and at >= hours.start
    began_yesterday = (weekday - 1) % 7 in hours.weekdays and at < hours.end
    return began_today or began_yesterday
