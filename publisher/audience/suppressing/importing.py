"""Bringing in a list of addresses that must not be written to. Nothing is ever lifted, shortened or weakened by it.

Good rows are copied into a temporary table, and from there into the list by one statement for each 50,000, in the order of
addresses, as everybody else locks them. An import that died is simply run again.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from publisher.audience import erased
from publisher.audience.importing import opening, refused
from publisher.audience.importing.records import Lines
from publisher.audience.importing.refused import RefusedRow
from publisher.audience.models import Suppression, SuppressionImport
from publisher.audience.suppressing import table
from publisher.audience.suppressing.searching import IMPORTED
from publisher.audience.suppressing.strength import STRENGTH
from publisher.audience.suppressing.table import Bad, Layout, Row
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.spreadsheets import safe_cell

LARGEST: Final = 32 << 20
"""Bytes of a file by the desk and the API: some hundred thousand rows. A larger one is brought in by the command."""
CHUNK: Final = 50_000
MOST_KEPT: Final = 100_000
"""Bad rows of one import that are kept; all are counted."""
KEPT: Final = timedelta(days=30)
"""How long bad rows are kept: they hold addresses."""
COLUMNS: Final = ("email", "reason", "at", "until", "evidence")

CREATE: Final = """
CREATE TEMPORARY TABLE suppression_row (
    line bigint, email_key text, reason text, evidence text, at timestamptz, until timestamptz
) ON COMMIT DROP
"""
# Nobody writes to who was erased, and their address is not to be kept again. They count as unchanged.
DROP_ERASED: Final = """
DELETE FROM suppression_row USING audience_erased
WHERE hash = sha256(%(salt)s::bytea || convert_to(email_key, 'UTF8'))
"""
_STRONG: Final = " ".join(f"WHEN '{reason.value}' THEN {strength}" for reason, strength in STRENGTH.items())
# Of an address that stands in the file twice the strongest word counts, and it lasts as long as the longest.
SORT: Final = f"""
CREATE TEMPORARY TABLE suppression_sorted ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY email_key) AS n, each.* FROM (
    SELECT DISTINCT ON (email_key) email_key, reason, evidence, at,
           CASE WHEN bool_or(until IS NULL) OVER same THEN NULL ELSE max(until) OVER same END AS until
    FROM suppression_row WINDOW same AS (PARTITION BY email_key)
    ORDER BY email_key, CASE reason {_STRONG} END DESC, line
) each
"""  # noqa: S608 - of constants
# `p` is the entry that stands. One that has ended is begun anew; else the stronger reason and the later end win.
_OVER: Final = "((p.until <= %(now)s) IS TRUE)"
_WINS: Final = f"({_OVER} OR CASE excluded.reason {_STRONG} END > CASE p.reason {_STRONG} END)"
ADD: Final = f"""
INSERT INTO audience_suppression AS p (email_key, reason, evidence, at, until)
SELECT email_key, reason, evidence, at, until FROM suppression_sorted WHERE n > %(after)s AND n <= %(to)s ORDER BY email_key
ON CONFLICT (email_key) DO UPDATE SET
    reason = CASE WHEN {_WINS} THEN excluded.reason ELSE p.reason END,
    evidence = CASE WHEN {_WINS} THEN excluded.evidence ELSE p.evidence END,
    at = CASE WHEN {_WINS} THEN excluded.at ELSE p.at END,
    until = CASE WHEN {_OVER} THEN excluded.until
                 WHEN p.until IS NULL OR excluded.until IS NULL THEN NULL
                 ELSE greatest(p.until, excluded.until) END
