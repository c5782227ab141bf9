"""When a digest is due and what its edition holds: windows meet exactly, whatever the clocks do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.schedule.windows import DigestTiming, covered_until, last_due, next_due, window
from tests.schedule.oracle import ZONES, moments, times

SHANGHAI = DigestTiming(ZoneInfo("Asia/Shanghai"), weekday=0, at=time(8))
weekly = st.builds(DigestTiming, st.sampled_from(ZONES), st.integers(0, 6), times(), st.booleans())
timings = st.builds(
    DigestTiming,
    st.sampled_from([*ZONES, ZoneInfo("Pacific/Apia")]),
    st.integers(0, 6),
    times(),
    st.booleans(),
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.integers(1, 28),
)
with_weeks = weekly.flatmap(lambda timing: st.tuples(st.just(timing), moments(timing.zone)))
with_moments = timings.flatmap(lambda timing: st.tuples(st.just(timing), moments(timing.zone)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_monday_eight_in_shanghai_is_monday_midnight_in_utc() -> None:
    last, coming = last_due(SHANGHAI, utc("2026-06-03 12:00")), next_due(SHANGHAI, utc("2026-06-03 12:00"))
    assert (last.day, last.at, last.begins) == (
        date(2026, 6, 1),
        utc("2026-06-01 00:00"),
        utc("2026-06-01 00:00"),
    )
    assert coming.at == utc("2026-06-08 00:00")


def test_at_the_due_time_itself_it_is_due_and_the_next_is_a_week_later() -> None:
    due = utc("2026-06-01 00:00")
    assert last_due(SHANGHAI, due).at == due
    assert last_due(SHANGHAI, due - timedelta(microseconds=1)).at == utc("2026-05-25 00:00")
    assert next_due(SHANGHAI, due).at == utc("2026-06-08 00:00")


def test_by_local_time_an_issue_is_begun_an_hour_before_the_first_clock_on_earth_shows_its_time() -> None:
    timing = replace(SHANGHAI, local_time=True)
    begins = utc("2026-05-31 17:00")  # Kiritimati is 14 hours ahead
    assert last_due(timing, begins).begins == begins
    assert last_due(timing, begins).at == utc("2026-06-01 00:00")
    assert last_due(timing, begins - timedelta(microseconds=1)).at == utc("2026-05-25 00:00")
    assert next_due(timing, begins).day == date(2026, 6, 8)


@pytest.mark.parametrize(
    ("zone", "at", "after", "dues"),
    [
        ("Europe/Berlin", time(2, 30), "2026-03-23", ["2026-03-29 01:00", "2026-04-05 00:30"]),
        ("Europe/Berlin", time(2, 30), "2026-10-19", ["2026-10-25 00:30", "2026-11-01 01:30"]),
        ("America/St_Johns", time(2, 30), "2026-03-02", ["2026-03-08 05:30", "2026-03-15 05:00"]),
        ("America/St_Johns", time(1, 30), "2026-10-26", ["2026-11-01 04:00", "2026-11-08 05:00"]),
        ("Pacific/Chatham", time(3), "2026-09-21", ["2026-09-26 14:00", "2026-10-03 13:15"]),
        ("Pacific/Chatham", time(3), "2026-03-30", ["2026-04-04 13:15", "2026-04-11 14:15"]),
        ("Asia/Shanghai", time(2, 30), "2026-03-23", ["2026-03-28 18:30", "2026-04-04 18:30"]),
    ],
)
def test_over_a_change_of_the_clocks_there_is_one_due_time_a_week(
    zone: str, at: time, after: str, dues: list[str]
) -> None:
    timing = DigestTiming(ZoneInfo(zone), weekday=6, at=at)
    first = next_due(timing, utc(after)).at
    assert [first, next_due(timing, first).at] == [utc(due) for due in dues]


@settings(deadline=None)
@given(with_moments)
def test_now_lies_between_the_last_due_time_and_the_next(given_: tuple[DigestTiming, datetime]) -> None:
    timing, now = given_
    last, coming = last_due(timing, now), next_due(timing, now)
    assert last.begins <= now < coming.begins
    assert next_due(timing, last.begins) == coming
    assert last_due(timing, coming.begins) == coming
    assert coming.day > last.day


@settings(deadline=None)
@given(with_weeks)
def test_a_weekly_digest_is_due_once_in_seven_days(given_: tuple[DigestTiming, datetime]) -> None:
    timing, now = given_
    last, coming = last_due(timing, now), next_due(timing, now)
    assert coming.day - last.day == timedelta(days=7)
    assert timedelta(days=7, hours=-1) <= coming.at - last.at <= timedelta(days=7, hours=1)


@settings(deadline=None)
@given(with_moments, st.integers(20, 70))
def test_every_day_of_the_rhythm_has_its_one_issue_over_changes_of_the_clocks_and_ends_of_months(
    given_: tuple[DigestTiming, datetime], steps: int
) -> None:
    timing, now = given_
    days: list[date] = []
    for _ in range(steps):
        due = next_due(timing, now)
        days.append(due.day)
        now = due.begins
    every = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    wanted = {
        "daily": every,
        "weekly": [day for day in every if day.weekday() == timing.weekday],
        "monthly": [day for day in every if day.day == timing.monthday],
    }
    assert days == wanted[timing.rhythm]


@settings(deadline=None)
@given(with_moments)
def test_a_due_time_is_the_wall_time_asked_for_or_follows_the_gap_that_swallowed_it(
    given_: tuple[DigestTiming, datetime],
) -> None:
    timing, now = given_
    coming = next_due(timing, now)
    shown = coming.at.astimezone(timing.zone)
    assert shown.date() == coming.day
    if shown.time() != timing.at:
        before = (coming.at - timedelta(seconds=1)).astimezone(timing.zone)
        assert before.time() < timing.at < shown.time()
    assert shown.fold == 0


@pytest.mark.parametrize(
    ("local", "expected"), [(False, [26, 27, 28, 29, 31, 1]), (True, [27, 28, 29, 30, 31, 1])]
)
def test_a_day_that_a_zone_skipped_has_no_issue_there_of_its_own(local: bool, expected: list[int]) -> None:
    """Samoa went from 29 to 31 December 2011: both days' midnight is one instant there. Other readers had that day."""
    timing = DigestTiming(ZoneInfo("Pacific/Apia"), 0, time(0), local, "daily")
    now, days = utc("2011-12-26 00:00"), []
    for _ in range(6):
        due = next_due(timing, now)
        assert last_due(timing, due.begins) == due
        days.append(due.day.day)
        now = due.begins
    assert days == expected


