"""How many items a second one worker takes off the stream. Run by the benchmarks; no test asserts it."""

from __future__ import annotations

import json
import time

from publisher.core import clock
from publisher.items import intake, stream

ITEMS = 5_000
SIZE = 12
"""Paragraphs of an item: about 2.5 KB of JSON, a story as a site publishes it."""
PARAGRAPH = (
    "<p>Forty families of the valley met on Monday to compare notes on seeds, soil, water and rain. The teacher of the "
    "village school wrote down what they said, and the health post lent its room.</p>"
)


def measure() -> dict[str, float]:
    """Items a second from the stream into the database, new and unchanged; entries a second into the stream."""
    entries = [(_event(n), "") for n in range(ITEMS)]
    started = time.perf_counter()
    stream.add_many(entries)
    added = time.perf_counter() - started
    new = _drain()
    stream.add_many(entries)
    return {
        "stream_adds_per_s": ITEMS / added,
        "intake_items_per_second": ITEMS / new,
        "intake_unchanged_items_per_s": ITEMS / _drain(),
    }


def _drain() -> float:
    """Seconds until the stream is empty."""
    started = time.perf_counter()
    dealt_with = 0
    while found := intake.drain(now=clock.now(), limit=500):
        dealt_with += found.accepted
    if dealt_with != ITEMS:
        raise AssertionError(f"{dealt_with} of {ITEMS} items were accepted")
    return time.perf_counter() - started


def _event(n: int) -> bytes:
    data = {
        "id": f"bench-{n}",
        "url": f"https://office.example.org/bench/{n}",
        "kind": "story",
        "language": "en",
        "title": f"Farmers of valley {n} share what they learned",
        "body": PARAGRAPH * SIZE,
        "published_at": "2026-05-01T08:00:00Z",
        "topics": ["sdg-2"],
    }
    event = {
        "specversion": "1.0",
        "id": f"event-{n}",
        "source": "bench",
        "type": "org.publisher.item.published",
        "data": data,
    }
    return json.dumps(event).encode()
