"""From changes to messages: each change that an active endpoint wants becomes a message to it, and is gone from the outbox.

One statement a batch. Changes are taken by SKIP LOCKED and not by a number that was reached: transactions commit in another
order than they took their numbers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import connection

BATCH: Final = 5_000
"""Changes addressed by one statement."""
PACKED: Final = 100
"""The most changes of deliveries in one message, where the endpoint takes several."""

# A message holds changes of one type. The digest of a mail is looked up here and not in the trigger, which stands in the way of
# whoever sends.
ADDRESS = """
WITH gone AS (
    DELETE FROM hooks_change
    WHERE id = ANY(ARRAY(SELECT id FROM hooks_change ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING *
), placed AS (
    SELECT g.id, g.kind, g.object_id, g.old_state, g.new_state, g.at, g.purpose, g.edition_id, g.post_id, g.subscriber_id,
           g.channel_id, COALESCE(g.digest_id, e.digest_id) AS digest_id, g.kind || '.' || g.new_state AS type
    FROM gone g LEFT JOIN digests_edition e ON e.id = g.edition_id AND g.digest_id IS NULL
), wanted AS (
    SELECT p.*, n.id AS endpoint_id, n.batched AND p.kind = 'delivery' AS packed,
           row_number() OVER (PARTITION BY n.id, p.type ORDER BY p.id) - 1 AS place
    FROM placed p JOIN hooks_endpoint n
      ON n.active AND n.events && ARRAY['*', p.kind || '.*', p.type]::varchar[]
     AND ((n.channel_ids = '{}' AND n.digest_ids = '{}')
          OR p.channel_id = ANY(n.channel_ids) OR p.digest_id = ANY(n.digest_ids))
), written AS (
    INSERT INTO hooks_message
        (endpoint_id, key, type, changes, count, state, due_at, fence, attempts, reason, created_at, begun_at)
    SELECT endpoint_id,
           CASE WHEN packed THEN 'bat_' ELSE 'evt_' END || min(id),
           type,
           jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
               'id', id, 'object', object_id, 'old', old_state, 'new', new_state, 'at', at, 'purpose', purpose,
               'edition', edition_id, 'post', post_id, 'subscriber', subscriber_id, 'channel', channel_id, 'digest', digest_id
           )) ORDER BY id),
           count(*), 'queued', %(now)s, 0, 0, '', %(now)s, %(now)s
    FROM wanted
    GROUP BY endpoint_id, type, packed, CASE WHEN packed THEN place / %(packed)s ELSE id END
    ORDER BY min(id)
)
SELECT count(*) FROM gone
"""


def address(*, now: datetime) -> int:
    """Address one batch; how many changes it took. Fewer than `BATCH`: that was all that is committed and nobody else holds."""
    values: dict[str, Any] = {"batch": BATCH, "packed": PACKED, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(ADDRESS, values)
        (taken,) = cursor.fetchone()
    return int(taken)
