"""Whole numbers as short text: digits and small letters."""

from __future__ import annotations

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)


def base36(number: int) -> str:
    """`number` (0 or more) in base 36; `int(text, 36)` is the reverse."""
    text = ""
    while number >= len(_PAIRS):
        number, rest = divmod(number, len(_PAIRS))
        text = _PAIRS[rest] + text
    return (_PAIRS[number] + text).lstrip("0") or "0"
