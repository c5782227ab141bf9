"""Rows of a list as CSV that no spreadsheet takes for formulas, or as JSON, one object a line. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from publisher.core.spreadsheets import safe_cell
from publisher.delivery.models import Export

BOM = "\ufeff"
"""Spreadsheets take UTF-8 for what it is only with this in front."""

TYPES = {Export.Form.CSV: "text/csv; charset=utf-8", Export.Form.JSON: "application/x-ndjson; charset=utf-8"}


def piece(rows: Iterable[Sequence[Any]], form: str, *, columns: Sequence[str], first: bool) -> bytes:
    """These rows, a value for each column; before the first of a CSV file stands its heading."""
    text = _csv(rows, columns if first else ()) if form == Export.Form.CSV else _json(rows, columns)
    return text.encode()


def _csv(rows: Iterable[Sequence[Any]], heading: Sequence[str]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if heading:
        buffer.write(BOM)
        writer.writerow(map(safe_cell, heading))
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return safe_cell(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))


def _json(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> str:
    objects = (dict(zip(columns, row, strict=True)) for row in rows)
    return "".join(json.dumps(each, ensure_ascii=False, default=_iso) + "\n" for each in objects)


def _iso(value: object) -> str:
    assert isinstance(value, datetime)  # noqa: S101 - a row holds texts, numbers, times and what JSON has
    return value.astimezone(UTC).isoformat()
