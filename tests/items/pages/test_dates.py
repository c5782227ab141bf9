"""Dates as pages write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.pages.dates import read_date
from publisher.items.pages.words import KINDS, MONTHS


@pytest.mark.parametrize(
    ("written", "languages"),
    [
        ("06 October 2023", {"en"}),
        ("6 Oct. 2023", {"en", "fr", "es"}),
        ("October 6, 2023", {"en"}),
        ("Friday, 6 October 2023", {"en"}),
        ("2023-10-06", set()),
        ("2023/10/6", set()),
        ("2023年10月6日", {"zh"}),
        ("2023 年 10 月 6 日", {"zh"}),
        ("6 octobre 2023", {"fr"}),
        ("vendredi 6 octobre 2023", {"fr"}),
        ("6 de octubre de 2023", {"es"}),
        ("viernes, 6 de octubre del 2023", {"es"}),
        ("6th of October 2023", {"en"}),
    ],
)
def test_a_day_is_read_in_each_way_of_writing_it(written: str, languages: set[str]) -> None:
    found = read_date(written)
    assert found is not None
    assert found.instant is not None
    assert (f"{found.instant:%Y-%m-%d}", set(found.languages)) == ("2023-10-06", languages)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "October 2023",
        "2023",
        "6 Oktember 2023",
        "On 6 October 2023 we met",
        "13 - 14 October 2023",
        "1 of 5",
        "10/06/2023",
    ],
)
def test_what_is_more_or_less_than_a_day_is_no_date(line: str) -> None:
    assert read_date(line) is None


def test_a_day_that_does_not_exist_is_a_date_without_an_instant() -> None:
    found = read_date("31 February 2025")
    assert found is not None
    assert found.instant is None


def test_no_month_is_two_months_and_no_kind_is_empty() -> None:
    assert [name for name, by_language in MONTHS.items() if len(set(by_language.values())) > 1] == []
    assert "" not in KINDS


def test_each_month_is_named_in_three_languages() -> None:
    assert {(language, number) for by in MONTHS.values() for language, number in by.items()} == {
        (language, number) for language in ("en", "fr", "es") for number in range(1, 13)
    }


@given(st.text(max_size=60) | st.from_regex(r"\d{1,4}[ ./年-]\w{1,9}[ ./月-]\d{1,4}日?", fullmatch=True))
def test_any_line_can_be_asked(line: str) -> None:
    read_date(line)
