"""Writing many rows of one model in one statement, as one JSON parameter.

Django's bulk_create compiles each value of each row: 0.5 ms an item with its revision and topics, a third of all that intake
took. PostgreSQL takes the rows apart faster. No signals, no `save()`; for models without either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models


def insert(objects: Sequence[models.Model]) -> None:
    """Insert objects of one model and give them their keys. The answer is in the order in which rows were sent:
    a plain INSERT … SELECT from a function scan neither sorts nor runs in parallel.
    """
    if not objects:
        return
    fields = [field for field in objects[0]._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    table = objects[0]._meta.db_table
    sql = f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM {_rows(fields)} RETURNING id'  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, [_json(objects, fields)])
        for each, (key,) in zip(objects, cursor.fetchall(), strict=True):
            each.pk = key


def update(objects: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of stored objects of one model."""
    if not objects:
        return
    meta = objects[0]._meta
    fields: list[Any] = [meta.get_field(name) for name in names]
    new = ", ".join(f'"{field.column}" = rows."{field.column}"' for field in fields)
    key = meta.pk
    sql = f'UPDATE "{meta.db_table}" old SET {new} FROM {_rows([key, *fields])} WHERE old.id = rows.id'  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, [_json(objects, [key, *fields])])


def _rows(fields: Sequence[Any]) -> str:
    """The parameter as a table; each column is read as its type, so what a column refuses is a DataError here."""
    types = ", ".join(f'"{field.column}" {_type(field)}' for field in fields)
    return f"jsonb_to_recordset(%s::jsonb) AS rows({types})"


def _type(field: Any) -> str:
    """The type without what belongs to the table's column only (a key's sequence, a check)."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _json(objects: Sequence[models.Model], fields: Sequence[Any]) -> str:
    return json.dumps(
        [{field.column: getattr(each, field.attname) for field in fields} for each in objects], default=_plain
    )


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
