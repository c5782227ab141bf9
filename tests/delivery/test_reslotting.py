"""New slots for what waited, over any schedule: in their order, with the least gap, out of the quiet time, each post once."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.reslotting import plan
from publisher.schedule.quiet import why_not
from publisher.schedule.rules import ScheduleRules, rules_from_json
from tests.builders import NOON

MINUTES = st.integers(0, 24 * 60 - 1).map(lambda n: f"{n // 60:02}:{n % 60:02}")
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Africa/Nairobi"])
MOMENTS = st.integers(-7 * 24 * 60, 30 * 24 * 60).map(lambda n: NOON + timedelta(minutes=n))
PAST = st.integers(1, 3 * 24 * 60).map(lambda n: NOON - timedelta(minutes=n))


@st.composite
def schedules(draw: st.DrawFn) -> ScheduleRules:
    slots = draw(st.lists(st.tuples(st.integers(0, 6), MINUTES), min_size=1, max_size=40, unique=True))
    quiet = draw(st.lists(st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1]), max_size=1))
    return rules_from_json(
        {
            "zone": draw(ZONES),
            "slots": [{"weekday": day, "at": at} for day, at in slots],
            "quiet": [{"start": start, "end": end} for start, end in quiet],
            "least_gap_minutes": draw(st.integers(0, 300)),
            "most_per_day": draw(st.none() | st.integers(1, 4)),
        }
    )


@given(schedules(), st.lists(PAST, max_size=25, unique=True), st.lists(MOMENTS, max_size=20))
def test_each_gets_one_slot_in_order_with_the_gap_and_never_in_the_quiet_time(
    rules: ScheduleRules, missed: list[datetime], occupied: list[datetime]
) -> None:
    late = [(number, slot_at) for number, slot_at in enumerate(missed)]
    given_slots = plan(rules, late, now=NOON, occupied=occupied)
    assert sorted(given_slots) == sorted(number for number, _ in late), "each post once"
    in_order = [given_slots[number] for number, _ in sorted(late, key=lambda each: each[1])]
    times = [at for at in in_order if at is not None]
    assert in_order[: len(times)] == times, "without a slot are the last ones only"
    assert all(before < after for before, after in pairwise(times)), "in their order, and no slot twice"
    gap = max(rules.least_gap, timedelta.resolution)
    assert all(after - before >= gap for before, after in pairwise(times))
    assert all(abs(at - other) >= gap for at in times for other in occupied)
    assert all(at >= NOON and why_not(rules, at) is None for at in times)
    if rules.most_per_day is not None:
        days = [at.astimezone(rules.zone).date() for at in [*times, *dict.fromkeys(occupied)]]
        per_day = {day: days.count(day) for day in (at.astimezone(rules.zone).date() for at in times)}
        assert all(count <= rules.most_per_day for count in per_day.values())


@given(schedules(), st.lists(PAST, min_size=1, max_size=10, unique=True))
def test_the_order_is_that_of_the_missed_slots_and_of_nothing_else(
    rules: ScheduleRules, missed: list[datetime]
) -> None:
    late = [(number, slot_at) for number, slot_at in enumerate(missed)]
    assert plan(rules, late, now=NOON, occupied=[]) == plan(rules, late[::-1], now=NOON, occupied=[])
