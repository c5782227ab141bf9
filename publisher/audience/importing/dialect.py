"""How a text is a table: its delimiter, its header, and what each column means."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from publisher.audience.importing import columns
from publisher.audience.importing.columns import Columns, Said, Unsaid
from publisher.audience.importing.records import Lines
from publisher.core.errors import UserError
from publisher.core.spreadsheets import original_cell

_DELIMITERS: Final = (",", ";", "\t")
_EXCEL: Final = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """What the first line says. `names` are empty when it is a row already; then the lines begin with it."""

    delimiter: str
    names: tuple[str, ...]
    width: int
    columns: Columns

    @property
    def made_safe(self) -> bool:
        """Whether it is a file of refused rows, whose cells were made safe for spreadsheets."""
        return columns.are_own(self.names)


def layout_of(lines: Lines, said: Said, name: str) -> Layout:
    """Read the header. Raises UserError when no column holds addresses, and Unsaid when `said` does not fit."""
    delimiter, cells = first_row(lines, name)
    if _is_row(cells, said):
        found = columns.resolve(cells, said or {"1": "email"})
        return Layout(delimiter, (), len(cells), Columns(found.places))
    _first_record(lines, delimiter, keep=True)
    if columns.are_own(cells):
        cells = [original_cell(each) for each in cells]
    found = columns.resolve(cells, said)
    if "email" not in found.places:
        raise Unsaid(
            f"No column of {name} is known to hold addresses.",
            f"Its columns: {columns.listed(cells)}. Say which with --map COLUMN=email; without a header --map 1=email.",
        )
    return Layout(delimiter, tuple(each.strip() for each in cells), len(cells), found)


def first_row(lines: Lines, name: str) -> tuple[str, list[str]]:
    """The delimiter, and the cells of the first line, which is given back. Raises UserError."""
    delimiters = _delimiters(lines, name)
    read = {each: cells for each in delimiters if (cells := _first_record(lines, each))}
    if not read:
        raise UserError(
            _("The first line of %(name)s has broken quotes.") % {"name": name},
            _("Correct it, and try again."),
        )
    delimiter = max(read, key=lambda each: (_meaningful(read[each]), len(read[each])))
    return delimiter, read[delimiter]


def _delimiters(lines: Lines, name: str) -> tuple[str, ...]:
    """Excel may write the delimiter into a line of its own; blank lines before the header are passed over."""
    for line in lines:
        said = _EXCEL.fullmatch(line)
        if said:
            lines.begin()
            return (said[1],)
        if line.strip():
            lines.retreat(keep=0)
            return _DELIMITERS
        lines.begin()
    raise UserError(
        _("%(name)s is empty.") % {"name": name}, _("Give a CSV file with a row for each person.")
    )


def _first_record(lines: Lines, delimiter: str, *, keep: bool = False) -> list[str]:
    """The first record as this delimiter cuts it; empty when it cannot. Given back unless it is kept."""
    lines.begin()
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return []
    finally:
        if not keep:
            lines.retreat(keep=0)


def _meaningful(cells: list[str]) -> int:
    return len({columns.field_of(cell) for cell in cells} - {""})


def _is_row(cells: list[str], said: Said) -> bool:
    """Whether the first line is no header: the column of addresses has an address in it already, or what shall be one."""
    places = [int(each) - 1 for each, field in said.items() if field == "email" and str(each).isdecimal()]
    if not places and len(cells) == 1:
        places = [0]
    return any("@" in cells[place] for place in places if place < len(cells))
