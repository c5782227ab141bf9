"""A wall time is one instant: moved to the end of a gap, the first of two in an overlap."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.schedule.wallclock import instant_of
from tests.schedule.oracle import ZONES, moments


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),  # shown as 03:00
        ("America/St_Johns", "2026-03-08 02:30", "2026-03-08 05:30"),  # shown as 03:00
        ("Pacific/Chatham", "2026-09-27 03:00", "2026-09-26 14:00"),  # shown as 03:45
        ("Asia/Shanghai", "1986-05-04 02:30", "1986-05-03 18:00"),  # China's last years with summer time
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),  # a gap of half an hour
        ("Africa/Cairo", "2026-04-24 00:00", "2026-04-23 22:00"),  # midnight itself is skipped
        ("America/Nuuk", "2026-03-28 23:30", "2026-03-29 01:00"),  # moved into the next day
        ("America/St_Johns", "2010-03-14 00:30", "2010-03-14 03:31"),  # changed at one past midnight
        (
            "Pacific/Apia",
            "2011-12-30 10:00",
            "2011-12-30 10:00",
        ),  # the whole date is skipped: shown as the 31st, 00:00
    ],
)
def test_a_skipped_wall_time_is_the_first_instant_after_the_gap(zone: str, wall: str, instant: str) -> None:
    assert resolved(zone, wall) == utc(instant)


@pytest.mark.parametrize(
    ("zone", "wall", "first"),
    [
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("America/St_Johns", "2026-11-01 01:30", "2026-11-01 04:00"),
        ("Pacific/Chatham", "2026-04-05 03:00", "2026-04-04 13:15"),
        ("Asia/Shanghai", "1986-09-14 01:30", "1986-09-13 16:30"),
        ("America/St_Johns", "2010-11-06 23:30", "2010-11-07 02:00"),
    ],
)
def test_a_wall_time_that_occurs_twice_is_its_first_occurrence(zone: str, wall: str, first: str) -> None:
    assert resolved(zone, wall) == utc(first)


@pytest.mark.parametrize(
    ("zone", "last_before", "first_after", "instant"),
    [
        ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("America/St_Johns", "2026-03-08 01:59", "2026-03-08 03:00", "2026-03-08 05:30"),
        ("Pacific/Chatham", "2026-09-27 02:44", "2026-09-27 03:45", "2026-09-26 14:00"),
    ],
)
def test_times_beside_a_gap_stay_where_they_are(
    zone: str, last_before: str, first_after: str, instant: str
) -> None:
    assert resolved(zone, first_after) == utc(instant)
    assert (utc(instant) - resolved(zone, last_before)).total_seconds() == 60


def test_a_time_read_off_the_second_occurrence_still_means_the_first() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    shown = utc("2026-10-25 01:30").astimezone(berlin)
    assert shown.fold == 1
    assert instant_of(berlin, shown.date(), shown.time()) == utc("2026-10-25 00:30")


def test_shanghai_has_no_changes_any_more() -> None:
    assert resolved("Asia/Shanghai", "2026-03-29 02:30") == utc("2026-03-28 18:30")


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(ZONES).flatmap(lambda zone: st.tuples(st.just(zone), moments(zone))))
def test_every_instant_that_is_no_second_occurrence_comes_back_from_its_wall_time(
    given_: tuple[ZoneInfo, datetime],
) -> None:
    zone, instant = given_
    shown = instant.astimezone(zone)
    if not shown.fold:
        assert instant_of(zone, shown.date(), shown.time()) == instant
    else:
        assert instant_of(zone, shown.date(), shown.time()) < instant


def resolved(zone: str, wall: str) -> datetime:
    at = datetime.fromisoformat(wall)
    return instant_of(ZoneInfo(zone), date(at.year, at.month, at.day), time(at.hour, at.minute))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
