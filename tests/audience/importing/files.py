"""Reading bytes the way an import does, without a database; and files to import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from publisher.audience.importing import dialect, opening
from publisher.audience.importing.dialect import Layout
from publisher.audience.importing.given import Offer
from publisher.audience.importing.outcome import Outcome
from publisher.audience.importing.reading import good_rows
from publisher.audience.importing.records import Lines
from publisher.audience.importing.refusals import Refused
from publisher.audience.importing.rows import Checker, Staged
from tests.builders import NOON

OFFER = Offer(
    digest_id=1,
    languages=("en", "zh"),
    topics={"water": 3, "水": 3, "food": 1, "peace, justice and law": 7},
    kinds={"story": "story", "press release": "press_release", "video": "video"},
)


@dataclass
class Read:
    """What was read: the layout, good rows, and (line, code, cells) of those refused."""

    encoding: str
    layout: Layout
    outcome: Outcome
    rows: list[Staged] = field(default_factory=list)
    refused: list[tuple[int, str, list[str]]] = field(default_factory=list)

    @property
    def codes(self) -> list[tuple[int, str]]:
        return [(line, code) for line, code, _cells in self.refused]

    @property
    def emails(self) -> list[str]:
        return [row.email for row in self.rows]


def read(data: bytes | str, *, said: dict[str, str] | None = None, encoding: str = "", **given: Any) -> Read:
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    encoding = opening.encoding_of(file, "readers.csv", given=encoding)
    lines = Lines(opening.as_text(file, encoding))
    layout = dialect.layout_of(lines, said or {}, "readers.csv")
    checker = Checker(OFFER, layout.columns.places, encoding, NOON, **{"consent": "fair", **given})
    found = Read(encoding, layout, Outcome())

    def refuse(line: int, refused: Refused, cells: Sequence[str]) -> None:
        found.refused.append((line, refused.code, list(cells)))

    found.rows = list(
        good_rows(lines, layout, checker=checker, outcome=found.outcome, refuse=refuse, report=lambda: None)
    )
    found.outcome.roles = checker.roles
    return found


def a_csv(*rows: Iterable[str], **dialect: Any) -> str:
    text = io.StringIO()
    csv.writer(text, **dialect).writerows(rows)
    return text.getvalue()