WHERE {_WINS} OR p.until IS NOT NULL AND (excluded.until IS NULL OR excluded.until > p.until)
RETURNING (xmax = 0)
"""  # noqa: S608 - of constants


def import_list(
    file: BinaryIO, name: str, *, user: Actor, now: datetime, encoding: str = ""
) -> SuppressionImport:
    """All of a file; gives what became of it. Raises `UserError` for what is no table of addresses."""
    found = opening.encoding_of(file, name, given=encoding)
    lines = Lines(opening.as_text(file, found))
    layout = table.layout_of(lines)
    with transaction.atomic():
        done = SuppressionImport.objects.create(
            name=name[:200], by=user if isinstance(user, User) else None, by_name=audit.name_of(user), at=now
        )
        kept = _Kept(layout)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS suppression_row, suppression_sorted")
            cursor.execute(CREATE)
            read = table.rows(lines, layout, origin=f"{IMPORTED}{done.pk}", now=now)
            staged = _stage(cursor, kept.good(read))
            if salt := erased.salt_if_any():
                cursor.execute(DROP_ERASED, {"salt": salt})
            cursor.execute(SORT)
            _add(cursor, done, now)
        done.read, done.refused = staged + kept.count, kept.count
        done.unchanged = staged - done.added - done.changed
        done.refused_rows = kept.file()
        done.save()
        counts = {
            field: getattr(done, field) for field in ("read", "added", "changed", "unchanged", "refused")
        }
        audit.record(user, "suppressions.imported", done, after={"name": done.name, **counts})
    return done


def forget(*, now: datetime) -> int:
    """Forget the rows that were refused a month ago; how many imports had some."""
    old = SuppressionImport.objects.filter(at__lt=now - KEPT, refused_rows__isnull=False)
    return old.update(refused_rows=None)


def refused_file(done: SuppressionImport) -> bytes:
    """The bad rows as CSV, to be mended and brought again: line and reason in front of what they held."""
    return zlib.decompress(done.refused_rows) if done.refused_rows else b""


def imports() -> QuerySet[Any, Any]:
    """All of them without their refused rows; `is_held` says whether these are kept."""
    rows = SuppressionImport.objects.defer("refused_rows")
    return rows.annotate(is_held=Q(refused_rows__isnull=False))


def fetched(done: SuppressionImport, *, user: User) -> bytes:
    """The file of its bad rows as Excel opens it rightly; who fetched it is kept. Raises `UserError` when it is gone."""
    content = refused_file(done)
    if not content:
        raise UserError(_("The refused rows are not there any more."), _("They are kept for a month."))
    audit.record(user, "suppressions.refused_fetched", done)
    return "\ufeff".encode() + content


def refused_rows(done: SuppressionImport) -> Iterator[RefusedRow]:
    """The same one by one."""
    return refused.read([refused_file(done)])


def as_row(row: Suppression) -> tuple[str, str, datetime, datetime | None, str]:
    """An entry in the columns of an export."""
    return (row.email_key, row.reason, row.at, row.until, row.evidence)


def _stage(cursor: Any, good: Iterable[Row]) -> int:
    staged = 0
    with cursor.copy("COPY suppression_row FROM STDIN") as copy:
        for row in good:
            copy.write_row(row)
            staged += 1
    return staged


def _add(cursor: Any, done: SuppressionImport, now: datetime) -> None:
    cursor.execute("SELECT count(*) FROM suppression_sorted")
    (count,) = cursor.fetchone()
    for after in range(0, count, CHUNK):
        cursor.execute(ADD, {"after": after, "to": after + CHUNK, "now": now})
        new = [bool(row[0]) for row in cursor.fetchall()]
        done.added += sum(new)
        done.changed += len(new) - sum(new)


class _Kept:
    """The bad rows of a file, as a file."""

    def __init__(self, layout: Layout) -> None:
        self.count = 0
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer)
        names: Sequence[str] = layout.names or ["email", *[""] * (layout.width - 1)]
        self._writer.writerow(["line", "reason why", *names])

    def good(self, rows: Iterable[Row | Bad]) -> Iterator[Row]:
        for row in rows:
            if isinstance(row, Row):
                yield row
                continue
            self.count += 1
            if self.count <= MOST_KEPT:
                self._writer.writerow([row.line, row.why, *map(safe_cell, row.cells)])

    def file(self) -> bytes | None:
        return zlib.compress(self._buffer.getvalue().encode("utf-8", "replace")) if self.count else None
