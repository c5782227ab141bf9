"""How long it takes from XADD to a drafted post, with the real worker and beat. Run by the benchmarks; no test asserts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

from django.db import connection

from publisher.core import clock
from publisher.items import stream
from publisher.schedule.models import Schedule
from publisher.social.models import Channel

ENTRIES = 200
WARM_UP = 20
ROOT = Path(__file__).resolve().parent.parent.parent


def measure() -> dict[str, float]:
    """Milliseconds from XADD until the post is in the database, one entry at a time: half of them, and 99 of 100."""
    now = clock.now()
    schedule = Schedule.objects.create(name="bench", slots=[{"weekday": 0, "at": "09:00"}])
    Channel.objects.create(name="bench", network="sandbox", schedule=schedule, created_at=now, settings={})
    with tempfile.TemporaryDirectory() as folder:
        log = (Path(folder) / "log").open("wb")
        celery = [sys.executable, "-m", "celery", "-A", "worker"]
        beat = [*celery, "beat", "--schedule", f"{folder}/beat"]
        processes = [
            subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=log, stderr=log)
            for command in ([*celery, "worker"], beat)
        ]
        try:
            times = [_journey(n) for n in range(WARM_UP + ENTRIES)][WARM_UP:]
        finally:
            for process in processes:
                process.terminate()
                process.wait(30)
    cuts = quantiles(times, n=100)
    return {"xadd_to_draft_p50_ms": cuts[49] * 1000, "xadd_to_draft_p99_ms": cuts[98] * 1000}


def _journey(n: int) -> float:
    """Seconds until the post of one entry is there."""
    published = clock.now() - timedelta(hours=1)
    entry = {
        "id": f"journey-{n}",
        "url": f"https://office.example.org/journey/{n}",
        "kind": "story",
        "language": "en",
        "title": f"The {n}th bridge of Almaria is open",
        "body": "<p>Children crossed first, then the mayor.</p>" * 20,
        "published_at": published.isoformat(),
    }
    started = time.perf_counter()
    stream.add(json.dumps(entry).encode())
    found = None
    while found is None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM social_post p JOIN items_item i ON i.id = p.item_id WHERE i.producer_id = %s",
                [entry["id"]],
            )
            found = cursor.fetchone()
        if time.perf_counter() - started > 60:
            raise AssertionError(f"no post for {entry['id']} within a minute")
        time.sleep(0.001)
    return time.perf_counter() - started
