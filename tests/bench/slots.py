"""How long the choice of a slot takes. Run by the benchmarks; no test asserts it."""

from __future__ import annotations

import timeit
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from publisher.schedule.rules import QuietHours, ScheduleRules, WeeklySlot
from publisher.schedule.slots import next_free_slot, slot_times

NOW = datetime(2026, 6, 3, 2, 17, tzinfo=UTC)
RULES = ScheduleRules(
    zone=ZoneInfo("Asia/Shanghai"),
    slots=tuple(WeeklySlot(day, time(hour)) for day in range(5) for hour in (9, 12, 17, 20)),
    quiet=(QuietHours(time(22), time(7)), QuietHours(time(0), time(0), frozenset({5, 6}))),
    blackouts=frozenset({date(2026, 6, 5)}),
    holiday_countries=("CN",),
    least_gap=timedelta(minutes=45),
    most_per_day=4,
)


def measure() -> dict[str, float]:
    """Microseconds a call, caches warm: a usual week with six posts planned, and 500 planned posts to be passed over."""
    times = list(slot_times(RULES, NOW))
    return {
        "next_free_slot_us": _microseconds(times[:6]),
        "next_free_slot_500_taken_us": _microseconds(times[:500]),
    }


def _microseconds(taken: list[datetime]) -> float:
    timer = timeit.Timer(lambda: next_free_slot(RULES, now=NOW, taken=taken))
    timer.timeit(3)
    return min(timer.repeat(repeat=5, number=200)) / 200 * 1e6
