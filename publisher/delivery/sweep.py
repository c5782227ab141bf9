"""What nobody settled: rows whose lease ran out. Called by beat's tick; safe to run anywhere, any number of times.

A sender works through its claim in order and settles each message before it begins the next. So of the rows of one
fence the first unsettled one may have been accepted (`unknown`), and the rest were never begun (`queued` again).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from publisher.delivery.states import State

log = logging.getLogger(__name__)

LOST = "The worker that was sending it died or was cut off; it may have been accepted."

# One pass over the small partial index of leases. The window function numbers each dead claim's rows in sending order. The
# try that nobody wrote down is noted: what it may have begun can take effect until the lease ended, and later questions
# to a network count from there.
SWEEP = """
WITH expired AS (
    SELECT id FROM delivery_delivery
    WHERE state = 'sending' AND lease_until < %(now)s
    FOR UPDATE SKIP LOCKED
), ordered AS (
    SELECT d.id, d.lease_until, row_number() OVER (PARTITION BY d.fence ORDER BY d.due_at, d.id) AS place
    FROM delivery_delivery d JOIN expired USING (id)
), swept AS (
UPDATE delivery_delivery d
SET state = CASE WHEN place = 1 THEN 'unknown' ELSE 'queued' END,
    reason = CASE WHEN place = 1 THEN %(lost)s ELSE d.reason END,
    attempts = d.attempts - (place > 1)::int,
    lease_until = NULL
FROM ordered
WHERE d.id = ordered.id
RETURNING d.id, d.fence, d.state, ordered.lease_until AS until
), noted AS (
INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, enhanced, text)
SELECT id, fence, '', until - %(half)s, 1000 * extract(epoch FROM %(half)s), 'unknown', '', %(lost)s
FROM swept WHERE state = 'unknown'
)
SELECT state FROM swept
"""

# Mail has no one to ask. The digest's owner chose between twice for a few and a person's decision. The fence stays until
# the next claim: a worker that comes back within the minute's grace may still say that it was accepted.
RESEND = """
UPDATE delivery_delivery d
SET state = 'queued', due_at = %(now)s + d.attempts * interval '1 minute'
FROM digests_edition e JOIN digests_digest g ON g.id = e.digest_id
WHERE d.state = 'unknown' AND d.edition_id = e.id
  AND e.state IN ('assembling', 'blocked', 'waiting', 'sending', 'paused') AND g.on_unknown = 'resend' AND d.attempts < %(most)s
"""


def sweep(*, now: datetime, most: int) -> dict[State, int]:
    """Settle expired leases; the number of rows by the state they were given. After `most` tries an unknown stays so."""
    with transaction.atomic(), connection.cursor() as cursor:
        values: dict[str, Any] = {
            "now": now,
            "lost": LOST,
            "half": timedelta(seconds=settings.LEASE_SECONDS) / 2,
        }
        cursor.execute(SWEEP, values)
        states = [State(row[0]) for row in cursor.fetchall()]
        cursor.execute(RESEND, {"now": now, "most": most})
    counts = {state: states.count(state) for state in set(states)}
    if counts:
        log.warning("delivery.swept", extra={state.value: n for state, n in counts.items()})
    return counts
