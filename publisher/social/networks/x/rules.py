"""The limits of a post on X."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in weighted characters (twitter-text configuration v3)."""

    limit: int = 280
