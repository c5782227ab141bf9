"""Whole numbers out of forms and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.numbers import LARGEST, number_in


@given(st.integers(min_value=0, max_value=LARGEST))
def test_every_id_that_postgresql_can_give_is_read(number: int) -> None:
    assert number_in(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "1.0", "1 ", "1_000", "٣", "²", "x", str(LARGEST + 1), "9" * 5000]
)
def test_what_is_no_number_or_too_large_for_one_is_none(text: str) -> None:
    assert number_in(text) is None
