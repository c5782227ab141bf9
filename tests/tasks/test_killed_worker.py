"""A worker killed in the middle of intake: every entry becomes one item, none is lost and none is there twice."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import redis

from publisher.core.queues import stream_state
from publisher.items import stream
from publisher.items.models import Item, Rejection, Revision
from tests.processes import environment, running, start, stop, until

ENTRIES = 10_000


def an_entry(n: int) -> bytes:
    """A short item of its own."""
    return json.dumps(
        {
            "id": f"entry-{n}",
            "url": f"https://office.example.org/{n}",
            "kind": "story",
            "title": f"Well number {n} gives water",
            "body": "It is deep enough.",
            "published_at": "2026-05-01T08:00:00Z",
        }
    ).encode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ten_thousand_entries_are_ten_thousand_items_after_kill_9_in_the_middle(
    inbox: redis.Redis, tmp_path: Path
) -> None:
    stream.add_many([(an_entry(n), "") for n in range(ENTRIES)])
    worker = start("worker", folder=tmp_path, env=environment())
    with running("beat", folder=tmp_path):
        try:
            until(lambda: Item.objects.count() > ENTRIES // 10, what="intake is under way")
        finally:
            stop(worker, how=signal.SIGKILL)
        assert Item.objects.count() < ENTRIES, "it was killed too late to show anything"
        with running("worker", folder=tmp_path):
            until(lambda: Item.objects.count() >= ENTRIES, seconds=180, what="all items are there")
            until(lambda: stream_state().pending == 0, what="every entry is acknowledged")
    assert Item.objects.count() == ENTRIES
    assert Item.objects.values("producer_id").distinct().count() == ENTRIES
    assert Revision.objects.count() == ENTRIES
    assert not Rejection.objects.exists()
