"""Rows of the delivery log as CSV that no spreadsheet takes for formulas. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from publisher.delivery.models import Delivery

BOM = "\ufeff"
"""Spreadsheets take UTF-8 for what it is only with this in front."""

# What a spreadsheet may take for the beginning of a formula (OWASP, “CSV Injection”), full-width forms too.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

COLUMNS = (
    *("id", "written", "state", "edition", "channel", "item", "address", "tries", "code", "enhanced_code"),
    *("reason", "message_id", "url", "sent", "settled"),
)


def csv_lines(rows: Iterable[Delivery]) -> Iterator[str]:
    """The heading and one line a row, ready to be sent."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield BOM
    for values in _all(rows):
        writer.writerow([safe_cell(value) for value in values])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def safe_cell(value: object) -> str:
    """A cell's text; an apostrophe goes before whatever would be read as a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    text = str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _all(rows: Iterable[Delivery]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for row in rows:
        yield (
            *(
                row.pk,
                row.created_at,
                row.state,
                row.edition,
                row.channel,
                row.post.item.title if row.post else "",
            ),
            *(row.address, row.attempts, row.code, row.enhanced, row.reason, row.remote_id, row.remote_url),
            *(row.sent_at, row.settled_at),
        )
