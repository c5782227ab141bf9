"""The file of refused rows: line, reason, and the row as it was. Repaired, it can be imported like its original.

UTF-8 with a mark, so that Excel opens it rightly, and the delimiter of the original. It holds what the original held about
people, so only its owner may read it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from publisher.audience.importing.columns import OWN
from publisher.audience.importing.outcome import MOST_SHOWN, Outcome
from publisher.audience.importing.refusals import Refused
from publisher.core.errors import UserError


class RefusedRows:
    """Writes and counts them. Raises UserError when the file cannot be written."""

    def __init__(self, path: Path, file: TextIO, outcome: Outcome) -> None:
        self.path = path
        self._file = file
        self._outcome = outcome
        self._writer = csv.writer(file)

    def begin(self, names: Sequence[str], width: int, delimiter: str) -> None:
        """`names` are those of the original's header; without one the columns get numbers."""
        self._writer = csv.writer(self._file, delimiter=delimiter)
        self._write([*OWN, *(names or [f"column {n}" for n in range(1, width + 1)])])

    def add(self, line: int, refused: Refused, cells: Sequence[str]) -> None:
        self._outcome.reasons[refused.code] += 1
        if len(self._outcome.refused_rows) < MOST_SHOWN:
            row = {"line": line, "code": refused.code, "reason": refused.reason}
            self._outcome.refused_rows.append(row)
        self._write([line, refused.reason, *cells])

    def close(self) -> None:
        """A file without rows goes away again."""
        try:
            self._file.close()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        finally:
            if not self._outcome.refused and self.path.is_file():  # not /dev/null
                self.path.unlink()

    def _write(self, row: Sequence[object]) -> None:
        try:
            self._writer.writerow(row)
        except OSError as error:
            raise _unwritable(self.path, error) from error


@contextmanager
def refused_rows(original: Path, wanted: Path | None, outcome: Outcome) -> Iterator[RefusedRows]:
    """Into the file `wanted`; else into a new one beside the original, numbered rather than put in the place of one that a
    person may be repairing. Raises UserError when it cannot be written.
    """
    if wanted and wanted.exists() and wanted.samefile(original):
        raise UserError(f"{wanted} is the file to import.", "Name another with --refused FILE.")
    path, file = _created(original, wanted)
    rows = RefusedRows(path, file, outcome)
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
        except OSError as error:
            raise _unwritable(path, error) from error
        else:
            return path, os.fdopen(handle, "w", encoding="utf-8-sig", errors="replace", newline="")


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"The refused rows cannot be written to {path}: {error.strerror}.",
        "Name a place that can be written to with --refused FILE.",
    )
