"""The length of a status as a Mastodon server counts it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.networks.mastodon.measure import measure
from publisher.social.networks.mastodon.rules import Rules

RULES = Rules()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        ("中文", 2),
        ("👩‍👩‍👧‍👦", 1),
        ("e\u0301", 1),
        ("a\r\nb", 3),
        ("https://example.com/" + "a" * 300, 23),
        ("http://e.org", 23),
        ("https://example.com/a_(b)?x=1. Next", 23 + 6),
        ("https://example.org/路径/文件 完", 23 + 2),
        ("two https://a.org https://b.org", 4 + 23 + 1 + 23),
        ("example.com", 11),
        ("https://host.invalidtld/path", 28),
        ("xhttps://example.com/path", 25),
        ("@ana@social.example.org hi", 7),
        ("@ana hi", 7),
        ("mail ana@example.org", 20),
        ("https://example.org/@ana@social.example", 23),
        ("中文https://e.org", 25),
        ("https://e.org中文", 25),
        ("https://e.org/中文。还有 a", 25),
        ("https://e.org/?a=中。文", 23),
        ("https://e.org/a_(b_(c)).", 24),
        ("gemini://e.org", 23),
        ("https://e.org@ana@b.org", 23),
        ("@ana@e.org@x", 12),
        ("@ana@e.org://x", 14),
        ("@ana@e.orgé", 4),
        ("\u202ehttps://e.org", 14),
    ],
)
def test_the_length(text: str, length: int) -> None:
    assert measure(text, RULES).length == length


def test_limit_and_price_of_a_link_are_the_servers() -> None:
    rules = Rules(limit=60, url_length=30)
    assert measure("a" * 29 + " https://e.org/", rules).length == 60
    assert measure("a" * 29 + " https://e.org/", rules).fits
    assert measure("a" * 30 + " https://e.org/", rules).why == "1 characters too long"


def test_the_content_warning_counts() -> None:
    assert measure("text", Rules(limit=10, warning="warning")).length == 11
    assert not measure("text", Rules(limit=10, warning="warning")).fits


def test_blank_is_empty() -> None:
    assert measure(" \n", RULES).why == "the text is empty"


@given(st.text(max_size=200))
def test_any_text_has_a_length(text: str) -> None:
    result = measure(text, RULES)
    assert result.fits == (result.why == "")


@given(st.text(st.characters(categories=["Ll", "Lo", "Lu"]), max_size=60), st.text(max_size=60))
def test_a_longer_text_is_never_shorter_in_words(first: str, second: str) -> None:
    assert measure(f"{first} {second}", RULES).length >= measure(first, RULES).length
