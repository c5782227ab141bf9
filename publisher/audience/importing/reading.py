"""From lines to good rows; all others are refused on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from publisher.audience.importing.dialect import Layout
from publisher.audience.importing.outcome import Outcome
from publisher.audience.importing.records import Lines, Record, Shape, records
from publisher.audience.importing.refusals import Refused
from publisher.audience.importing.rows import Checker, Staged
from publisher.core.spreadsheets import original_cell

_STEP: Final = 5_000  # rows between two reports of progress

Refuse = Callable[[int, Refused, Sequence[str]], None]
"""Told of each refused row: its line, why, and its cells."""


def good_rows(
    lines: Lines,
    layout: Layout,
    *,
    checker: Checker,
    outcome: Outcome,
    refuse: Refuse,
    report: Callable[[], None],
) -> Iterator[Staged]:
    """Counts all rows in `outcome`; `report` is called now and then, and at the end."""
    made_safe = layout.made_safe
    for record in records(lines, _shape(layout)):
        outcome.read += 1
        if outcome.read % _STEP == 0:
            report()
        if made_safe:
            record.cells[:] = map(original_cell, record.cells)
        try:
            yield checker.check(record.line, _cells(record, layout.width))
        except Refused as error:
            refuse(record.line, error, record.cells)
    report()


def _shape(layout: Layout) -> Shape:
    """The word on consent is free text; all other cells that are read are short."""
    places = layout.columns.places
    short = frozenset(place for field, place in places.items() if field != "consent")
    return Shape(layout.delimiter, layout.width, places["email"], short)


def _cells(record: Record, width: int) -> list[str]:
    """As many as the header has; empty ones behind them do not count."""
    if record.problem:
        raise Refused(record.problem)
    cells = record.cells
    if len(cells) == width:
        return cells
    if len(cells) < width or any(cells[width:]):
        raise Refused("columns", found=len(cells), expected=width)
    return cells[:width]
