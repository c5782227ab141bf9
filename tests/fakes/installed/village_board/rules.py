"""The limits of a note on the board."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in code points: what a card of the board has room for."""

    limit: int = 200
