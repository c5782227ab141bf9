"""Forgetting deliveries whose time is over. Totals by state stay for ever (`tally.py`); posts' deliveries stay, too.

Deleted in batches rather than by dropping partitions: a partitioned table could not keep one delivery per edition and
reader unique over all its partitions, and that uniqueness is what forbids a second mail. docs/benchmarks.md has the speed.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from publisher.digests.models import Edition, Variant

log = logging.getLogger(__name__)

BATCH = 5_000
"""Deliveries deleted in one transaction: some tenths of a second of locks on rows that nobody else wants."""

# By the index of an edition's deliveries, and that of a delivery's attempts.
FORGET = """
WITH old AS (
    SELECT id FROM delivery_delivery WHERE edition_id = %(edition)s LIMIT %(batch)s
), tries AS (
    DELETE FROM delivery_attempt a USING old WHERE a.delivery_id = old.id
)
DELETE FROM delivery_delivery d USING old WHERE d.id = old.id
"""


def prune(*, now: datetime, seconds: float) -> int:
    """Delete deliveries and attempts of editions that ended long ago, for about `seconds`; how many deliveries.

    Safe to stop anywhere: what is left is deleted by the next run.
    """
    stop_at = time.monotonic() + seconds
    forgotten = 0
    for edition_id in _ended_before(now - timedelta(days=settings.KEEP_DELIVERIES_DAYS)):
        while count := _forget_some(edition_id):
            forgotten += count
            if time.monotonic() >= stop_at:
                return forgotten
        _close(edition_id, now)
        if time.monotonic() >= stop_at:
            break
    return forgotten


def _ended_before(moment: datetime) -> list[int]:
    """Editions, oldest first, that still have their deliveries."""
    ended = Edition.objects.filter(
        state__in=(Edition.State.SENT, Edition.State.CANCELLED, Edition.State.EMPTY),
        finished_at__lt=moment,
        forgotten_at__isnull=True,
    )
    return list(ended.order_by("finished_at").values_list("pk", flat=True))


def _forget_some(edition_id: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGET, {"edition": edition_id, "batch": BATCH})
        return int(cursor.rowcount)


def _close(edition_id: int, now: datetime) -> None:
    """Note that the edition's deliveries are gone, and drop the mails that only they needed; the web version stays."""
    Variant.objects.filter(edition=edition_id).update(message=None)
    Edition.objects.filter(pk=edition_id).update(forgotten_at=now)
    log.info("edition.forgotten", extra={"edition_id": edition_id})
