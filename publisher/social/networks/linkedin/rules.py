"""The limits of a LinkedIn post's commentary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in UTF-16 code units of the escaped text: the strictest reading of LinkedIn's “3000
    characters”.
    """

    limit: int = 3000
