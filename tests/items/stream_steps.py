"""Steps of tests that go through the stream: put entries in, drain, break Redis."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from publisher.core.redis import client
from publisher.items import intake, stream
from publisher.items.intake import Counts
from publisher.items.models import Item
from tests.items.entries import NOW, entry, event, raw

_numbers = itertools.count(1)


def put(*entries: dict[str, Any] | bytes, **given: str) -> list[str]:
    """Add entries as a producer does; their ids."""
    return [stream.add(each if isinstance(each, bytes) else raw(each), **given) for each in entries]


def drained(*entries: dict[str, Any] | bytes, **given: str) -> Counts:
    """Add entries and deal with everything in the stream."""
    put(*entries, **given)
    total = Counts()
    while found := intake.drain(now=NOW):
        total += found
    return total


def published(number: int = 1, source: str = "newsroom", **item: Any) -> dict[str, Any]:
    """A published event of item `spring-<number>`."""
    return event("published", entry(id=f"spring-{number}", **item), source=source, **another())


def updated(number: int = 1, source: str = "newsroom", **item: Any) -> dict[str, Any]:
    return event("updated", entry(id=f"spring-{number}", **item), source=source, **another())


def retracted(number: int = 1, source: str = "newsroom", reason: str = "") -> dict[str, Any]:
    return event("retracted", {"id": f"spring-{number}", "reason": reason}, source=source, **another())


def another() -> dict[str, str]:
    """What makes an event one of its own."""
    return {"id": f"event-{next(_numbers)}"}


def the_item(number: int = 1, source: str = "newsroom") -> Item:
    return Item.objects.get(producer_id=f"spring-{number}", source__name=source)


def waiting() -> int:
    """Entries in the stream."""
    return int(client().xlen(settings.STREAM))


@contextmanager
def redis_away() -> Iterator[None]:
    """Nothing answers at the address of Redis."""
    there = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    client.cache_clear()
    try:
        yield
    finally:
        settings.REDIS_URL = there
        client.cache_clear()


def read_by_a_dead_worker(count: int = 10) -> list[stream.Entry]:
    """A worker reads entries and dies before it has stored them."""
    return stream.read("dead", count=count)
