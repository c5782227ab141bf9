"""How fast old deliveries are forgotten, and what a claim costs in a table of a year. Run by the benchmarks."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection

from publisher.core import clock
from publisher.delivery import retention
from publisher.digests.models import Edition
from tests.bench.progress import say
from tests.builders import a_digest, a_sending_edition

EDITIONS, READERS = 10, 100_000

FILL = """
INSERT INTO delivery_delivery (edition_id, address, state, due_at, fence, attempts, idempotency_key, remote_id, remote_url,
                               enhanced, reason, created_at, sent_at, settled_at, code)
SELECT %(edition)s, 'reader' || n || '@example.net', 'sent', %(at)s, 1, 1, '', n || '@office.example.org', '', '2.0.0', '',
       %(at)s, %(at)s, %(at)s, 250
FROM generate_series(1, %(count)s) AS n
"""
TRIES = """
INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, code, enhanced, text)
SELECT id, 1, 'worker:1', created_at, 1.5, 'sent', 250, '2.0.0', 'queued as 4711' FROM delivery_delivery
WHERE edition_id = %(edition)s
"""


def measure() -> dict[str, float]:
    """Deliveries with their attempts deleted a second, of a million in ten editions; bytes of each on disk."""
    at = clock.now() - timedelta(days=500)
    digest = a_digest()
    with connection.cursor() as cursor:
        for week in range(EDITIONS):
            edition = a_sending_edition(digest, mails=0, due_at=at + timedelta(weeks=week))
            Edition.objects.filter(pk=edition.pk).update(state="sent", finished_at=at)
            say(f"writing {READERS:,} deliveries of {edition}")
            cursor.execute(FILL, {"edition": edition.pk, "at": at, "count": READERS})
            cursor.execute(TRIES, {"edition": edition.pk})
        cursor.execute("ANALYZE delivery_delivery, delivery_attempt")
        cursor.execute(
            "SELECT pg_total_relation_size('delivery_delivery') + pg_total_relation_size('delivery_attempt')"
        )
        size = cursor.fetchone()[0]
    started = time.perf_counter()
    forgotten = retention.prune(now=clock.now(), seconds=600)
    return {
        "delivery_bytes_on_disk": size / (EDITIONS * READERS),
        "forgotten_deliveries_per_s": forgotten / (time.perf_counter() - started),
    }
