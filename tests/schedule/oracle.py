"""A slow second opinion on slots, and the strategies of the schedule's property tests.

It shares no idea with the product: it walks along the instants in quarters of an hour and asks what the clocks in the zone show,
where the product starts from wall times and asks which instant they are. So it holds for slots on quarters of an hour, in zones
and years whose clocks change on a quarter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays
from hypothesis import strategies as st

from publisher.schedule.rules import QuietHours, ScheduleRules, WeeklySlot

QUARTER = timedelta(minutes=15)
YEAR = timedelta(days=366)
ZONES = [
    ZoneInfo(name)
    for name in ("Europe/Berlin", "America/St_Johns", "Asia/Shanghai", "Pacific/Chatham", "UTC")
]
CHANGES = {  # instants at which the clocks of the zone change
    "Europe/Berlin": [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    "America/St_Johns": [datetime(2026, 3, 8, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 4, 30, tzinfo=UTC)],
    "Pacific/Chatham": [datetime(2026, 4, 4, 14, tzinfo=UTC), datetime(2026, 9, 26, 14, tzinfo=UTC)],
}


def first_free(
    rules: ScheduleRules, now: datetime, taken: Iterable[datetime], after: datetime | None = None
) -> datetime | None:
    """What `next_free_slot` must answer."""
    start = now if after is None else max(now, after + timedelta.resolution)
    silent = quiet_minutes(rules.quiet)
    for tick in ticks_with_a_slot(rules, start):
        if tick >= start and is_free(rules, tick, silent, list(taken)):
            return tick
    return None


def ticks_with_a_slot(rules: ScheduleRules, start: datetime) -> Iterator[datetime]:
    """The quarters of an hour of a year at which clocks come, for the first time, to the time of a slot or jump over it."""
    slots = {(slot.weekday, slot.at) for slot in rules.slots}
    tick = datetime.fromtimestamp(start.timestamp() // 900 * 900, UTC)
    wall_before = (tick - QUARTER).astimezone(rules.zone).replace(tzinfo=None)
    while tick <= start + YEAR:
        shown = tick.astimezone(rules.zone)
        wall = passed = shown.replace(tzinfo=None)
        while passed > wall_before and not shown.fold:
            if (passed.weekday(), passed.time()) in slots:
                yield tick
                break
            passed -= QUARTER
        wall_before = wall
        tick += QUARTER


def is_free(rules: ScheduleRules, instant: datetime, silent: set[int], taken: list[datetime]) -> bool:
    shown = instant.astimezone(rules.zone)
    day = shown.date()
    same_day = [other for other in taken if other.astimezone(rules.zone).date() == day]
    return (
        shown.weekday() * 1440 + shown.hour * 60 + shown.minute not in silent
        and day not in rules.blackouts
        and not any(day in public_holidays(country) for country in rules.holiday_countries)
        and instant not in taken
        and all(abs(other - instant) >= rules.least_gap for other in taken)
        and (rules.most_per_day is None or len(same_day) < rules.most_per_day)
    )


def quiet_minutes(quiet: Iterable[QuietHours]) -> set[int]:
    """The minutes of a week, from Monday's first, that lie in quiet hours."""
    silent: set[int] = set()
    for hours in quiet:
        start = hours.start.hour * 60 + hours.start.minute
        length = (hours.end.hour * 60 + hours.end.minute - start) % 1440 or 1440
        for weekday in hours.weekdays:
            silent.update((weekday * 1440 + start + minute) % 10080 for minute in range(length))
    return silent


@cache
def public_holidays(country: str) -> frozenset[date]:
    """From 2025 to 2029."""
    if country == "CN":
        announced = {day for day in chinese_calendar.constants.holidays if day.year in (2025, 2026)}
        return frozenset(announced | set(holidays.country_holidays("CN", years=range(2027, 2030))))
    return frozenset(holidays.country_holidays(country, years=range(2025, 2030)))


def times() -> st.SearchStrategy[time]:
    """Quarters of an hour, more often in the small hours, when clocks change."""
    anywhere = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
    return st.builds(time, st.integers(0, 4), st.sampled_from([0, 15, 30, 45])) | anywhere


def weekly_slots() -> st.SearchStrategy[tuple[WeeklySlot, ...]]:
    one = st.builds(WeeklySlot, st.sampled_from([6, 6, 0, 1, 2, 3, 4, 5]), times())
    return st.lists(one, min_size=1, max_size=10, unique=True).map(tuple)


def moments(zone: ZoneInfo) -> st.SearchStrategy[datetime]:
    """Any moment from 2025 to 2027, half of them within three days before or after a change of the clocks."""
    seconds = st.integers(-3 * 86400, 3 * 86400).map(lambda n: timedelta(seconds=n))
    anywhere = st.integers(0, 3 * 365 * 86400).map(
        lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=n)
    )
    changes = CHANGES.get(zone.key)
    return (
        anywhere | st.builds(lambda at, by: at + by, st.sampled_from(changes), seconds)
        if changes
        else anywhere
    )


@st.composite
def schedules(draw: st.DrawFn) -> ScheduleRules:
    quiet = st.builds(QuietHours, times(), times(), st.frozensets(st.integers(0, 6), min_size=1))
    return ScheduleRules(
        zone=draw(st.sampled_from(ZONES)),
        slots=draw(weekly_slots()),
        quiet=tuple(draw(st.lists(quiet, max_size=2))),
        holiday_countries=draw(st.sampled_from([(), (), ("CN",), ("DE",), ("CN", "DE")])),
        least_gap=draw(
            st.sampled_from([timedelta(0), timedelta(minutes=20), timedelta(hours=3), timedelta(days=2)])
        ),
        most_per_day=draw(st.sampled_from([None, 1, 2, 3])),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[ScheduleRules, datetime, list[datetime]]:
    """Rules, now, and what is taken: on quarters of an hour and beside them, before now and after it."""
    rules = draw(schedules())
    now = draw(moments(rules.zone))
    quarter = datetime.fromtimestamp(now.timestamp() // 900 * 900, UTC)
    offsets = st.one_of(
        st.integers(-200, 1000).map(lambda n: quarter + n * QUARTER),
        st.integers(-2 * 86400, 10 * 86400).map(lambda n: now + timedelta(seconds=n)),
    )
    taken = draw(st.lists(offsets, max_size=12))
    near = [now.astimezone(rules.zone).date() + timedelta(days=n) for n in range(6)]
    blackouts = draw(st.frozensets(st.sampled_from(near), max_size=3))
    return replace(rules, blackouts=blackouts), now, taken
