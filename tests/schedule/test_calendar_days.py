"""Public holidays: China's announced days off, other countries and their parts, and what is not known."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.schedule.calendar_days import days_off, holiday_on, is_known_country


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 2, 17), "Spring Festival (CN)"),
        (date(2026, 2, 15), "Spring Festival (CN)"),  # a Sunday within the holiday
        (date(2026, 10, 6), "National Day (CN)"),  # off in exchange for a Sunday
        (date(2026, 9, 20), None),  # that Sunday: people work
        (date(2026, 10, 10), None),  # a Saturday on which people work
        (date(2026, 6, 7), None),  # an ordinary Sunday
    ],
)
def test_china_rests_on_the_days_that_were_announced(day: date, name: str | None) -> None:
    assert holiday_on(day, ("CN",)) == name


def test_a_year_that_was_not_announced_has_the_statutory_days_and_says_so() -> None:
    days = days_off("CN", 2090)
    assert date(2090, 10, 1) in days.names
    assert days.note == "days exchanged in 2090 are not known yet"
    assert (
        holiday_on(date(2090, 10, 1), ("CN",))
        == "National Day (CN; days exchanged in 2090 are not known yet)"
    )


def test_a_part_of_a_country_has_holidays_of_its_own() -> None:
    assert holiday_on(date(2026, 11, 30), ("GB-SCT",)) == "Saint Andrew's Day (GB-SCT)"
    assert holiday_on(date(2026, 11, 30), ("GB",)) is None


def test_a_holiday_in_any_of_the_countries_counts() -> None:
    assert holiday_on(date(2026, 10, 3), ("CN", "DE")) == "National Day (CN)"
    assert holiday_on(date(2026, 12, 25), ("CN", "DE")) == "Christmas Day (DE)"
    assert holiday_on(date(2026, 12, 25), ()) is None


def test_a_country_without_known_holidays_in_a_year_says_so() -> None:
    assert days_off("LK", 2090).note == "no holidays of 2090 are known"


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("CN", True),
        ("HK", True),
        ("GB-SCT", True),
        ("GB-XX", False),
        ("GB-", False),
        ("UK", False),
        ("", False),
    ],
)
def test_only_countries_with_a_calendar_are_known(code: str, known: bool) -> None:
    assert is_known_country(code) is known
