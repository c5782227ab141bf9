"""What the database does to a batch: refusals hit the guilty entry only, outages nobody; two drains take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis
from django.db import OperationalError, ProgrammingError, connection

from publisher.core.alone import INTAKE, alone
from publisher.items import bulk, intake
from publisher.items.intake import Counts
from publisher.items.models import Item, Rejection, Revision
from tests.items.entries import NOW
from tests.items.stream_steps import drained, published, put, retracted, updated, waiting

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def sql(begin: str, end: str) -> Iterator[None]:
    """The database as `begin` makes it, put back by `end`."""
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)


@contextmanager
def another_session() -> Iterator[psycopg.Connection]:
    given = {key: value for key, value in connection.get_connection_params().items() if key in _PLACE}
    with psycopg.connect(**given, autocommit=True) as session:
        yield session


_PLACE = ("dbname", "user", "host", "port", "password")


def test_an_entry_that_the_database_refuses_is_refused_alone(inbox: redis.Redis) -> None:
    with sql(
        "ALTER TABLE items_item ADD CONSTRAINT unlucky CHECK (title <> 'Thirteen')",
        "ALTER TABLE items_item DROP CONSTRAINT unlucky",
    ):
        counts = drained(*(published(n, title="Thirteen" if n == 13 else f"Item {n}") for n in range(10, 20)))
    assert counts == Counts(accepted=9, rejected=1, new=9)
    refused = Rejection.objects.get()
    assert refused.code == "storage"
    assert "unlucky" in refused.reason
    assert waiting() == 0


def test_a_fault_of_the_database_loses_nothing_and_is_held_against_no_entry(inbox: redis.Redis) -> None:
    put(published(1), published(2))
    with sql("ALTER TABLE items_revision RENAME TO away", "ALTER TABLE away RENAME TO items_revision"):
        for _try in range(intake.MOST_DELIVERIES + 2):
            with pytest.raises(ProgrammingError):
                intake.drain(now=NOW)
    assert not Item.objects.exists()
    assert drained() == Counts(accepted=2, new=2)


def test_while_one_drain_works_another_does_nothing(inbox: redis.Redis) -> None:
    put(published())
    with another_session() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [INTAKE])
        assert intake.drain(now=NOW, wait_seconds=0.1) == Counts()
        assert waiting() == 1
    assert intake.drain(now=NOW, wait_seconds=5).new == 1


def test_two_drains_at_once_store_each_entry_once(inbox: redis.Redis) -> None:
    put(*(published(n) for n in range(60)))
    counts: list[Counts] = []

    def work() -> None:
        try:
            while found := intake.drain(now=NOW, limit=7, wait_seconds=5):
                counts.append(found)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts, Counts()) == Counts(accepted=60, new=60)
    assert (Item.objects.count(), Revision.objects.count()) == (60, 60)


def test_a_drain_that_loses_its_session_stores_nothing_and_the_next_one_goes_on(inbox: redis.Redis) -> None:
    put(*(published(n) for n in range(3)))
    with alone(INTAKE):
        with another_session() as session, connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            session.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
        with pytest.raises(OperationalError):
            intake.drain_alone(now=NOW)
    connection.close()
    assert not Item.objects.exists()
    assert drained() == Counts(accepted=3, new=3)


def test_events_name_single_items_and_announce_many_once(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard.clear()
    monkeypatch.setattr("publisher.core.events._nudge", lambda: hear)
    drained(published(1), published(2))
    assert [name for name, _ids in heard] == ["item.accepted", "item.accepted"]
    heard.clear()
    drained(*(published(n) for n in range(10, 30)))
    assert heard == [("items.accepted", {})]


heard: list[tuple[str, dict[str, int]]] = []


def hear(name: str, ids: dict[str, int]) -> None:
    heard.append((name, ids))


def test_an_unchanged_item_is_announced_to_nobody_and_a_retraction_to_all(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    drained(published())
    heard.clear()
    monkeypatch.setattr("publisher.core.events._nudge", lambda: hear)
    drained(published())
    assert heard == []
    drained(retracted())
    assert heard == [("item.retracted", {"item_id": Item.objects.get().pk})]
    heard.clear()
    drained(updated(title="Refused"))
    assert heard == []


def test_many_rows_are_written_as_django_would_write_them(inbox: redis.Redis) -> None:
    drained(
        published(
            title='“Quotes” \\ and \\n "marks"',
            authors=["Ilse, the elder", 'Jo "JJ"'],
            links={"CN": "https://a.cn"},
        )
    )
    item = Item.objects.get()
    assert (item.title, item.authors, item.links) == (
        '“Quotes” \\ and \\n "marks"',
        ["Ilse, the elder", 'Jo "JJ"'],
        {"CN": "https://a.cn"},
    )
    item.title, item.authors = "Changed", []
    bulk.update([item], ["title", "authors"])
    again = Item.objects.get()
    assert (again.title, again.authors, bytes(again.content_hash)) == (
        "Changed",
        [],
        bytes(item.content_hash),
    )
