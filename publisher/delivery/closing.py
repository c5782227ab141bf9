"""The end of an edition: what is left over of a cancelled one, and when one is finished. Called by the upkeep tick."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_noop

from publisher.delivery.pacing.errors import GO_ON, RESUME

log = logging.getLogger(__name__)

WAS_CANCELLED = gettext_noop("The edition was cancelled.")
IS_OVER = {
    "cancelled": gettext_noop("The edition is cancelled."),
    "empty": gettext_noop("The edition is empty."),
}

CANCEL_QUEUED = """
UPDATE delivery_delivery d
SET state = 'cancelled', settled_at = %(now)s, reason = %(reason)s
WHERE d.edition_id = %(edition)s AND d.state = 'queued'
"""

# The same for some rows at a time, so that a large edition holds no lock for long and occupies no process; two at once take
# different rows.
BATCH, SECONDS = 5_000, 2.0
CANCEL_SOME = """
WITH portion AS (
    SELECT id FROM delivery_delivery WHERE edition_id = %(edition)s AND state = 'queued'
    LIMIT %(batch)s FOR UPDATE SKIP LOCKED
)
UPDATE delivery_delivery d
SET state = 'cancelled', settled_at = %(now)s, reason = %(reason)s
FROM portion WHERE d.id = portion.id
"""


# For each edition that ended without being sent, one probe of the queue's partial index and one of its map, however much is
# there. Those whose rows were deleted for their age (`retention.py`) are passed over.
LEFT_OVER = """
SELECT e.id, e.state FROM digests_edition e
WHERE e.state IN ('cancelled', 'empty') AND e.forgotten_at IS NULL AND (
    EXISTS (SELECT 1 FROM delivery_delivery d WHERE d.edition_id = e.id AND d.state = 'queued')
    OR EXISTS (SELECT 1 FROM digests_editionselection m WHERE m.edition_id = e.id)
    OR EXISTS (SELECT 1 FROM digests_editionreader r WHERE r.edition_id = e.id)
)
"""

# Which selection got which variant, and who was in its segment, is of no use when nothing more of an edition is written.
FORGET = (
    "DELETE FROM digests_editionselection WHERE edition_id = ANY(%s)",
    "DELETE FROM digests_editionreader WHERE edition_id = ANY(%s)",
)


def clear_away(*, now: datetime) -> int:
    """Cancel what is still queued of editions that are cancelled or empty, and forget their selections, for about two
    seconds; how many deliveries. The next tick goes on."""
    stop_at, cancelled = time.monotonic() + SECONDS, 0
    with connection.cursor() as cursor:
        cursor.execute(LEFT_OVER)
        for edition_id, state in cursor.fetchall():
            if time.monotonic() >= stop_at:
                break
            _forget(cursor, [edition_id])
            values: dict[str, Any] = {
                "edition": edition_id,
                "now": now,
                "reason": WAS_CANCELLED if state == "cancelled" else IS_OVER[state],
                "batch": BATCH,
            }
            count = 1
            while count and time.monotonic() < stop_at:
                cursor.execute(CANCEL_SOME, values)
                count = int(cursor.rowcount)
                cancelled += count
    return cancelled


# An edition is finished when no row of it can still change by itself or by a person: three index probes an edition. Tests
# leave whatever its state is. One that was paused when all had left, or was refused, has nothing to be resumed for: what was
# advised for that is advised for the next one.
ENDED = (
    gettext_noop("Nothing of it was left to be sent, so it has ended."),
    gettext_noop("Before the next edition: %(advice)s."),
)
NEXT_TIME = " ".join(ENDED).partition(" %(advice)s")[0]
FINISH = """
UPDATE digests_edition e
SET state = 'sent', finished_at = %(now)s, problem = CASE
    WHEN right(e.problem, length(%(resume)s)) = %(resume)s
    THEN replace(left(e.problem, -length(%(resume)s)), %(go_on)s, %(next_time)s) || '.'
    ELSE e.problem END
WHERE e.state IN ('sending', 'paused') AND e.assembled_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM delivery_delivery d
    WHERE d.edition_id = e.id AND d.state IN ('queued', 'sending', 'unknown') AND d.purpose NOT IN ('test', 'resend')
)
RETURNING e.id
"""


def finish_editions(*, now: datetime) -> list[int]:
    """Call `sent` every edition of which nothing is left to do; their ids."""
    with connection.cursor() as cursor:
        texts = {"go_on": GO_ON, "resume": RESUME, "next_time": NEXT_TIME}
        cursor.execute(FINISH, {"now": now, **texts})
        finished = [int(row[0]) for row in cursor.fetchall()]
        _forget(cursor, finished)
    for edition_id in finished:
        log.info("edition.sent", extra={"edition_id": edition_id})
    return finished


def _forget(cursor: Any, editions: list[int]) -> None:
    for statement in FORGET:
        cursor.execute(statement, [editions])
