"""What an import is asked to do, and what it did. Shapes only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from publisher.audience.importing.columns import Said
from publisher.audience.importing.given import Offer

MOST_SHOWN = 1000
"""So many refused rows, and so many that were passed over, are kept to be shown; all are counted."""

Progress = Callable[[str, int, int], None]
"""Told what is being done (`reading`, `sorting`, `writing`), how much of it is done, and how much there is."""


class Verdict(StrEnum):
    """What becomes of a good row. `ADDED`: a new person who is subscribed, too."""

    ADDED = "added"
    SUBSCRIBED = "subscribed"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    LEFT = "left"
    SUPPRESSED = "suppressed"
    ERASED = "erased"
    DUPLICATE = "duplicate"


PASSED_OVER = (Verdict.DUPLICATE, Verdict.LEFT, Verdict.SUPPRESSED, Verdict.ERASED)


@dataclass(frozen=True)
class Plan:
    """What is asked for. `columns` goes before what names of columns mean.

    `language` is for new readers whose row names none; `consent` for rows without a word on it; `update` changes those who
    are subscribed already; `dry` changes nothing. `refused` is where refused rows are written; None: beside the file, and in a
    dry run nowhere. `tag_id` is a tag for everybody in the file.
    """

    offer: Offer
    language: str
    consent: str = ""
    columns: Said = field(default_factory=dict)
    encoding: str = ""
    update: bool = False
    dry: bool = False
    refuse_roles: bool = False
    refused: Path | None = None
    tag_id: int | None = None


@dataclass
class Outcome:
    """What an import did, or would do. `rows` counts good rows by verdict."""

    encoding: str = ""
    delimiter: str = ""
    header: bool = True
    columns: dict[str, str] = field(default_factory=dict)
    unknown_columns: tuple[str, ...] = ()
    read: int = 0
    staged: int = 0
    roles: int = 0
    rows: Counter[Verdict] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    refused_rows: list[dict[str, Any]] = field(default_factory=list)
    passed_over: list[dict[str, Any]] = field(default_factory=list)
    refused_file: Path | None = None

    @property
    def refused(self) -> int:
        return self.reasons.total()

    def counts(self) -> dict[str, int]:
        """`read` is the sum of the others, less `added`, who are counted as subscribed, too."""
        added = self.rows[Verdict.ADDED]
        return {
            "read": self.read,
            "added": added,
            "subscribed": self.rows[Verdict.SUBSCRIBED] + added,
            "unchanged": self.rows[Verdict.UNCHANGED],
            "updated": self.rows[Verdict.UPDATED],
            "refused": self.refused,
            "left": self.rows[Verdict.LEFT],
            "suppressed": self.rows[Verdict.SUPPRESSED],
            "erased": self.rows[Verdict.ERASED],
            "duplicates": self.rows[Verdict.DUPLICATE],
        }
