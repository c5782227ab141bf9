"""From the stream into the database, and feeds onto the stream."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime

from publisher.core import clock, events
from publisher.items import intake, polling
from tasks.edge import beat, stage

SECONDS = 20.0
"""How long one task reads before it makes room for others; it nudges the next when there is more."""
TURN_SECONDS = 0.2
"""How long to wait for a drain at work: it may just have looked for the last time, before our entry came."""
AT_ONCE = 500
"""Entries dealt with under one `now`, which is when they count as received."""


@stage("tasks.intake.drain")
def drain(*, now: datetime, **_ids: int) -> dict[str, int]:
    """Read the stream until it is empty. When another worker does so already, that one does it all."""
    total = intake.Counts()
    until = time.monotonic() + SECONDS
    while found := intake.drain(now=now, limit=AT_ONCE, wait_seconds=TURN_SECONDS):
        total += found
        now = clock.now()
        if time.monotonic() > until:
            events.emit("entry.added")
            break
    beat("intake.drain", now)
    return {name: n for name, n in asdict(total).items() if n}


@stage("tasks.intake.poll_feeds")
def poll_feeds(*, now: datetime) -> dict[str, int]:
    """Poll the feeds that are due."""
    polled = polling.poll_due(now=now)
    beat("intake.poll_feeds", now)
    return {each.source: each.added for each in polled if each.changed}
