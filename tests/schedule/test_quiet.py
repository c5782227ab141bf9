"""Silence: quiet hours over midnight and changes of the clocks, blackout dates, public holidays; and its reasons."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from publisher.schedule.quiet import is_quiet, why_not
from publisher.schedule.rules import QuietHours, ScheduleRules

NIGHT = QuietHours(time(22), time(7))
SATURDAY_NIGHT = QuietHours(time(22), time(7), frozenset({5}))
ALL_SUNDAY = QuietHours(time(0), time(0), frozenset({6}))


def quiet_at(local: str, *hours: QuietHours, zone: str = "Asia/Shanghai", fold: int = 0) -> bool:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
    return is_quiet(ScheduleRules(zone=ZoneInfo(zone), quiet=hours), at)


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("2026-06-06 21:59:59", False),
        ("2026-06-06 22:00", True),
        ("2026-06-07 00:00", True),
        ("2026-06-07 06:59:59", True),
        ("2026-06-07 07:00", False),
    ],
)
def test_quiet_hours_cross_midnight_and_end_when_the_end_is_shown(local: str, quiet: bool) -> None:
    assert quiet_at(local, NIGHT) is quiet


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("2026-06-06 03:00", False),  # the small hours of Saturday belong to Friday's night
        ("2026-06-06 23:00", True),
        ("2026-06-07 03:00", True),
        ("2026-06-07 23:00", False),
    ],
)
def test_the_weekday_is_that_of_the_evening_on_which_the_quiet_begins(local: str, quiet: bool) -> None:
    assert quiet_at(local, SATURDAY_NIGHT) is quiet


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("2026-06-06 23:59", False),
        ("2026-06-07 00:00", True),
        ("2026-06-07 23:59", True),
        ("2026-06-08 00:00", False),
    ],
)
def test_equal_start_and_end_are_a_whole_day(local: str, quiet: bool) -> None:
    assert quiet_at(local, ALL_SUNDAY) is quiet


def test_hours_within_a_day() -> None:
    lunch = QuietHours(time(12), time(13, 30))
    assert [quiet_at(f"2026-06-02 {at}", lunch) for at in ("11:59", "12:00", "13:29", "13:30")] == [
        False,
        True,
        True,
        False,
    ]


def test_an_hour_that_occurs_twice_is_quiet_both_times() -> None:
    small_hours = QuietHours(time(2), time(3))
    for fold in (0, 1):
        assert quiet_at("2026-10-25 02:30", small_hours, zone="Europe/Berlin", fold=fold)
    assert not quiet_at("2026-10-25 03:00", small_hours, zone="Europe/Berlin")


def test_quiet_that_would_end_within_a_gap_is_over_after_it() -> None:
    until_half_past_two = QuietHours(time(22), time(2, 30))
    assert quiet_at("2026-03-29 01:59", until_half_past_two, zone="Europe/Berlin")
    assert not quiet_at("2026-03-29 03:00", until_half_past_two, zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "reason"),
    [
        ("2026-06-02 23:00", "quiet hours 22:00–07:00 Asia/Shanghai"),
        ("2026-06-03 23:00", "blackout date 2026-06-03"),
        ("2026-10-06 12:00", "public holiday: National Day (CN)"),
        ("2026-06-02 12:00", None),
    ],
)
def test_the_reason_is_for_a_person_and_the_day_comes_before_the_hour(local: str, reason: str | None) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    rules = ScheduleRules(
        zone=zone, quiet=(NIGHT,), blackouts=frozenset({date(2026, 6, 3)}), holiday_countries=("CN",)
    )
    assert why_not(rules, datetime.fromisoformat(local).replace(tzinfo=zone)) == reason


def test_dates_are_those_of_the_zone() -> None:
    rules = ScheduleRules(zone=ZoneInfo("Pacific/Chatham"), blackouts=frozenset({date(2026, 6, 3)}))
    assert is_quiet(rules, datetime(2026, 6, 2, 11, 15, tzinfo=UTC))
    assert not is_quiet(rules, datetime(2026, 6, 2, 11, 14, tzinfo=UTC))
