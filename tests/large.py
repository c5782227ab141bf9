"""Editions with many readers, written by SQL as an import leaves them: for benchmarks and chaos."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from publisher.core import clock
from publisher.delivery.enqueue import assemble
from publisher.digests.models import Edition
from tests.builders import a_digest, a_subscriber, an_item

# All with the same choice, so that there is one variant.
READERS = """
WITH people AS (
    INSERT INTO audience_subscriber (email, email_key, name, state, zone, created_at)
    SELECT a, a, 'Reader ' || n, 'active', '', now()
    FROM generate_series(1, %(count)s) AS n, LATERAL (SELECT %(prefix)s || n || '@example.net' AS a) AS address
    RETURNING id
)
INSERT INTO audience_subscription (subscriber_id, digest_id, selection_id, state, since)
SELECT people.id, %(digest)s, %(selection)s, 'active', now() FROM people
"""


def a_large_edition(readers: int, *, items: int = 5, **digest_fields: Any) -> Edition:
    """An assembled edition to `readers` that waits for its start signal; a message of five items has about 28 KB."""
    now = clock.now()
    digest = a_digest(needs_approval=True, languages=["en"], most_items=items, **digest_fields)
    for n in range(items):
        an_item(
            at=now - timedelta(hours=1),
            title=f"Valley {n} counts its springs again after a dry decade",
            summary="Volunteers walked for six weeks, with notebooks and a borrowed map, and found more. ",
            body_text="Forty families of the valley met to compare notes. " * 20,
        )
    one = a_subscriber(digest, f"first{digest.pk}-0@example.net", name="Reader 0")
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"count": readers - 1, "digest": digest.pk, "selection": one.selection_id}
        cursor.execute(READERS, {**values, "prefix": f"reader{digest.pk}-"})
        cursor.execute("ANALYZE audience_subscriber, audience_subscription")
    edition = Edition.objects.create(
        digest=digest,
        due_at=now,
        window_from=now - timedelta(days=7),
        window_to=now,
        after_assembly="waiting",
        created_at=now,
        trace_id="b" * 32,
    )
    edition = assemble(edition.pk, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE delivery_delivery")
    return edition
