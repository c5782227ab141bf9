"""No cell that Publisher writes is run by a spreadsheet, and what it was can be had back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.spreadsheets import original_cell, safe_cell

RUN = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
CELLS = st.one_of(st.text(), st.text("'=+-@ \t\r\n\ufeff＝＠1a", max_size=8))


@given(CELLS)
def test_no_cell_begins_like_a_formula_and_the_text_can_be_had_back(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.lstrip(" \u3000\ufeff\0\t\r\n").startswith(RUN)
    assert not cell.startswith(("\t", "\r", "\n"))
    assert cell.endswith(text)
    assert original_cell(cell) == text


@pytest.mark.parametrize("text", ["lin@example.org", "O'Brien", "'tis", "1+1=2", "", "林"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == original_cell(text) == text


@pytest.mark.parametrize("text", ["=1+1", "  =1+1", "+86 10", "-5", "@SUM(A1)", "\t=1", "＝1", "'=1"])
def test_what_would_be_run_becomes_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
