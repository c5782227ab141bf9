"""How long the oldest message that may leave has waited."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from publisher.digests import paused, uncleared
from publisher.schedule.hours import SendingHours, open_since

# The oldest queued mail of each edition that is being sent, by the index delivery_mail_queue: one row an edition is read. What
# waited for a person before that waits since the person's deed.
OLDEST_MAILS = """
SELECT edition.id, greatest(oldest.due_at, edition.changed_at), digest.zone, digest.send_from, digest.send_until
FROM digests_edition edition JOIN digests_digest digest ON digest.id = edition.digest_id
CROSS JOIN LATERAL (
    SELECT due_at FROM delivery_delivery
    WHERE edition_id = edition.id AND state = 'queued' AND edition_id IS NOT NULL ORDER BY due_at, id LIMIT 1
) oldest WHERE edition.state = 'sending'
"""
# The oldest queued part of a post, by the index delivery_post_queue.
OLDEST_POST = """
SELECT due_at FROM delivery_delivery
WHERE state = 'queued' AND post_id IS NOT NULL ORDER BY due_at, id LIMIT 1
"""


def mail_waited(now: datetime) -> timedelta:
    """Of the mails of editions that are being sent; zero when none is due. What waits on purpose is not late: behind a pause or a
    clearance, and outside of its digest's hours, from whose beginning on it counts."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_MAILS)
        rows = cursor.fetchall()
    ids = [edition_id for edition_id, *_rest in rows]
    held = {*paused.of_editions(ids), *uncleared.of_editions(ids)}
    waited = timedelta()
    for edition_id, since, zone, *ends in rows:
        opened = open_since(SendingHours(ZoneInfo(zone), *ends), now)
        if edition_id not in held and opened:
            waited = max(waited, now - max(since, opened))
    return waited


def post_waited(now: datetime) -> timedelta:
    """Of the parts of posts; zero when none is due."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_POST)
        row = cursor.fetchone()
    return max(now - row[0], timedelta()) if row and row[0] else timedelta()
