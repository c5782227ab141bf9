"""LinkedIn: nothing is sent that it would cut off, and the length is that of what is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.networks.linkedin.measure import escape, measure
from publisher.social.networks.linkedin.rules import Rules

RULES = Rules()


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain text, with: punctuation!", "plain text, with: punctuation!"),
        ("Report (2025) [draft]", r"Report \(2025\) \[draft\]"),
        (r"\|{}@[]()<>#*_~", r"\\\|\{\}\@\[\]\(\)\<\>\#\*\_\~"),
        ("See #ClimateAction now", r"See {hashtag|\#|ClimateAction} now"),
        ("#气候行动 #Water", r"{hashtag|\#|气候行动} {hashtag|\#|Water}"),
        ("#a_b c#d ##e # f", r"\#a\_b c\#d \#\#e \# f"),
        ("https://e.org/a_b#part", r"https://e.org/a\_b\#part"),
    ],
)
def test_reserved_characters_are_escaped_and_hashtags_kept(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_the_length_is_that_of_the_escaped_text() -> None:
    assert measure("(a)", RULES).length == 5
    assert measure("a" * 3000, RULES).fits
    assert measure("(" * 1501, RULES).why == "2 characters too long"


def test_an_emoji_counts_two() -> None:
    assert measure("😀", RULES).length == 2


def test_blank_is_empty() -> None:
    assert measure("  ", RULES).why == "the text is empty"


@given(st.text(max_size=200).filter(lambda text: "#" not in text))
def test_escaping_can_be_undone(text: str) -> None:
    undone, rest = "", iter(escape(text))
    for character in rest:
        undone += next(rest) if character == "\\" else character
    assert undone == text


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_longer_text_is_never_shorter(first: str, second: str) -> None:
    assert measure(f"{first} {second}", RULES).length >= measure(first, RULES).length
