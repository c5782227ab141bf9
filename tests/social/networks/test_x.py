"""The weighted length of X, by the cases that its own library is tested with and those in which it fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.networks.x.measure import measure
from publisher.social.networks.x.rules import Rules

RULES = Rules()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        ("中文", 4),
        ("日本語とEnglish", 15),
        ("ﷺ", 2),
        ("“quoted” – dash…", 17),
        ("café", 4),
        ("cafe\u0301", 4),
        ("مرحبا", 5),
        ("😀", 2),
        ("👩‍👩‍👧‍👦", 2),
        ("🇨🇳", 2),
        ("👍🏽", 2),
        ("https://example.com", 23),
        ("https://example.com/" + "a" * 300, 23),
        ("see example.com now", 31),
        ("http://a.b", 10),
        ("a\r\nb", 3),
        ("a\rb", 3),
        ("مرحباexample.com/a", 28),
        ("@name #tag $cash", 16),
        ("mail@example.com", 16),
        ("©®", 2),
        ("©️", 2),
        ("🧑‍🤝‍🧑", 8),
        ("👬🏿", 4),
        ("👁‍🗨️", 4),
        ("e.gſ", 4),
        (
            "气候变化与可持续发展目标新闻发布会议程安排通知公告文件资料下载中心联系方式电话号码地址example.com",
            97,
        ),
    ],
)
def test_the_weighted_length(text: str, length: int) -> None:
    assert measure(text, RULES).length == length


def test_the_limit_is_280() -> None:
    assert measure("a" * 280, RULES).fits
    assert measure("a" * 281, RULES).why == "1 characters too long"
    assert measure("中" * 140, RULES).fits
    assert not measure("中" * 141, RULES).fits


def test_full_stops_alone_take_no_room_from_a_text() -> None:
    assert measure("." * 280, RULES).fits
    assert measure("a." * 140, RULES).fits


def test_an_empty_text_does_not_fit() -> None:
    assert measure("", RULES).why == "the text is empty"


def test_a_character_that_x_refuses_is_named() -> None:
    assert "refuses" in measure("a\ufeffb", RULES).why


@pytest.mark.parametrize("text", ["a." * 1000, "a" * 100_000, "https://" + "a." * 5000, "é." * 3000])
def test_what_the_library_cannot_measure_in_time_is_refused(text: str) -> None:
    result = measure(text, RULES)
    assert not result.fits
    assert "to be measured" in result.why


@given(st.text(max_size=200))
def test_any_text_has_a_length(text: str) -> None:
    result = measure(text, RULES)
    assert result.length >= 0
    assert result.fits == (result.why == "")


@given(st.text(st.characters(categories=["Ll", "Lo", "Lu"]), max_size=60), st.text(max_size=60))
def test_a_longer_text_is_never_shorter_in_words(first: str, second: str) -> None:
    assert measure(f"{first} {second}", RULES).length >= measure(first, RULES).length
