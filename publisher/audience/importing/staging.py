"""Every good row in a temporary table of this session, in the order of addresses. Nothing that others see is touched.

Sorted, so that equal addresses meet, and so that each chunk that `loading.py` writes touches one stretch of the index of
addresses: with a million rows in the file's own order that index costs twice the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from publisher.audience.importing import statements
from publisher.audience.importing.rows import Staged

_CREATE = """
CREATE TEMPORARY TABLE import_row (
    line bigint, email text, email_key text, name text, zone text, given text, how text, since timestamptz,
    extra jsonb
)
"""
# One external sort of the whole, in work_mem and then on disk. `first` is the line on which an address stands first.
_SORT = """
CREATE TEMPORARY TABLE import_sorted AS
SELECT row_number() OVER (ORDER BY email_key, line) AS n,
       first_value(line) OVER (PARTITION BY email_key ORDER BY line) AS first,
       import_row.*
FROM import_row
"""
_TABLES = "import_row, import_sorted, import_verdict, import_choice"


@contextmanager
def staging() -> Iterator[Any]:
    """A cursor with an empty staging table, dropped with all that was made of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_TABLES}")
        cursor.execute(_CREATE)
        try:
            yield cursor
        finally:
            if connection.is_usable():
                cursor.execute(f"DROP TABLE IF EXISTS {_TABLES}")


def stage(cursor: Any, rows: Iterable[Staged]) -> int:
    """Copy the rows as they come; how many."""
    staged = 0
    with cursor.copy("COPY import_row FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
            staged += 1
    return staged


def sort(cursor: Any) -> None:
    """Number the rows from 1 in the order of addresses, and drop the unsorted ones."""
    with transaction.atomic():
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(_SORT)
        cursor.execute("CREATE UNIQUE INDEX ON import_sorted (n)")
        cursor.execute("DROP TABLE import_row")
        cursor.execute(statements.TABLES)
    cursor.execute("ANALYZE import_sorted")
