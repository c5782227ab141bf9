"""What a schedule means in the weeks to come, for the person who edits it: next slots, holidays, clocks that change, and which
planned times it no longer has. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from publisher.core.marking import gettext_noop
from publisher.schedule.calendar_days import holiday_on
from publisher.schedule.quiet import why_not
from publisher.schedule.rules import ScheduleRules
from publisher.schedule.slots import Waiting, assign_slots, slot_times

YEAR = timedelta(days=366)


@dataclass(frozen=True)
class ClockChange:
    """Clocks in the zone change at `at` (UTC) by `by`; `slots` (UTC) are those of that local day."""

    at: datetime
    by: timedelta
    slots: tuple[datetime, ...]


def next_slots(
    rules: ScheduleRules, *, now: datetime, count: int, taken: Collection[datetime] = ()
) -> list[datetime]:
    """The next `count` slots (UTC) that posts would get, by the code that gives them; fewer when a year has no more."""
    waiting = [Waiting(number, 0, now) for number in range(count)]
    given = assign_slots(rules, waiting, now=now, taken=taken)
    return [each.at for each in given if each.at is not None]


def next_holidays(countries: tuple[str, ...], *, today: date, count: int) -> list[tuple[date, str]]:
    """The next public holidays from `today` on within a year, with their names."""
    found: list[tuple[date, str]] = []
    for ahead in range(YEAR.days):
        day = today + timedelta(days=ahead)
        if countries and (name := holiday_on(day, countries)):
            found.append((day, name))
            if len(found) == count:
                break
    return found


def next_clock_change(rules: ScheduleRules, *, now: datetime) -> ClockChange | None:
    """When clocks in the schedule's zone change next, within a year; None where they do not."""
    zone, at = rules.zone, now.astimezone(UTC)
    before = _offset(zone, at)
    end = at + YEAR
    while at < end:
        later = min(at + timedelta(days=7), end)
        if _offset(zone, later) != before:
            change = _between(zone, at, later, before)
            return ClockChange(change, _offset(zone, change) - before, _slots_of_day(rules, change))
        at = later
    return None


def no_longer(old: ScheduleRules, new: ScheduleRules, at: datetime) -> str | None:
    """Why a post that is planned at `at` would not be planned then any more; None when nothing changes for it.

    A time that was chosen by hand was no slot before, and need be none now; but quiet time is new silence for it too.
    """
    if why_not(old, at) is None and (reason := why_not(new, at)):
        return reason
    if is_slot(old, at) and not is_slot(new, at):
        return gettext_noop("no slot any more")
    return None


def is_slot(rules: ScheduleRules, at: datetime) -> bool:
    """Whether `at` is one of the weekly times, free or not."""
    return next(slot_times(rules, at.astimezone(UTC)), None) == at


def _slots_of_day(rules: ScheduleRules, change: datetime) -> tuple[datetime, ...]:
    day = change.astimezone(rules.zone).date()
    found = []
    for slot in slot_times(rules, change - timedelta(days=2)):
        local = slot.astimezone(rules.zone).date()
        if local > day:
            break
        if local == day:
            found.append(slot)
    return tuple(found)


def _between(zone: ZoneInfo, early: datetime, late: datetime, before: timedelta) -> datetime:
    """The first second after the change that lies between the two."""
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0) if middle.replace(microsecond=0) > early else middle
        if _offset(zone, middle) == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
