"""From times of writing to ids: rows are written in the order of both, or nearly."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

SLACK = timedelta(minutes=10)
"""How far ids and times of writing may be out of step: an edition's rows are written by one statement that takes a while."""

# A post that is approved again is written anew in its old row, with a later time: the earliest of some rows tells truly.
_NEIGHBOURS = """
SELECT min(id), min(created_at) FROM (
    SELECT id, created_at FROM delivery_delivery WHERE id >= %s ORDER BY id LIMIT 30
) AS neighbours
"""


def first_id(at: datetime) -> int:
    """The smallest id written at `at` or later, by bisection: some 25 look-ups by primary key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM delivery_delivery")
        least, most = cursor.fetchone()
        if least is None:
            return 0
        low, high = least, most + 1
        while low < high:
            middle = (low + high) // 2
            cursor.execute(_NEIGHBOURS, [middle])
            found, written = cursor.fetchone()
            if found is None or written >= at:
                high = middle
            else:
                low = found + 1
    return int(low)
