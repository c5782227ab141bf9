"""The file of refused rows: line, reason, and the row as it was. Repaired, it can be imported like its original.

UTF-8 with a mark, so that Excel opens it rightly, and the delimiter of the original. What a spreadsheet would run is made text by
an apostrophe, which is taken off again when the file is imported (`Layout.made_safe`). It holds what the original held about
people, so only its owner may read it.
"""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from publisher.audience.importing.columns import OWN
from publisher.audience.importing.dialect import Layout
from publisher.audience.importing.outcome import MOST_SHOWN, Outcome
from publisher.audience.importing.refusals import Refused
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.core.spreadsheets import original_cell, safe_cell


class RefusedRows:
    """Writes and counts them; its file is made with the first. Raises UserError when it cannot be written.

    `only_count`: no file is made.
    """

    def __init__(
        self, original: Path, wanted: Path | None, layout: Layout, outcome: Outcome, *, only_count: bool
    ) -> None:
        self._original = original
        self._wanted = wanted
        self._only_count = only_count
        self._delimiter = layout.delimiter
        self._header = [*OWN, *(layout.names or _named_by_fields(layout))]
        self._outcome = outcome
        self._file: TextIO | None = None

    def add(self, line: int, refused: Refused, cells: Sequence[str]) -> None:
        self._outcome.reasons[refused.code] += 1
        if len(self._outcome.refused_rows) < MOST_SHOWN:
            row = {"line": line, "code": refused.code, "reason": refused.reason}
            self._outcome.refused_rows.append(row)
        if self._only_count:
            return
        with _in_words(self._outcome.refused_file or self._original.parent):
            if self._file is None:
                self._outcome.refused_file, self._file = _created(self._original, self._wanted)
                self._writer = csv.writer(self._file, delimiter=self._delimiter)
                self._writer.writerow(map(safe_cell, self._header))
            self._writer.writerow([line, *map(safe_cell, (refused.reason, *cells))])

    def close(self) -> None:
        """A file that is asked for holds this import's rows, or is not there."""
        if self._file is not None:
            with _in_words(self._outcome.refused_file or self._original.parent):
                self._file.close()
        elif self._wanted and self._wanted.is_file():  # not /dev/null
            self._wanted.unlink()


@dataclass(frozen=True)
class RefusedRow:
    """Of a row of such a file: the line that it had in its original, and why it was refused."""

    line: int
    reason: str


def read(pieces: Iterable[bytes]) -> Iterator[RefusedRow]:
    """The rows of a file as it is written here, or for the suppression list."""
    lines = _lines(pieces)
    header = next(lines, "")
    delimiter = header[len(OWN[0]) :][:1] or ","
    reader = csv.reader(chain([header], lines), delimiter=delimiter)
    while True:
        try:
            row = next(reader, None)
        except csv.Error:  # a field that is longer than this module reads: it is whole in the file
            continue
        if row is None:
            return
        line = number_in(row[0]) if len(row) > 1 else None
        if line is not None:  # else it is the header, or what is left of such a field
            yield RefusedRow(line, original_cell(row[1]))


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    decoder, held = codecs.getincrementaldecoder("utf-8-sig")("replace"), ""
    for piece in pieces:
        *whole, held = (held + decoder.decode(piece)).split("\n")
        yield from (f"{line}\n" for line in whole)
    if held:
        yield held


def _named_by_fields(layout: Layout) -> list[str]:
    """A header for rows that had none, so that they can be imported without a word on their columns."""
    fields = {place: field for field, place in layout.columns.places.items()}
    return [fields.get(place, f"column {place + 1}") for place in range(layout.width)]


@contextmanager
def refused_rows(
    original: Path, wanted: Path | None, layout: Layout, outcome: Outcome, *, dry: bool = False
) -> Iterator[RefusedRows]:
    """Into the file `wanted`; else into a new one beside the original, numbered rather than put in the place of one that a
    person may be repairing. In a `dry` run only into one that is wanted.
    """
    if wanted and wanted.exists() and wanted.samefile(original):
        raise UserError(
            _("%(wanted)s is the file to import.") % {"wanted": wanted},
            _("Name another with --refused FILE."),
        )
    rows = RefusedRows(original, wanted, layout, outcome, only_count=dry and wanted is None)
    try:
        yield rows
    finally:
        rows.close()


def _created(original: Path, wanted: Path | None) -> tuple[Path, TextIO]:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if wanted else os.O_EXCL)
    number = 1
    while True:
        more = f".{number}" if number > 1 else ""
        path = wanted or original.with_name(f"{original.stem}.refused{more}.csv")
        try:
            handle = os.open(path, flags, 0o600)
        except FileExistsError:
            number += 1
        else:
            return path, os.fdopen(handle, "w", encoding="utf-8-sig", errors="replace", newline="")


@contextmanager
def _in_words(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            _("The refused rows cannot be written to %(value)s: %(strerror)s.")
            % {"value": error.filename or place, "strerror": error.strerror},
            _("Nothing is imported yet. Name a place that can be written to with --refused FILE."),
        ) from error
