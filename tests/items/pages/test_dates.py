"""Dates as pages write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.pages.dates import looks_like_date, order_of, read_date
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
        ("On 6 October 2023", {"en"}),
        ("Published on 6 October 2023", {"en"}),
        ("6 October 2023, 10:00", {"en"}),
        ("6 October 2023 at 10:30 a.m. GMT", {"en"}),
        ("October 6, 2023 - 10:00 (UTC+8)", {"en"}),
        ("Le 6 octobre 2023 à 10h30", {"fr"}),
        ("el 6 de octubre de 2023", {"es"}),
        ("2023年10月6日 星期五", {"zh"}),
        ("2023年10月6日（星期五）10：00", {"zh"}),
        ("星期五，2023年10月6日", {"zh"}),
        ("二〇二三年十月六日", {"zh"}),
        ("二零二三年十月六日", {"zh"}),
        ("发布于2023年10月6日", {"zh"}),
        ("2023-10-06T08:00:00Z", set()),
        ("06.10.2023", set()),
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
        "2023",
        "6 Oktember 2023",
        "On 6 October 2023 we met",
        "13 - 14 October 2023",
        "1 of 5",
        "October figures 2023",
        "Le 6 octobre nous étions là",
    ],
)
def test_what_is_more_or_less_than_a_day_is_no_date(line: str) -> None:
    assert read_date(line) is None


@pytest.mark.parametrize(
    ("written", "first_of"),
    [
        ("August 2023", "2023-08-01"),
        ("août 2023", "2023-08-01"),
        ("agosto de 2023", "2023-08-01"),
        ("2023年8月", "2023-08-01"),
    ],
)
def test_a_month_alone_is_its_first_day(written: str, first_of: str) -> None:
    found = read_date(written)
    assert found is not None
    assert f"{found.instant:%Y-%m-%d}" == first_of


@pytest.mark.parametrize(
    ("written", "day"), [("二十三", 23), ("十", 10), ("十一", 11), ("三十", 30), ("三", 3)]
)
def test_a_chinese_numeral_is_a_number(written: str, day: int) -> None:
    found = read_date(f"二〇二四年一月{written}日")
    assert found is not None
    assert found.instant is not None
    assert (found.instant.year, found.instant.month, found.instant.day) == (2024, 1, day)


@pytest.mark.parametrize(
    ("written", "day_first", "read"),
    [
        ("10/08/2023", None, None),
        ("10/08/2023", True, "2023-08-10"),
        ("10/08/2023", False, "2023-10-08"),
        ("25/08/2023", None, "2023-08-25"),
        ("08-25-2023", None, "2023-08-25"),
        ("08.10.2023", False, "2023-10-08"),
        ("08/08/2023", None, "2023-08-08"),
    ],
)
def test_day_and_month_in_digits_are_told_apart_or_not_guessed(
    written: str, day_first: bool | None, read: str | None
) -> None:
    found = read_date(written, day_first=day_first)
    assert found is not None
    assert (f"{found.instant:%Y-%m-%d}" if found.instant else None) == read
    assert found.ambiguous is (read is None)


def test_a_page_tells_the_order_of_its_dates_unless_it_contradicts_itself() -> None:
    assert order_of(["10/08/2023", "25/08/2023", "text"]) is True
    assert order_of(["10/08/2023", "08/25/2023"]) is False
    assert order_of(["10/08/2023"]) is None
    assert order_of(["25/08/2023", "08/25/2023"]) is None


@pytest.mark.parametrize(
    ("line", "like"),
    [
        ("10 - 12 October 2023", True),
        ("10/8/23", True),
        ("Yesterday", True),
        ("2 days ago", True),
        ("hace 3 días", True),
        ("il y a 2 heures", True),
        ("3天前", True),
        ("16 November", True),
        ("March of the farmers", False),
        ("Yesterday it rained", False),
        ("Oct 6 '2023", True),
        ("In 2023 we met", False),
        ("2023 figures", False),
        ("Chapter 10", False),
    ],
)
def test_what_looks_like_a_date_holds_numbers_and_words_of_dates_only(line: str, like: bool) -> None:
    assert looks_like_date(line) is like


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
