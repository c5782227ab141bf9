"""The sandbox network counts code points."""

from __future__ import annotations

import pytest

from publisher.social.networks.sandbox.measure import measure
from publisher.social.networks.sandbox.rules import Rules


@pytest.mark.parametrize(("text", "length"), [("a\r\nb", 3), ("e\u0301", 1), ("中文", 2), ("🇨🇳", 2)])
def test_the_length_is_in_code_points(text: str, length: int) -> None:
    assert measure(text, Rules()).length == length


def test_the_limit_is_500() -> None:
    assert measure("a" * 500, Rules()).fits
    assert measure("a" * 502, Rules()).why == "2 characters too long"
    assert measure("", Rules()).why == "the text is empty"
