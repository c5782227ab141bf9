"""The gate between claims and whoever stops them: an advisory lock of the database, which claims share.

Whoever stops something closes the gate before writing it. So nothing is claimed whose claim is committed after the stop is: a
claim that has begun is waited for (milliseconds), and one that begins later sees the stop. Nothing else is locked while
waiting, and the lock ends with its transaction.
"""

from __future__ import annotations

from django.db import connection

GATE = 7_261_990_114_746
"""Beside the numbers of `alone.py`."""


def enter() -> None:
    """First thing in a transaction that claims."""
    _ask("SELECT pg_advisory_xact_lock_shared(%s)")


def close() -> None:
    """First thing in a transaction that stops something."""
    _ask("SELECT pg_advisory_xact_lock(%s)")


def _ask(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [GATE])
