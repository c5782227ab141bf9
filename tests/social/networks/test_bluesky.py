"""The length of a post on Bluesky: graphemes and bytes, both with a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.networks.bluesky.measure import measure
from publisher.social.networks.bluesky.rules import Rules

RULES = Rules()
FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        ("中文", 2),
        (FAMILY, 1),
        ("🇨🇳", 1),
        ("e\u0301", 1),
        ("क्षि", 1),
        ("\u094d\u0915", 2),
        ("https://example.com/abc", 23),
    ],
)
def test_the_length_is_in_graphemes(text: str, length: int) -> None:
    assert measure(text, RULES).length == length


def test_the_limit_is_300_graphemes() -> None:
    assert measure("中" * 300, RULES).fits
    assert measure("中" * 301, RULES).why == "1 characters too long"


def test_few_graphemes_may_still_be_too_many_bytes() -> None:
    assert measure(FAMILY * 120, RULES).fits
    assert measure(FAMILY * 121, RULES).why == "25 bytes too long"


def test_an_empty_text_does_not_fit() -> None:
    assert measure("", RULES).why == "the text is empty"


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_longer_text_is_never_shorter(first: str, second: str) -> None:
    assert measure(f"{first} {second}", RULES).length >= measure(first, RULES).length
