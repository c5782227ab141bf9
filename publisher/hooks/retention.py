"""Forgetting the log after 30 days, and endpoints that were removed, a batch at a time."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from publisher.hooks.asking import KEPT
from publisher.hooks.models import Endpoint

BATCH: Final = 5_000

# What is older is given up long since: three days are the longest. By the index of times, which is small, or of an endpoint.
FORGET = """
WITH old AS (
    SELECT m.id FROM hooks_message m
    WHERE {which} AND m.state <> 'sending' LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), tries AS (
    DELETE FROM hooks_try t USING old WHERE t.message_id = old.id
)
DELETE FROM hooks_message m USING old WHERE m.id = old.id
"""
OLD = FORGET.format(which="m.created_at < %(before)s AND m.begun_at < %(before)s")
REMOVED = FORGET.format(
    which="m.endpoint_id = ANY(ARRAY(SELECT id FROM hooks_endpoint WHERE removed_at IS NOT NULL))"
)


def forget(*, now: datetime, seconds: float) -> int:
    """Delete what is older than the log is kept, for about `seconds`; how many messages. The next run goes on."""
    until, forgotten = time.monotonic() + seconds, 0
    for statement in (OLD, REMOVED):
        while count := _some(statement, now):
            forgotten += count
            if time.monotonic() >= until:
                return forgotten
    Endpoint.objects.filter(removed_at__isnull=False, messages=None).delete()
    return forgotten


def _some(statement: str, now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"before": now - KEPT, "batch": BATCH})
        return int(cursor.rowcount)
