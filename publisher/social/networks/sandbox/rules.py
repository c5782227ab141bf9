"""The limits of the sandbox network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in Unicode code points."""

    limit: int = 500
