"""How long a subject is where people read it: in a list of mails, on a phone most of all. Pure.

Counted in columns, since room is what is short: a Chinese character takes two. 40 columns are what a phone shows for certain,
up to 50 nearly every mailbox shows whole, and beyond 70 phones cut it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

PHONE: Final = 40
GOOD: Final = 50
CUT: Final = 70

Level = Literal["empty", "good", "long", "cut"]


@dataclass(frozen=True)
class Hint:
    """A finished subject, how long it is, and what a phone shows of it."""

    subject: str
    characters: int
    columns: int
    level: Level
    phone: str


def hint(subject: str) -> Hint:
    """What to say of a finished subject."""
    wide = columns(subject)
    level: Level = "empty" if not subject else "good" if wide <= GOOD else "long" if wide <= CUT else "cut"
    return Hint(subject, len(subject), wide, level, first_columns(subject, PHONE))


def columns(text: str) -> int:
    """How many columns a text takes; a mark that stands on another character takes none."""
    return sum(map(_width, text))


def first_columns(text: str, most: int) -> str:
    """The beginning of a text that has room in so many columns, with an ellipsis in the last when it is cut."""
    if columns(text) <= most:
        return text
    kept, used = [], 0
    for sign in text:
        used += _width(sign)
        if used > most - 1:
            break
        kept.append(sign)
    return "".join(kept).rstrip() + "…"


def _width(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1
