"""The stream: each entry is read once, in order; what a dead worker left is taken over; what is done goes away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.conf import settings

from publisher.core import trace
from publisher.core.queues import stream_state
from publisher.items import stream
from tests.items.stream_steps import read_by_a_dead_worker, redis_away


def test_an_entry_comes_back_as_it_was_added(inbox: redis.Redis) -> None:
    entry_id = stream.add(b"{}", source="newsroom", origin="api", trace_id="a" * 32)
    (entry,) = stream.read(count=10)
    assert (entry.id, entry.payload, entry.source, entry.origin) == (entry_id, b"{}", "newsroom", "api")
    assert entry.trace_id == "a" * 32


def test_an_entry_added_inside_a_request_carries_its_trace_id(inbox: redis.Redis) -> None:
    with trace.bound("b" * 32):
        stream.add(b"{}")
    assert stream.read(count=1)[0].trace_id == "b" * 32


@pytest.mark.parametrize("name", ["event", "data", "anything"])
def test_a_foreign_producer_needs_one_field_only(inbox: redis.Redis, name: str) -> None:
    inbox.xadd(settings.STREAM, {name: b"{}"})
    (entry,) = stream.read(count=1)
    assert (entry.payload, entry.source, entry.origin) == (b"{}", "", "stream")
    assert trace.is_valid(entry.trace_id)


def test_an_entry_without_trace_id_has_the_same_one_each_time_it_is_read(inbox: redis.Redis) -> None:
    inbox.xadd(settings.STREAM, {"event": b"{}"})
    (first,) = stream.read(count=1)
    (again,) = stream.take_over(count=1)
    assert again.trace_id == first.trace_id


def test_several_fields_of_which_none_is_the_event_hold_no_payload(inbox: redis.Redis) -> None:
    inbox.xadd(settings.STREAM, {"title": "Two valleys", "url": "https://office.example.org"})
    (entry,) = stream.read(count=1)
    assert entry.payload is None
    assert set(entry.fields) == {"title", "url"}


def test_marks_of_a_foreign_producer_are_made_harmless(inbox: redis.Redis) -> None:
    marks: dict[Any, Any] = {
        "event": b"{}",
        "source": b"news\x00room\xff\n" + b"x" * 300,
        "origin": b"root",
        "trace": b"../../x",
    }
    inbox.xadd(settings.STREAM, marks)
    (entry,) = stream.read(count=1)
    assert entry.source.startswith("newsroom")
    assert len(entry.source) == 200
    assert entry.origin == "stream"
    assert trace.is_valid(entry.trace_id)


def test_entries_are_read_once_and_in_order(inbox: redis.Redis) -> None:
    ids = stream.add_many([(b"%d" % n, "") for n in range(7)])
    assert [entry.id for _ in range(3) for entry in stream.read(count=3)] == ids
    assert stream.read(count=3) == []


def test_what_a_dead_worker_left_is_taken_over_in_order(inbox: redis.Redis) -> None:
    ids = stream.add_many([(b"%d" % n, "") for n in range(5)])
    read_by_a_dead_worker(4)
    taken = stream.take_over(count=10)
    assert [entry.id for entry in taken] == ids[:4]
    assert {entry.deliveries for entry in taken} == {2}


def test_an_entry_that_was_read_too_often_comes_alone(inbox: redis.Redis) -> None:
    ids = stream.add_many([(b"%d" % n, "") for n in range(3)])
    read_by_a_dead_worker()
    stream.take_over(count=10)
    assert [(entry.id, entry.deliveries) for entry in stream.take_over(count=10)] == [(ids[0], 3)]
    assert [(entry.id, entry.deliveries) for entry in stream.take_over(count=10)] == [(ids[0], 4)]


def test_an_entry_handed_back_was_not_delivered(inbox: redis.Redis) -> None:
    stream.add_many([(b"1", ""), (b"2", "")])
    read_by_a_dead_worker()
    for _outage in range(6):
        taken = stream.take_over(count=10)
        assert [entry.deliveries for entry in taken] == [2, 2]
        stream.hand_back(taken)


def test_finished_entries_leave_the_stream(inbox: redis.Redis) -> None:
    ids = stream.add_many([(b"%d" % n, "") for n in range(5)])
    stream.read(count=4)
    stream.ack(ids[:2])
    assert inbox.xlen(settings.STREAM) == 3
    stream.ack(ids[2:4])
    state = stream_state()
    assert (state.length, state.waiting, state.pending) == (1, 1, 0)


def test_entries_stay_as_long_as_another_group_needs_them(inbox: redis.Redis) -> None:
    inbox.xgroup_create(settings.STREAM, "archive", id="0", mkstream=True)
    ids = stream.add_many([(b"%d" % n, "") for n in range(4)])
    stream.read(count=4)
    stream.ack(ids)
    assert inbox.xlen(settings.STREAM) == 4
    inbox.xreadgroup("archive", "one", {settings.STREAM: ">"}, count=3)
    inbox.xack(settings.STREAM, "archive", ids[0])
    stream.ack([])
    left: Any = inbox.xrange(settings.STREAM)
    assert [entry_id.decode() for entry_id, _fields in left] == ids[1:]


def test_after_flushall_new_entries_are_read(inbox: redis.Redis) -> None:
    stream.add(b"1")
    stream.read(count=1)
    inbox.flushall()
    stream.add(b"2")
    assert [entry.payload for entry in stream.read(count=5)] == [b"2"]


def test_entries_that_vanished_after_they_were_read_are_forgotten(inbox: redis.Redis) -> None:
    ids = stream.add_many([(b"1", ""), (b"2", "")])
    read_by_a_dead_worker()
    inbox.xdel(settings.STREAM, ids[0])
    assert [entry.id for entry in stream.take_over(count=10)] == ids[1:]
    stream.ack(ids[1:])
    assert stream_state().pending == 0


def test_the_age_is_that_of_the_oldest_unfinished_entry(inbox: redis.Redis) -> None:
    assert stream.oldest_age(datetime.now(UTC)) is None
    old = stream.add(b"1")
    stream.add(b"2")
    stream.read(count=1)
    begun = datetime.fromtimestamp(int(old.partition("-")[0]) / 1000, UTC)
    assert stream.oldest_age(begun + timedelta(minutes=5)) == timedelta(minutes=5)
    stream.ack([old])
    stream.ack([entry.id for entry in stream.read(count=1)])
    assert stream.oldest_age(begun) is None


def test_the_embedded_server_writes_to_disk_before_it_answers(inbox: redis.Redis) -> None:
    assert stream.durability() == "always"


def test_without_redis_every_call_says_so_in_plain_words(inbox: redis.Redis) -> None:
    calls = [
        lambda: stream.add(b"{}"),
        lambda: stream.read(count=1),
        lambda: stream.take_over(count=1),
        lambda: stream.ack(["1-1"]),
        lambda: stream.oldest_age(datetime.now(UTC)),
        stream.durability,
    ]
    with redis_away():
        for call in calls:
            with pytest.raises(stream.StreamAwayError, match="cannot be reached") as caught:
                call()
            assert "PUBLISHER_REDIS_URL" in caught.value.hint


def test_a_server_that_refuses_to_write_counts_as_away(inbox: redis.Redis) -> None:
    inbox.set(settings.STREAM, "not a stream")
    with pytest.raises(stream.StreamAwayError, match="WRONGTYPE"):
        stream.add(b"{}")
