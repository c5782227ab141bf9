"""Whole numbers as short text: digits and small letters."""

from __future__ import annotations

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE = 36 * 36
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)


def base36(number: int) -> str:
    """`number` (0 or more) in base 36; `int(text, 36)` is the reverse."""
    text = ""
    while number >= _BASE:
        number, rest = divmod(number, _BASE)
        text = _PAIRS[rest] + text
    return (_PAIRS[number] + text).lstrip("0") or "0"
