"""A worker's part of bulk actions, for some seconds at a time: beat's tick calls it, a nudge makes it sooner.

A lock that ends with its holder keeps two workers from one bulk action; which batch comes next stands in its row.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from publisher.audience.bulk.actions import DEEDS, values_of
from publisher.audience.bulk.asking import NUMBER_CHANGED, UNDO_FOR, changed_a_lot
from publisher.audience.models import Bulk, BulkRow
from publisher.audience.segments import conditions, matching
from publisher.core.alone import BULK, alone
from publisher.core.errors import UserError

log = logging.getLogger(__name__)

S = Bulk.State
BATCH = 5_000
COLLECT_SECONDS = 120.0
MANY = 10_000
"""From so many new rows on the planner is told of them at once."""
FORGET_AT_ONCE = 50_000

NEXT = """
SELECT subscriber_id FROM audience_bulkrow WHERE bulk_id = %s AND subscriber_id > %s {changed}
ORDER BY subscriber_id LIMIT %s
"""
HOLD = "SELECT id FROM audience_subscriber WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
FORGET = """
DELETE FROM audience_bulkrow WHERE id IN (SELECT id FROM audience_bulkrow WHERE bulk_id = %s LIMIT %s)
"""


def work(*, now: datetime, seconds: float) -> int:
    """Do what is open for about `seconds`; how many batches."""
    until, batches = time.monotonic() + seconds, 0
    for pk in list(Bulk.objects.filter(state__in=Bulk.OPEN).order_by("pk").values_list("pk", flat=True)):
        with alone(BULK + pk) as mine:
            while mine and time.monotonic() < until and step(pk, now=now):
                batches += 1
    return batches


def step(bulk_id: int, *, now: datetime) -> bool:
    """Collect, or do or undo one batch; whether there was something to do."""
    with transaction.atomic():
        bulk = Bulk.objects.select_for_update(no_key=True).get(pk=bulk_id)
        if bulk.state == S.COLLECTING:
            _collect(bulk, now)
        elif bulk.state == S.RUNNING:
            _batch(bulk, now)
        elif bulk.state == S.UNDOING:
            _undo_batch(bulk, now)
        else:
            return False
        return True


def _collect(bulk: Bulk, now: datetime) -> None:
    """Write down who is meant. Not begun when they are many more or less than was confirmed."""
    try:
        rows = matching.matching(conditions.read(bulk.groups), now=now)
        with matching.limited(COLLECT_SECONDS):
            found = _write_rows(bulk, rows)
    except UserError as error:
        _refuse(bulk, f"{error.message} {error.hint}".strip(), now)
        return
    if changed_a_lot(bulk.expected, found):
        bulk.rows.all()._raw_delete(bulk.rows.db)  # without loading them
        _refuse(bulk, NUMBER_CHANGED % {"found": found, "expected": bulk.expected}, now)
        return
    if found > MANY:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE audience_bulkrow")
    bulk.total, bulk.state = found, S.RUNNING
    bulk.save(update_fields=["total", "state"])
    log.info("bulk.collected", extra={"bulk_id": bulk.pk, "subscribers": found})


def _write_rows(bulk: Bulk, rows: Any) -> int:
    query, values = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audience_bulkrow (bulk_id, subscriber_id) "  # noqa: S608 - the ORM's text
            f"SELECT %s, each.id FROM ({query}) AS each (id) ORDER BY each.id",
            [bulk.pk, *values],
        )
        return int(cursor.rowcount)


def _refuse(bulk: Bulk, problem: str, now: datetime) -> None:
    bulk.state, bulk.problem, bulk.finished_at = S.REFUSED, problem, now
    bulk.save(update_fields=["state", "problem", "finished_at"])


def _batch(bulk: Bulk, now: datetime) -> None:
    with connection.cursor() as cursor:
        ids = _ids(cursor, bulk, changed="")
        if ids:
            values = values_of(bulk) | {"ids": _held(cursor, ids), "now": now}
            changed = 0
            for number, statement in enumerate(DEEDS[bulk.action].does):
                cursor.execute(statement, values)
                changed += cursor.rowcount if number == 0 else 0
            bulk.cursor, bulk.done, bulk.changed = ids[-1], bulk.done + len(ids), bulk.changed + changed
    if len(ids) < BATCH:
        bulk.state, bulk.finished_at = S.DONE, now
        log.info("bulk.done", extra={"bulk_id": bulk.pk, "changed": bulk.changed})
    bulk.save(update_fields=["cursor", "done", "changed", "state", "finished_at"])


def _undo_batch(bulk: Bulk, now: datetime) -> None:
    with connection.cursor() as cursor:
        ids = _ids(cursor, bulk, changed="AND changed")
        if ids:
            values = values_of(bulk) | {"ids": _held(cursor, ids), "now": now}
            cursor.execute(DEEDS[bulk.action].undoes, values)
            bulk.cursor, bulk.undone = ids[-1], bulk.undone + len(cursor.fetchall())
    if len(ids) < BATCH:
        bulk.state, bulk.undone_at = S.UNDONE, now
        log.info("bulk.undone", extra={"bulk_id": bulk.pk, "undone": bulk.undone})
    bulk.save(update_fields=["cursor", "undone", "state", "undone_at"])


def _ids(cursor: Any, bulk: Bulk, *, changed: str) -> list[int]:
    cursor.execute(NEXT.format(changed=changed), [bulk.pk, bulk.cursor, BATCH])
    return [row[0] for row in cursor.fetchall()]


def _held(cursor: Any, ids: list[int]) -> list[int]:
    """Those who are still there, their rows locked in the order of ids: two who change the same do not wait in a circle."""
    cursor.execute(HOLD, [ids])
    return [row[0] for row in cursor.fetchall()]


def forget(*, now: datetime) -> int:
    """Delete what bulk actions remember of each subscriber when their time is over, a part at a time; how many rows."""
    deleted = 0
    over = Bulk.objects.filter(forgotten=False, at__lt=now - UNDO_FOR).exclude(state__in=Bulk.OPEN)
    for bulk in over.order_by("pk"):
        with connection.cursor() as cursor:
            cursor.execute(FORGET, [bulk.pk, FORGET_AT_ONCE])
            deleted += cursor.rowcount
        if not BulkRow.objects.filter(bulk=bulk).exists():
            Bulk.objects.filter(pk=bulk.pk).update(forgotten=True, groups=[])
        if deleted >= FORGET_AT_ONCE:
            break
    return deleted
