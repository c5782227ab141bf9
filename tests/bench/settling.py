"""Where a result goes before the next message may leave: three ways, in µs of this process for each, and of the database.

Run by the benchmarks. The journal uses the first.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.db import connection

from publisher.core import clock
from publisher.delivery import journal
from publisher.delivery.claim import next_fence
from publisher.delivery.models import Delivery
from publisher.delivery.settle import ACCEPTED, Settlement, Try, settle_all
from tests.bench.retention import FILL
from tests.builders import a_sending_edition

RESULTS = 5_000
BATCH = 200
UPDATE = "UPDATE delivery_delivery SET state = 'sent', sent_at = now(), lease_until = NULL WHERE id = %s AND fence = %s"


def measure() -> dict[str, float]:
    """µs of CPU of this process for each result: noted in Redis, appended to a file, sent to PostgreSQL as an UPDATE in a
    pipeline; µs of time to settle one in a batch; and the share of a claim that is lost when a host is lost for good."""
    edition = a_sending_edition(mails=0)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"edition": edition.pk, "at": clock.now(), "count": RESULTS})
        cursor.execute("UPDATE delivery_delivery SET state = 'sending' WHERE edition_id = %s", [edition.pk])
    ids = list(Delivery.objects.filter(edition=edition).values_list("pk", flat=True))
    results = [
        Settlement.of(each, 1, ACCEPTED, Try("bench:1", clock.now(), 1.5, 250, "2.0.0", "ok")) for each in ids
    ]
    figures = {
        "note_in_redis_us": _in_redis(results),
        "append_to_file_us": _in_file(results),
        "update_in_pipeline_us": _in_pipeline(results),
    }
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_delivery SET state = 'sending' WHERE edition_id = %s", [edition.pk])
    started = time.perf_counter()
    for at in range(0, RESULTS, BATCH):
        settle_all(results[at : at + BATCH])
    return figures | {"settle_in_batches_us": (time.perf_counter() - started) / RESULTS * 1e6}


def _in_redis(results: list[Settlement]) -> float:
    fence = next_fence()
    journal.begin(fence)
    writer = journal.Journal()
    spent = _cpu(lambda: [writer.note(each._replace(fence=fence)) for each in results])
    writer.forget(fence)
    writer.close()
    return spent


def _in_file(results: list[Settlement]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        handle = os.open(Path(folder) / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        spent = _cpu(lambda: [os.write(handle, each.line.encode() + b"\n") for each in results])
        os.close(handle)
    return spent


def _in_pipeline(results: list[Settlement]) -> float:
    """A statement and a commit for each, with answers read when they are there."""
    parameters = connection.get_connection_params()
    dsn = {
        key: parameters[key] for key in ("dbname", "user", "password", "host", "port") if parameters.get(key)
    }
    with psycopg.connect(**dsn, autocommit=True) as own, own.pipeline() as pipeline:

        def send() -> None:
            for number, each in enumerate(results):
                own.execute(UPDATE, [each.delivery_id, each.fence], prepare=True)
                if number % 50 == 0:
                    pipeline.sync()

        return _cpu(send)


def _cpu(deed: Callable[[], object]) -> float:
    began = time.process_time()
    deed()
    return (time.process_time() - began) / RESULTS * 1e6
