"""Rows of the delivery log as CSV that no spreadsheet takes for formulas. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from publisher.core.spreadsheets import safe_cell
from publisher.delivery.log import ExportRow

BOM = "\ufeff"
"""Spreadsheets take UTF-8 for what it is only with this in front."""

LINES = 500
"""Rows in one piece of the answer."""


def csv_lines(rows: Iterable[ExportRow]) -> Iterator[str]:
    """The heading and one line a row, in pieces of `LINES` rows, ready to be sent."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerow(ExportRow._fields)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_cell(value) for value in row])
        if number % LINES == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return safe_cell(str(value))
