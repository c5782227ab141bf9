"""The hours in which a digest may be sent: over midnight, over changes of the clocks, and never lost in between."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.schedule.hours import SendingHours, next_open, open_since

SHANGHAI, NEW_YORK, APIA = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")
OFFICE = SendingHours(SHANGHAI, time(8), time(20))
NIGHT = SendingHours(SHANGHAI, time(22), time(6))

zones = st.sampled_from([SHANGHAI, NEW_YORK, APIA, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")])
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
moments = st.integers(0, 20 * 366 * 24 * 60).map(
    lambda n: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)


def at(zone: ZoneInfo, *wall: int, fold: int = 0) -> datetime:
    return datetime(*wall, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]  # year to minute


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        (OFFICE, (2026, 6, 1, 12, 0), (2026, 6, 1, 12, 0)),
        (OFFICE, (2026, 6, 1, 8, 0), (2026, 6, 1, 8, 0)),
        (OFFICE, (2026, 6, 1, 7, 59), (2026, 6, 1, 8, 0)),
        (OFFICE, (2026, 6, 1, 20, 0), (2026, 6, 2, 8, 0)),
        (NIGHT, (2026, 6, 1, 23, 0), (2026, 6, 1, 23, 0)),
        (NIGHT, (2026, 6, 1, 5, 59), (2026, 6, 1, 5, 59)),
        (NIGHT, (2026, 6, 1, 6, 0), (2026, 6, 1, 22, 0)),
    ],
)
def test_mail_leaves_within_the_hours_and_waits_for_their_beginning(
    hours: SendingHours, now: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert next_open(hours, at(SHANGHAI, *now)) == at(SHANGHAI, *expected)


@given(zones, moments, times)
def test_without_hours_or_with_equal_ones_it_is_always_open(
    zone: ZoneInfo, now: datetime, same: time
) -> None:
    assert next_open(SendingHours(zone), now) == now
    assert next_open(SendingHours(zone, same, same), now) == now


@given(zones, times, times, moments)
def test_what_is_open_stays_what_it_says_and_nothing_open_is_passed_over(
    zone: ZoneInfo, start: time, end: time, now: datetime
) -> None:
    hours = SendingHours(zone, start, end)
    opens = next_open(hours, now)
    assert opens >= now
    assert next_open(hours, opens) == opens
    between = [now + (opens - now) * part / 20 for part in range(20)]
    assert all(next_open(hours, moment) == opens for moment in between if moment < opens)


@given(zones, times, times, moments)
def test_on_days_without_a_change_of_clocks_it_is_what_the_wall_clock_says(
    zone: ZoneInfo, start: time, end: time, now: datetime
) -> None:
    around = [now.astimezone(zone) + timedelta(hours=hour) for hour in range(-48, 49, 12)]
    if start == end or len({wall.utcoffset() for wall in around}) > 1:
        return
    wall = now.astimezone(zone).time()
    inside = start <= wall < end if start < end else wall >= start or wall < end
    assert (next_open(SendingHours(zone, start, end), now) == now) == inside


def test_hours_that_begin_in_a_skipped_hour_begin_after_it() -> None:
    hours = SendingHours(NEW_YORK, time(2, 30), time(9))
    before = at(NEW_YORK, 2026, 3, 8, 1, 0)
    assert next_open(hours, before) == at(NEW_YORK, 2026, 3, 8, 3, 0)


def test_hours_that_are_skipped_whole_are_left_out_on_that_day() -> None:
    hours = SendingHours(NEW_YORK, time(2, 10), time(2, 50))
    assert next_open(hours, at(NEW_YORK, 2026, 3, 8, 1, 0)) == at(NEW_YORK, 2026, 3, 9, 2, 10)


def test_hours_that_end_in_a_repeated_hour_end_once() -> None:
    hours = SendingHours(NEW_YORK, time(0, 0), time(1, 30))
    again = at(NEW_YORK, 2026, 11, 1, 1, 15, fold=1)
    assert next_open(hours, at(NEW_YORK, 2026, 11, 1, 1, 15)) == at(NEW_YORK, 2026, 11, 1, 1, 15)
    assert next_open(hours, again) == at(NEW_YORK, 2026, 11, 2, 0, 0)


def test_a_zone_that_skipped_a_whole_day_opens_on_the_next() -> None:
    hours = SendingHours(APIA, time(8), time(18))
    assert next_open(hours, at(APIA, 2011, 12, 29, 19, 0)) == at(APIA, 2011, 12, 31, 8, 0)


def test_hours_are_told_in_words() -> None:
    assert str(NIGHT) == "22:00–06:00 Asia/Shanghai"
    assert str(SendingHours(SHANGHAI)) == "at any time"


@given(zones, moments, times, times)
def test_mail_may_leave_just_while_a_stretch_has_begun(
    zone: ZoneInfo, now: datetime, start: time, end: time
) -> None:
    hours = SendingHours(zone, start, end)
    since = open_since(hours, now)
    assert (since is not None) == (next_open(hours, now) == now)
    if since and start != end:
        assert since <= now
        assert open_since(hours, since) == since
        assert next_open(hours, since - timedelta(microseconds=1)) == since or open_since(
            hours, since - timedelta(microseconds=1)
        ), "it begins there, or another stretch ends there"
