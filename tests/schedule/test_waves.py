"""Each reader's own eight o'clock: what every zone's clocks show when its wave comes, over all zones and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.schedule.waves import LEAD, begins_at, by_zone, offset_of

days = st.dates(date(2020, 1, 1), date(2037, 12, 31))
times = st.times().map(lambda at: at.replace(microsecond=0))
EIGHT = time(8)
ALL = sorted(by_zone(date(2026, 6, 1), EIGHT))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_eight_o_clock_comes_first_to_kiritimati_and_last_to_those_twelve_hours_behind() -> None:
    waves = by_zone(date(2026, 6, 1), EIGHT)
    assert waves["Pacific/Kiritimati"] == utc("2026-05-31 18:00") == min(waves.values())
    assert waves["Asia/Shanghai"] == utc("2026-06-01 00:00")
    assert waves["Asia/Kathmandu"] == utc("2026-06-01 02:15")
    assert waves["America/New_York"] == utc("2026-06-01 12:00")
    assert waves["Etc/GMT+12"] == utc("2026-06-01 20:00") == max(waves.values())


@given(days, times, st.sampled_from(ALL))
def test_in_every_zone_clocks_show_the_time_or_have_just_jumped_over_it(
    day: date, at: time, name: str
) -> None:
    due = by_zone(day, at, [name])[name]
    shown = due.astimezone(ZoneInfo(name)).replace(tzinfo=None)
    wanted = datetime.combine(day, at)
    if shown != wanted:
        before = (due - timedelta(seconds=1)).astimezone(ZoneInfo(name)).replace(tzinfo=None)
        assert before < wanted < shown
    assert due.astimezone(ZoneInfo(name)).fold == 0


@given(days, times, st.sampled_from(ALL))
def test_an_edition_is_begun_before_any_wave_and_all_come_within_26_hours(
    day: date, at: time, name: str
) -> None:
    due = by_zone(day, at, [name])[name]
    first = begins_at(day, at) + LEAD
    assert first <= due <= first + timedelta(hours=27)  # 26, and an hour for a time that clocks jumped over


@pytest.mark.parametrize(
    ("zone", "day", "at", "due"),
    [
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29 01:00"),  # clocks go from 2 to 3
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25 00:30"),  # 2:30 comes twice: the first
        ("America/New_York", date(2026, 3, 8), EIGHT, "2026-03-08 12:00"),
        (
            "Australia/Lord_Howe",
            date(2026, 10, 4),
            time(2, 15),
            "2026-10-03 15:30",
        ),  # half an hour is skipped
        ("Africa/Casablanca", date(2026, 2, 15), EIGHT, "2026-02-15 08:00"),  # an hour back for Ramadan
    ],
)
def test_a_time_that_is_skipped_or_comes_twice_is_read_as_in_schedules(
    zone: str, day: date, at: time, due: str
) -> None:
    assert by_zone(day, at, [zone])[zone] == utc(due)


def test_names_that_stand_for_no_place_are_no_zones() -> None:
    assert not {"Factory", "localtime"} & set(ALL)
    assert len(ALL) > 500


def test_a_wave_says_how_far_its_clocks_are_from_utc() -> None:
    day = date(2026, 6, 1)
    offsets = {
        name: offset_of(due, day, EIGHT)
        for name, due in by_zone(day, EIGHT, ["Asia/Kathmandu", "America/New_York"]).items()
    }
    assert offsets == {
        "Asia/Kathmandu": timedelta(hours=5, minutes=45),
        "America/New_York": timedelta(hours=-4),
    }
