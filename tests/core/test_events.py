"""Events nudge after the commit, and no listener can fail the caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from publisher.core import events

heard: list[tuple[str, dict[str, int]]] = []


def listen(name: str, ids: dict[str, int]) -> None:
    if name == "broken":
        raise RuntimeError("the listener has a fault")
    heard.append((name, ids))


@pytest.fixture(autouse=True)
def listener(no_nudges: None, settings: Any) -> Iterator[None]:
    heard.clear()
    settings.EVENT_NUDGE = f"{__name__}.listen"
    events._nudge.cache_clear()
    yield
    events._nudge.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_a_nudge_waits_for_the_commit() -> None:
    with transaction.atomic():
        events.emit("item.accepted", item_id=7)
        assert heard == []
    assert heard == [("item.accepted", {"item_id": 7})]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_nudges_nobody() -> None:
    with transaction.atomic():
        events.emit("item.accepted", item_id=7)
        transaction.set_rollback(True)
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_listener_with_a_fault_fails_neither_the_caller_nor_the_next() -> None:
    with transaction.atomic():
        events.emit("broken")
        events.emit("item.accepted", item_id=8)
    assert heard == [("item.accepted", {"item_id": 8})]
