"""How each channel and digest is told apart in the calendar: a colour and a pattern, so that colour alone says nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TINTS = 8
WEAVES = 8


@dataclass(frozen=True)
class Mark:
    """`tint` names a colour, `weave` a pattern of `calendar.css`; two channels share both only when there are more than 64."""

    tint: int
    weave: int


def marks(ids: Iterable[int], *, first: int = 0) -> dict[int, Mark]:
    """A mark for each id, from the mark `first` on. It stays the same as long as no lower id goes."""
    return {key: Mark(n % TINTS, (n + n // TINTS) % WEAVES) for n, key in enumerate(sorted(ids), first)}
