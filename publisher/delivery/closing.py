"""The end of an edition: what is left over of a cancelled one, and when one is finished. Called by the upkeep tick."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any

from django.db import connection

log = logging.getLogger(__name__)

CANCEL_QUEUED = """
UPDATE delivery_delivery d
SET state = 'cancelled', settled_at = %(now)s, reason = %(reason)s
WHERE d.edition_id = %(edition)s AND d.state = 'queued'
"""

# The same for some rows at a time, so that a large edition holds no lock for long and occupies no process; two at once take
# different rows.
BATCH, SECONDS = 5_000, 2.0
CANCEL_SOME = """
WITH some AS (
    SELECT id FROM delivery_delivery WHERE edition_id = %(edition)s AND state = 'queued'
    LIMIT %(batch)s FOR UPDATE SKIP LOCKED
)
UPDATE delivery_delivery d
SET state = 'cancelled', settled_at = %(now)s, reason = %(reason)s
FROM some WHERE d.id = some.id
"""


# One probe of the queue's partial index for each cancelled edition, however many rows wait.
LEFT_OVER = """
SELECT e.id FROM digests_edition e CROSS JOIN LATERAL (
    SELECT 1 FROM delivery_delivery d WHERE d.edition_id = e.id AND d.state = 'queued' LIMIT 1
) waiting WHERE e.state IN ('cancelled', 'empty')
"""


def cancel_left_over(*, now: datetime) -> int:
    """Cancel what is still queued of cancelled editions, for about two seconds; how many. The next tick goes on."""
    stop_at, cancelled = time.monotonic() + SECONDS, 0
    with connection.cursor() as cursor:
        cursor.execute(LEFT_OVER)
        for edition_id in [row[0] for row in cursor.fetchall()]:
            values: dict[str, Any] = {
                "edition": edition_id,
                "now": now,
                "reason": "The edition was cancelled.",
                "batch": BATCH,
            }
            count = 1
            while count and time.monotonic() < stop_at:
                cursor.execute(CANCEL_SOME, values)
                count = int(cursor.rowcount)
                cancelled += count
    return cancelled


# An edition is finished when no row of it can still change by itself or by a person: three index probes an edition. Tests
# leave whatever its state is. Which selection got which variant is then of no use any more.
FINISH = """
UPDATE digests_edition e
SET state = 'sent', finished_at = %(now)s
WHERE e.state = 'sending' AND e.assembled_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM delivery_delivery d
    WHERE d.edition_id = e.id AND d.state IN ('queued', 'sending', 'unknown') AND d.purpose <> 'test'
)
RETURNING e.id
"""

FORGET_SELECTIONS = "DELETE FROM digests_editionselection WHERE edition_id = ANY(%s)"


def finish_editions(*, now: datetime) -> list[int]:
    """Call `sent` every edition of which nothing is left to do; their ids."""
    with connection.cursor() as cursor:
        cursor.execute(FINISH, {"now": now})
        finished = [int(row[0]) for row in cursor.fetchall()]
        cursor.execute(FORGET_SELECTIONS, [finished])
    for edition_id in finished:
        log.info("edition.sent", extra={"edition_id": edition_id})
    return finished
