"""Whole numbers as forms and addresses carry them: ids, versions, counts. Pure."""

from __future__ import annotations

from typing import Final

LARGEST: Final = 2**63 - 1
"""PostgreSQL's largest bigint. Ids may be long: in a database that was restored they begin anew far above the old ones."""


def number_in(text: str) -> int | None:
    """The number that `text` writes in ASCII digits and nothing else; None for what is none, or larger than an id can be."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= LARGEST else None
