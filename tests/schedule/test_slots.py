"""Choosing slots, by example: each rule alone, changes of the clocks, order, and what is said when there is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from publisher.schedule.rules import QuietHours, ScheduleRules, WeeklySlot
from publisher.schedule.slots import (
    Assignment,
    Waiting,
    assign_slots,
    next_free_slot,
    slot_times,
    why_no_slot,
)

MON, TUE, WED, SAT, SUN = 0, 1, 2, 5, 6
MONDAY_NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def rules(*slots: tuple[int, str], zone: str = "UTC", **given: Any) -> ScheduleRules:
    weekly = tuple(WeeklySlot(weekday, time.fromisoformat(at)) for weekday, at in slots)
    return ScheduleRules(zone=ZoneInfo(zone), slots=weekly, **given)


def daily(*times: str, **given: Any) -> ScheduleRules:
    return rules(*((weekday, at) for weekday in range(7) for at in times), **given)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_slot_at_this_very_moment_may_be_used() -> None:
    assert next_free_slot(rules((MON, "12:00")), now=MONDAY_NOON, taken=[]) == MONDAY_NOON


def test_a_slot_that_has_just_passed_comes_again_next_week() -> None:
    now = MONDAY_NOON + timedelta(microseconds=1)
    assert next_free_slot(rules((MON, "12:00")), now=now, taken=[]) == utc("2026-06-08 12:00")


def test_after_excludes_the_slot_at_that_moment() -> None:
    chosen = next_free_slot(daily("09:00"), now=MONDAY_NOON, taken=[], after=utc("2026-06-03 09:00"))
    assert chosen == utc("2026-06-04 09:00")


def test_slots_are_local_to_the_zone() -> None:
    schedule = rules((TUE, "08:00"), zone="Asia/Shanghai")
    assert next_free_slot(schedule, now=MONDAY_NOON, taken=[]) == utc("2026-06-02 00:00")


def test_times_given_in_another_zone_mean_the_same_instants() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    taken = [utc("2026-06-01 15:00").astimezone(berlin)]
    chosen = next_free_slot(daily("15:00"), now=MONDAY_NOON.astimezone(berlin), taken=taken)
    assert chosen == utc("2026-06-02 15:00")
    assert chosen.tzinfo is UTC


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next_free_slot(daily("15:00"), now=MONDAY_NOON.replace(tzinfo=None), taken=[])


def test_a_taken_slot_is_not_given_again_even_without_a_gap() -> None:
    assert next_free_slot(daily("15:00"), now=MONDAY_NOON, taken=[utc("2026-06-01 15:00")]) == utc(
        "2026-06-02 15:00"
    )


@pytest.mark.parametrize("other", ["2026-06-01 14:31", "2026-06-01 15:29"])
def test_the_least_gap_holds_on_both_sides(other: str) -> None:
    schedule = daily("15:00", least_gap=timedelta(minutes=30))
    assert next_free_slot(schedule, now=MONDAY_NOON, taken=[utc(other)]) == utc("2026-06-02 15:00")


@pytest.mark.parametrize("other", ["2026-06-01 14:30", "2026-06-01 15:30"])
def test_exactly_the_least_gap_is_enough(other: str) -> None:
    schedule = daily("15:00", least_gap=timedelta(minutes=30))
    assert next_free_slot(schedule, now=MONDAY_NOON, taken=[utc(other)]) == utc("2026-06-01 15:00")


def test_a_post_of_the_past_keeps_its_gap() -> None:
    schedule = daily("13:00", least_gap=timedelta(days=3))
    assert next_free_slot(schedule, now=MONDAY_NOON, taken=[utc("2026-05-31 13:00")]) == utc(
        "2026-06-03 13:00"
    )


def test_a_day_is_full_by_local_dates_and_counts_what_was_sent_that_day() -> None:
    schedule = daily("10:00", "23:00", zone="Asia/Shanghai", most_per_day=1)
    sent = utc("2026-05-31 16:30")  # half past midnight of Monday in Shanghai
    monday_evening = utc("2026-06-01 14:00")
    assert next_free_slot(schedule, now=monday_evening, taken=[sent]) == utc("2026-06-02 02:00")


def test_quiet_hours_blackouts_and_holidays_are_passed_over() -> None:
    schedule = daily(
        "10:00",
        zone="Europe/Berlin",
        quiet=(QuietHours(time(9), time(11), frozenset({TUE})),),
        blackouts=frozenset({date(2026, 6, 3)}),
        holiday_countries=("AT",),  # Corpus Christi, Thursday 4 June
    )
    assert next_free_slot(schedule, now=MONDAY_NOON, taken=[]) == utc("2026-06-05 08:00")


@pytest.mark.parametrize(
    ("zone", "at", "now", "in_the_gap", "week_later"),
    [
        ("Europe/Berlin", "02:30", "2026-03-28 12:00", "2026-03-29 01:00", "2026-04-05 00:30"),
        ("America/St_Johns", "02:30", "2026-03-07 12:00", "2026-03-08 05:30", "2026-03-15 05:00"),
        ("Pacific/Chatham", "03:00", "2026-09-25 12:00", "2026-09-26 14:00", "2026-10-03 13:15"),
    ],
)
def test_a_slot_in_a_gap_is_moved_to_its_end_and_is_back_a_week_later(
    zone: str, at: str, now: str, in_the_gap: str, week_later: str
) -> None:
    schedule = rules((SUN, at), zone=zone)
    first = next_free_slot(schedule, now=utc(now), taken=[])
    assert first == utc(in_the_gap)
    assert next_free_slot(schedule, now=utc(now), taken=[first]) == utc(week_later)


def test_two_slots_moved_to_the_same_instant_are_one() -> None:
    schedule = rules((SUN, "02:15"), (SUN, "02:45"), (SUN, "03:00"), (SUN, "03:30"), zone="Europe/Berlin")
    times = slot_times(schedule, utc("2026-03-29 00:00"))
    assert [next(times), next(times)] == [utc("2026-03-29 01:00"), utc("2026-03-29 01:30")]


def test_slots_are_looked_for_during_366_days_and_not_longer() -> None:
    assert list(slot_times(daily("12:00"), MONDAY_NOON))[-1] == MONDAY_NOON + timedelta(days=366)
    # Begins in winter time and ends in summer time, on a date 367 days later.
    berlin = daily("00:15", zone="Europe/Berlin")
    assert list(slot_times(berlin, utc("2026-03-28 22:30")))[-1] == utc("2027-03-29 22:15")


@pytest.mark.parametrize(
    ("zone", "at", "now", "first", "week_later"),
    [
        ("Europe/Berlin", "02:30", "2026-10-24 12:00", "2026-10-25 00:30", "2026-11-01 01:30"),
        ("America/St_Johns", "01:30", "2026-10-31 12:00", "2026-11-01 04:00", "2026-11-08 05:00"),
        ("Pacific/Chatham", "03:00", "2026-04-04 00:00", "2026-04-04 13:15", "2026-04-11 14:15"),
    ],
)
def test_a_slot_in_an_overlap_is_used_once(zone: str, at: str, now: str, first: str, week_later: str) -> None:
    schedule = rules((SUN, at), zone=zone)
    assert next_free_slot(schedule, now=utc(now), taken=[]) == utc(first)
    after_the_first = utc(first) + timedelta(minutes=1)
    assert next_free_slot(schedule, now=after_the_first, taken=[]) == utc(week_later)


def test_a_slot_moved_past_midnight_counts_for_the_day_it_lands_on() -> None:
    nuuk = rules((SAT, "23:30"), zone="America/Nuuk", blackouts=frozenset({date(2026, 3, 28)}))
    for now in (
        utc("2026-03-29 00:30"),
        utc("2026-03-29 01:00"),
    ):  # before the change, and at the very change
        assert next_free_slot(nuuk, now=now, taken=[]) == utc("2026-03-29 01:00")


def test_the_most_urgent_goes_first_then_the_one_approved_first_then_the_lower_id() -> None:
    posts = [
        Waiting(1, 0, utc("2026-06-01 08:00")),
        Waiting(2, 0, utc("2026-06-01 07:00")),
        Waiting(4, 5, utc("2026-06-01 11:00")),
        Waiting(3, 5, utc("2026-06-01 11:00")),
    ]
    given = assign_slots(daily("15:00"), posts, now=MONDAY_NOON, taken=[utc("2026-06-02 15:00")])
    assert given == [
        Assignment(3, utc("2026-06-01 15:00")),
        Assignment(4, utc("2026-06-03 15:00")),
        Assignment(2, utc("2026-06-04 15:00")),
        Assignment(1, utc("2026-06-05 15:00")),
    ]


def test_posts_for_which_the_year_has_no_slot_left_are_named_without_one() -> None:
    posts = [Waiting(n, 0, MONDAY_NOON) for n in range(60)]
    given = assign_slots(rules((MON, "13:00")), posts, now=MONDAY_NOON, taken=[])
    assert [a.id for a in given if a.at is None] == list(range(53, 60))


def test_without_slots_nothing_is_found_and_the_reason_says_so() -> None:
    assert next_free_slot(rules(), now=MONDAY_NOON, taken=[]) is None
    assert why_no_slot(rules(), now=MONDAY_NOON, taken=[]) == "The schedule has no weekly slots."


def test_the_reason_names_what_stood_in_the_way_most_frequent_first() -> None:
    schedule = rules(
        (MON, "23:00"),
        zone="Asia/Shanghai",
        quiet=(QuietHours(time(22), time(7)),),
        blackouts=frozenset({date(2026, 6, 8)}),
    )
    assert next_free_slot(schedule, now=MONDAY_NOON, taken=[]) is None
    assert why_no_slot(schedule, now=MONDAY_NOON, taken=[]) == (
        "None of 53 slots within a year is free: quiet hours 22:00–07:00 Asia/Shanghai (52); blackout date 2026-06-08 (1)."
    )


def test_the_reason_tells_a_full_channel_from_a_silent_one() -> None:
    start = utc("2026-06-01 15:00")
    taken = [start + timedelta(weeks=week) for week in range(0, 60, 2)]
    taken += [start + timedelta(weeks=week, hours=5) for week in range(1, 60, 2)]
    schedule = rules((MON, "15:00"), most_per_day=1)
    reason = why_no_slot(schedule, now=MONDAY_NOON, taken=taken)
    assert reason is not None
    assert "taken, or too close to another post (27)" in reason
    assert "the day has its 1 (26)" in reason