def test_a_monthly_digest_comes_on_its_day_in_long_months_and_short_ones() -> None:
    timing = replace(SHANGHAI, rhythm="monthly", monthday=28)
    now, days = utc("2026-12-30 00:00"), []
    for _ in range(4):
        due = next_due(timing, now)
        days.append(due.day)
        now = due.begins
    assert days == [date(2027, month, 28) for month in (1, 2, 3, 4)]


@settings(deadline=None)
@given(
    with_moments,
    st.one_of(st.none(), st.integers(0, 60)),
    st.lists(st.integers(1, 3), min_size=1, max_size=30),
)
def test_windows_tile_the_time_line_also_when_weeks_were_missed(
    given_: tuple[DigestTiming, datetime], window_days: int | None, weeks: list[int]
) -> None:
    timing, now = given_
    windows: list[tuple[datetime, datetime]] = []
    for missed in weeks:
        for _ in range(missed):
            now = next_due(timing, now).begins
        windows.append(window(timing, now, window_days, windows[-1][1] if windows else None))

    assert all(earlier[1] == later[0] for earlier, later in pairwise(windows))
    assert windows[-1][1] == now
    assert all(start < end for start, end in windows[1:])


def test_the_first_window_goes_back_by_days_of_the_wall_clock() -> None:
    timing = DigestTiming(ZoneInfo("Europe/Berlin"), weekday=0, at=time(8))
    due = utc("2026-03-30 06:00")  # the Monday after the clocks went forward: an hour less
    assert window(timing, due, 7, None) == (utc("2026-03-23 07:00"), due)
    assert window(timing, due, 14, None) == (utc("2026-03-16 07:00"), due)


def test_without_a_number_of_days_the_first_window_begins_at_the_due_time_before() -> None:
    assert window(SHANGHAI, utc("2026-06-08 00:00"), None, None) == (
        utc("2026-06-01 00:00"),
        utc("2026-06-08 00:00"),
    )


def test_a_window_of_a_week_before_the_first_due_time_is_the_week_before_in_every_zone() -> None:
    for zone in ZONES:
        timing = DigestTiming(zone, weekday=0, at=time(8))
        due = next_due(timing, utc("2026-03-24 00:00")).at
        assert window(timing, due, 7, None) == window(timing, due, None, None)


def test_when_the_window_before_reaches_beyond_the_due_time_this_one_is_empty_and_nothing_is_held_twice() -> (
    None
):
    end = utc("2026-06-03 10:00")  # an edition made by hand, or the weekday was changed
    assert window(SHANGHAI, utc("2026-06-01 00:00"), 7, end) == (end, end)
    assert window(SHANGHAI, utc("2026-06-08 00:00"), 7, end) == (end, utc("2026-06-08 00:00"))


def test_what_windows_cover_ends_at_the_first_hole() -> None:
    monday, wednesday, friday, sunday = (utc(f"2026-06-{day:02} 00:00") for day in (1, 3, 5, 7))
    assert covered_until([]) is None
    assert covered_until([(monday, wednesday), (wednesday, friday)]) == friday
    assert covered_until([(monday, friday), (wednesday, wednesday)]) == friday
    assert covered_until([(monday, wednesday), (friday, sunday)]) == wednesday
    assert covered_until([(monday, wednesday), (friday, sunday), (wednesday, sunday)]) == sunday


def test_an_edition_about_a_time_long_past_opens_no_hole() -> None:
    monday, wednesday, long_ago = utc("2026-06-01 00:00"), utc("2026-06-03 00:00"), utc("2025-01-01 00:00")
    assert covered_until([(monday, wednesday), (long_ago, long_ago)]) == wednesday


def test_a_day_that_does_not_exist_and_a_time_without_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="Monday is 0"):
        DigestTiming(ZoneInfo("UTC"), weekday=7, at=time(8))
    with pytest.raises(ValueError, match="every month has"):
        DigestTiming(ZoneInfo("UTC"), weekday=0, at=time(8), rhythm="monthly", monthday=29)
    with pytest.raises(ValueError, match="aware"):
        last_due(SHANGHAI, utc("2026-06-03 12:00").replace(tzinfo=None))
