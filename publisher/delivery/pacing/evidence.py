"""What the database knows of mail that Redis has forgotten: what was sent, and what is reserved. Asked once after a loss.

What other workers were doing at that very moment is not in it: at most what they had claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from publisher.delivery.pacing.buckets import AHEAD
from publisher.delivery.pacing.held_back import TICKET
from publisher.delivery.pacing.providers import bucket_of_domain
from publisher.delivery.states import LEFT_US, State

# Reads the settled rows of the editions that went out in that time, by the index (edition, state, id): a second or so for a
# million rows, however many editions there were before. A message counts once, with its last try, in the newest moment of
# its minute.
SENT = """
SELECT max(coalesce(d.sent_at, d.settled_at)), count(*)
FROM delivery_delivery d
WHERE d.edition_id IS NOT NULL AND d.edition_id = ANY(ARRAY(
        SELECT e.id FROM digests_edition e
        WHERE e.assembled_at IS NOT NULL AND (e.finished_at IS NULL OR e.finished_at > %(since)s)))
  AND d.state = ANY(%(left)s)
  AND coalesce(d.sent_at, d.settled_at) > %(since)s AND coalesce(d.sent_at, d.settled_at) <= %(now)s
GROUP BY date_trunc('minute', coalesce(d.sent_at, d.settled_at))
"""

# Reads what waits for its moment in the queue's partial index (edition, due_at, id): a minute of it, from now on.
RESERVED = """
SELECT lower(split_part(d.address, '@', -1)), max(d.due_at)
FROM delivery_delivery d
WHERE d.edition_id IS NOT NULL AND d.edition_id = ANY(ARRAY(
        SELECT e.id FROM digests_edition e WHERE e.assembled_at IS NOT NULL AND e.finished_at IS NULL))
  AND d.state = 'queued' AND d.due_at > %(now)s AND d.due_at <= %(until)s AND starts_with(d.reason, %(ticket)s)
GROUP BY 1
"""


class Evidence:
    """The database as `buckets.Recall`."""

    def sent(self, *, since: datetime, now: datetime) -> Sequence[tuple[datetime, int]]:
        """Messages that were handed to the mail server since then, by minutes."""
        left = sorted(state.value for state in (*LEFT_US, State.FAILED))
        with connection.cursor() as cursor:
            cursor.execute(SENT, {"since": since, "now": now, "left": left})
            return [(at, count) for at, count in cursor.fetchall()]

    def reserved(self, *, now: datetime) -> Mapping[str, datetime]:
        """The last moment that is reserved, by provider."""
        with connection.cursor() as cursor:
            cursor.execute(RESERVED, {"now": now, "until": now + AHEAD, "ticket": TICKET})
            rows = cursor.fetchall()
        last: dict[str, datetime] = {}
        for domain, at in rows:
            bucket = bucket_of_domain(domain)
            last[bucket] = max(at, last.get(bucket, at))
        return last
