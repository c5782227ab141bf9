"""Claiming messages that are due, and giving back what a dead process held. At least once: what is unclear is sent again, with
the same `webhook-id`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from publisher.core.marking import gettext_noop
from publisher.hooks.models import Message

AT_ONCE: Final = 4
"""Requests to one endpoint at the same time, over all hosts; one that fails gets a single one until it answers again."""
LEASE: Final = timedelta(seconds=60)
"""Several times what a request may take."""
MOST_TRIES: Final = 30
"""Three times those that a receiver gets which refuses a message for three days."""
ENDED: Final = gettext_noop(
    "The worker that sent it ended before it could write down the answer, again and again."
)

# Whoever holds an endpoint's row counts and claims for it; others pass by. The count comes in a statement of its own, so that it
# sees what was committed before the row was free. Room goes to the endpoints with the fewest requests on their way, so that some
# that are slow and have much to come leave none without its turn.
HOLD = """
SELECT id FROM hooks_endpoint
WHERE active AND (rests_until IS NULL OR rests_until <= %(now)s)
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
CLAIM = """
WITH busy AS (
    SELECT n.id, n.failures, (
        SELECT count(*) FROM hooks_message s WHERE s.endpoint_id = n.id AND s.state = 'sending'
    ) AS flying
    FROM hooks_endpoint n WHERE n.id = ANY(%(endpoints)s)
), due AS (
    SELECT m.id FROM busy b CROSS JOIN LATERAL (
        SELECT q.id, q.due_at, b.flying + row_number() OVER (ORDER BY q.due_at, q.id) AS place FROM (
            SELECT q.id, q.due_at FROM hooks_message q
            WHERE q.endpoint_id = b.id AND q.state = 'queued' AND q.due_at <= %(now)s
            ORDER BY q.due_at, q.id
            LIMIT GREATEST(0, CASE WHEN b.failures > 0 THEN 1 ELSE %(at_once)s END - b.flying)
            FOR UPDATE SKIP LOCKED
        ) q
    ) m
    ORDER BY m.place, m.due_at, m.id
    LIMIT %(room)s
)
UPDATE hooks_message m
SET state = 'sending', lease_until = %(lease_until)s, fence = m.fence + 1, attempts = m.attempts + 1
FROM due WHERE m.id = due.id
RETURNING m.id
"""


def claim(*, room: int, now: datetime) -> list[Message]:
    """Up to `room` messages that are ours until their lease ends, with their endpoints and those's owners."""
    if room < 1:
        return []
    values: dict[str, Any] = {
        "now": now,
        "at_once": AT_ONCE,
        "room": room,
        "lease_until": now + LEASE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HOLD, values)
        values["endpoints"] = [row[0] for row in cursor.fetchall()]
        if not values["endpoints"]:
            return []
        cursor.execute(CLAIM, values)
        ids = [row[0] for row in cursor.fetchall()]
    return list(
        Message.objects.filter(pk__in=ids).select_related("endpoint", "endpoint__created_by").order_by("pk")
    )


def give_back(*, now: datetime) -> int:
    """Queue again what was being sent by a process that is gone; how many. The receiver knows it by its `webhook-id`.

    What ends each process that touches it does not go round for ever: it is given up, and can be sent again.
    """
    lost = Message.objects.filter(state=Message.State.SENDING, lease_until__lt=now)
    lost.filter(attempts__gte=MOST_TRIES).update(
        state=Message.State.FAILED, lease_until=None, settled_at=now, reason=ENDED
    )
    return lost.update(state=Message.State.QUEUED, lease_until=None, due_at=now)
