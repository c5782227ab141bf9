"""Doing a thing alone: advisory locks of PostgreSQL, held by the database session, so that they end with their holder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

INTAKE = 7_261_990_114_734
"""One intake at a time."""
IMPORT = 7_261_990_114_740
"""One import of subscribers at a time."""
RETENTION = 7_261_990_114_790
"""One erasing of what is past its time."""
EDITION = 7_300_000_000_000_000
"""Plus the edition's id: each is assembled by one process at a time."""
BULK = 7_400_000_000_000_000
"""Plus the bulk action's id: each is worked on by one process at a time."""

_POLL_SECONDS = 0.05


@contextmanager
def alone(number: int, *, wait_seconds: float = 0) -> Iterator[bool]:
    """Hold the lock `number` inside the block, if it is free within the time; says whether. May be nested."""
    deadline = time.monotonic() + wait_seconds
    while not (mine := _ask("pg_try_advisory_lock", number)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    try:
        yield mine
    finally:
        # After a lost connection the session is gone, and the lock with it.
        if mine and connection.connection is not None and not connection.connection.closed:
            _ask("pg_advisory_unlock", number)


def _ask(function: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [number])
        return bool(cursor.fetchone()[0])
