"""How long drafting takes. Run by the benchmarks; no test asserts it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from publisher.core import clock
from publisher.items.models import Item, Source
from publisher.schedule.models import Schedule
from publisher.social.drafting import draft_item
from publisher.social.models import Channel

ITEMS = 200
WARM_UP = 20
NETWORKS = ("sandbox", "x", "mastodon")


def measure() -> dict[str, float]:
    """Microseconds a drafted post: items of three channels each, one transaction an item, durable commits."""
    now = clock.now()
    schedule = Schedule.objects.create(name="bench drafting", slots=[{"weekday": 0, "at": "09:00"}])
    source = Source.objects.create(name="bench drafting", created_at=now)
    for name in NETWORKS:
        Channel.objects.create(
            name=f"bench {name}", network=name, language="eo", schedule=schedule, created_at=now
        )
    items = [_item(source, n).pk for n in range(WARM_UP + ITEMS)]
    for item_id in items[:WARM_UP]:
        draft_item(item_id, now=now)
    started = time.perf_counter()
    posts = sum(len(draft_item(item_id, now=now)) for item_id in items[WARM_UP:])
    return {"draft_post_us": (time.perf_counter() - started) / posts * 1e6}


def _item(source: Source, n: int) -> Item:
    """An item in a language that no other benchmark's channel takes."""
    published = clock.now() - timedelta(hours=1)
    fields: dict[str, Any] = {
        "producer_id": f"drafting-{n}",
        "url": f"https://office.example.org/drafting/{n}",
        "url_key": f"https://office.example.org/drafting/{n}",
        "title": f"Valley {n} counts its springs again after a dry decade",
        "summary": "Volunteers walked for six weeks, with notebooks and a borrowed map, and found more than they had hoped. "
        * 3,
    }
    return Item.objects.create(
        source=source,
        kind="story",
        language="eo",
        published_at=published,
        first_received_at=published,
        received_at=published,
        origin="stream",
        content_hash=n.to_bytes(32, "big"),
        trace_id=f"{n:032x}",
        **fields,
    )
