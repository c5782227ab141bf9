"""Cells of the CSV files that Publisher writes: no spreadsheet takes one for a formula. Pure.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (OWASP, “CSV Injection”), and what people gave as their name or
address stands in such cells. An apostrophe in front makes them text.
"""

from __future__ import annotations

import re
from typing import Final

# Full-width forms count, blanks and what is invisible in front do not. A cell that has apostrophes before all that, or among
# it, gets one more, so that it can be told from one that was made safe, also when a reader took blanks in front off.
_FORMULA: Final = re.compile(
    "[ ']*[\t\r\n]|[\\s'\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
)


def safe_cell(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run it."""
    return f"'{text}" if _FORMULA.match(text) else text


def original_cell(cell: str) -> str:
    """The text that `safe_cell` made this cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
