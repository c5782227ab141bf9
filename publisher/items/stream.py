"""The Redis stream that is the inbox: adding entries, reading them in order, taking over, acknowledging, trimming.

Nothing here knows what an entry means. `intake` reads; the API, feeds and pages add. An entry's fields are those of
`docs/intake.md`: `event` (JSON), and optionally `source`, `origin`, `trace`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis
from django.conf import settings

from publisher.core import trace
from publisher.core.errors import UserError
from publisher.core.redis import client
from publisher.items.models import Origin
from publisher.items.text import one_line

CONSUMER: Final = "intake"
"""One name for all: only one drain reads at a time (`core.alone`), so none is left behind by a dead worker."""
SUSPECT_AFTER: Final = 2
"""Deliveries after which an entry is dealt with by itself: it was in a batch whose worker died twice."""
ADD_MANY: Final = 500
POLICY_SECONDS: Final = 60.0
_MARKS: Final = frozenset({b"source", b"origin", b"trace"})
_MAX_SOURCE: Final = 200


class StreamAwayError(UserError):
    """Redis does not answer, or refuses to write. `unclear`: it may have taken what was being added."""

    def __init__(self, message: str, hint: str = "", *, unclear: bool = False) -> None:
        super().__init__(message, hint)
        self.unclear = unclear


class NotDurableError(StreamAwayError):
    """Redis would answer before the entry is on disk: nothing was added."""


@dataclass(frozen=True)
class Entry:
    """One entry as it stands in the stream. `payload` is None when none of its fields can be the event; `raw` is then JSON
    of them all."""

    id: str
    payload: bytes | None
    source: str
    origin: str
    trace_id: str
    fields: tuple[str, ...] = ()
    raw: bytes = b""
    deliveries: int = 1


def add(payload: bytes, *, source: str = "", origin: str = Origin.STREAM, trace_id: str = "") -> str:
    """Add one entry; its id. Raises StreamAwayError."""
    return add_many([(payload, trace_id)], source=source, origin=origin)[0]


def add_durably(payload: bytes, *, source: str = "", origin: str = Origin.STREAM, trace_id: str = "") -> str:
    """As `add`; the entry is on disk when this returns. Raises StreamAwayError, NotDurableError when nothing was added.

    Only `appendfsync always` promises that: WAITAOF was measured to answer before the data is synced.
    """
    policy = _policy()
    if policy != "always":
        raise NotDurableError(
            f"Redis answers before an entry is on disk (appendfsync: {policy}), so none is taken by the API.",
            "Set appendonly yes and appendfsync always, and let CONFIG GET be asked.",
        )
    return add(payload, source=source, origin=origin, trace_id=trace_id)


def add_many(
    payloads: Sequence[tuple[bytes, str]], *, source: str = "", origin: str = Origin.STREAM
) -> list[str]:
    """Add entries given as (payload, trace id or ""), in their order; their ids. Raises StreamAwayError."""
    ids: list[str] = []
    with _answering():
        for start in range(0, len(payloads), ADD_MANY):
            pipe = client().pipeline(transaction=False)
            for payload, trace_id in payloads[start : start + ADD_MANY]:
                fields = {
                    "event": payload,
                    "source": source,
                    "origin": origin,
                    "trace": trace_id or trace.current() or trace.new_trace_id(),
                }
                pipe.xadd(settings.STREAM, fields)  # type: ignore[arg-type]  # invariance of the mapping's types
            ids += [entry_id.decode() for entry_id in pipe.execute()]
    return ids


def read(consumer: str = CONSUMER, *, count: int, block_ms: int = 0) -> list[Entry]:
    """The next entries that nobody has read, at most `count`; waits up to `block_ms` for the first.

    A group that is gone (FLUSHALL) is made again and reads from the beginning. Raises StreamAwayError.
    """
    with _answering():
        for _again in range(2):
            try:
                answer = client().xreadgroup(
                    settings.STREAM_GROUP,
                    consumer,
                    {settings.STREAM: ">"},
                    count=count,
                    block=block_ms or None,
                )
                return [_entry(entry_id, fields) for entry_id, fields in _rows(answer)]
            except redis.ResponseError as error:
                _make_group(error)
    return []


def take_over(consumer: str = CONSUMER, *, count: int) -> list[Entry]:
    """Entries that somebody read and never finished, oldest first. The caller must be sure that he is dead.

    An entry delivered `SUSPECT_AFTER` times comes alone, so that a crash tells on it only. Raises StreamAwayError.
    """
    with _answering():
        server = client()
        try:
            found: list[dict[str, Any]] = server.xpending_range(
                settings.STREAM, settings.STREAM_GROUP, min="-", max="+", count=count
            )
        except redis.ResponseError as error:
            _make_group(error)
            return []
        deliveries = {row["message_id"]: int(row["times_delivered"]) for row in _batch(found)}
        if not deliveries:
            return []
        ids = list(deliveries)
        rows: Any = server.xclaim(settings.STREAM, settings.STREAM_GROUP, consumer, 0, ids)
        entries = [_entry(entry_id, fields, deliveries[entry_id] + 1) for entry_id, fields in rows if fields]
        gone = set(ids) - {entry.id.encode() for entry in entries}
        if gone:
            server.xack(settings.STREAM, settings.STREAM_GROUP, *gone)
        return entries


def hand_back(entries: Sequence[Entry], consumer: str = CONSUMER) -> None:
    """Say that these were not dealt with for a reason that is not theirs: this delivery does not count against them."""
    with _answering():
        for entry in entries:
            client().xclaim(
                settings.STREAM,
                settings.STREAM_GROUP,
                consumer,
                0,
                [entry.id],
                retrycount=max(entry.deliveries - 1, 0),
                justid=True,
            )


def ack(ids: Sequence[str]) -> None:
    """These are dealt with. Entries that no group needs any more are cut off, so that the stream does not grow."""
    with _answering():
        server = client()
        if ids:
            server.xack(settings.STREAM, settings.STREAM_GROUP, *ids)
        needed = [_oldest_needed(group) for group in server.xinfo_groups(settings.STREAM)]
        if needed:
            server.xtrim(settings.STREAM, minid="{}-{}".format(*min(needed)), approximate=False)


def position() -> str:
    """The id of the oldest entry that intake may not have stored yet: all before it are. "" when there is no stream.

    Raises StreamAwayError.
    """
    with _answering():
        if not client().exists(settings.STREAM):
            return ""
        group = _our_group()
        return "{}-{}".format(*_oldest_needed(group)) if group else "0-1"


def read_again(first: str) -> bool:
    """Have intake read again what the stream still holds from the entry `first` on; whether there is any.

    It has read that already, so it is only sent back, never on. Raises StreamAwayError.
    """
    milliseconds, number = _parts(first)
    before = (milliseconds, number - 1) if number else (max(milliseconds - 1, 0), 2**64 - 1)
    with _answering():
        group = _our_group() if client().exists(settings.STREAM) else None
        if group is None or _parts(group["last-delivered-id"]) <= before:
            return False
        last = _text(group["last-delivered-id"])
        client().xgroup_setid(settings.STREAM, settings.STREAM_GROUP, "{}-{}".format(*before))
        return bool(client().xrange(settings.STREAM, min=first, max=last, count=1))


def oldest_age(now: datetime) -> timedelta | None:
    """How long the oldest entry that intake has not finished has waited; None when there is none."""
    with _answering():
        start = position()
        first = client().xrange(settings.STREAM, min=start, count=1) if start else []
    if not first:
        return None
    return max(now - datetime.fromtimestamp(_parts(_text(first[0][0]))[0] / 1000, UTC), timedelta())


def _our_group() -> dict[str, Any] | None:
    """Our consumer group of the stream, which exists."""
    groups: list[dict[str, Any]] = client().xinfo_groups(settings.STREAM)
    return next((group for group in groups if group["name"] == settings.STREAM_GROUP.encode()), None)


_policies: dict[str, tuple[float, str]] = {}


def _policy() -> str:
    """`durability`, asked again after a minute: a server may be restarted with other settings."""
    asked_at, policy = _policies.get(settings.REDIS_URL, (0.0, ""))
    if not policy or time.monotonic() - asked_at > POLICY_SECONDS:
        policy = durability()
        _policies[settings.REDIS_URL] = (time.monotonic(), policy)
    return policy


def durability() -> str:
    """What the server does with a write before it answers: `always` on disk, `everysec`, `no`, or `unknown`."""
    with _answering():
        try:
            config = client().config_get("append*")
        except redis.ResponseError:  # hosted servers forbid CONFIG
            return "unknown"
    text = {_text(key): _text(value) for key, value in config.items()}
    return text.get("appendfsync", "unknown") if text.get("appendonly") == "yes" else "no"


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        lost = isinstance(error, redis.TimeoutError | redis.ConnectionError)
        raise StreamAwayError(
            f"The stream {settings.STREAM} cannot be reached: {error}",
            "Check that Redis runs and may write, and PUBLISHER_REDIS_URL.",
            unclear=lost and "connecting to" not in str(error),
        ) from error


def _make_group(error: redis.ResponseError) -> None:
    """Make our group after NOGROUP, reading from the beginning; any other error goes on."""
    if not str(error).startswith("NOGROUP"):
        raise error
    try:
        client().xgroup_create(settings.STREAM, settings.STREAM_GROUP, id="0", mkstream=True)
    except redis.ResponseError as second:
        if not str(second).startswith("BUSYGROUP"):
            raise


def _batch(pending: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The leading entries that may be dealt with together."""
    for index, row in enumerate(pending):
        if int(row["times_delivered"]) >= SUSPECT_AFTER:
            return pending[: max(index, 1)]
    return pending


def _oldest_needed(group: Mapping[str, Any]) -> tuple[int, int]:
    """The id from which on a group needs the stream: its oldest unfinished entry, else the one after its last."""
    if group["pending"]:
        summary: Mapping[str, Any] = client().xpending(settings.STREAM, group["name"])
        if summary["min"]:
            return _parts(summary["min"])
    milliseconds, number = _parts(group["last-delivered-id"])
    return milliseconds, number + 1


def _parts(entry_id: bytes | str) -> tuple[int, int]:
    milliseconds, _, number = _text(entry_id).partition("-")
    return int(milliseconds), int(number or 0)


def _rows(answer: object) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of an XREADGROUP answer, which is a list with RESP 2 and a mapping with RESP 3."""
    streams = list(answer.values()) if isinstance(answer, dict) else [pair[1] for pair in answer or ()]  # type: ignore[attr-defined]  # untyped answer
    rows = streams[0] if streams else []
    return (
        rows[0]
        if rows and isinstance(rows[0], list) and rows[0] and not isinstance(rows[0][0], bytes)
        else rows
    )


def _entry(entry_id: bytes, fields: Mapping[bytes, bytes], deliveries: int = 1) -> Entry:
    marks = {name.decode(): one_line(_shown(fields[name])) for name in _MARKS & fields.keys()}
    others = [name for name in fields if name not in _MARKS]
    payload = fields.get(b"event", fields[others[0]] if len(others) == 1 else None)
    given = marks.get("trace", "")
    return Entry(
        id=entry_id.decode(),
        payload=payload,
        source=marks.get("source", "")[:_MAX_SOURCE],
        origin=marks["origin"] if marks.get("origin") in Origin.values else Origin.STREAM.value,
        trace_id=given if trace.is_valid(given) else hashlib.sha256(entry_id).hexdigest()[:32],
        fields=tuple(_shown(name)[:40] for name in others[:10]),
        raw=b"" if payload is not None else _all_fields(fields),
        deliveries=deliveries,
    )


def _all_fields(fields: Mapping[bytes, bytes]) -> bytes:
    said = {_shown(name): _shown(value) for name, value in fields.items() if name not in _MARKS}
    return json.dumps(said, ensure_ascii=False).encode()


def _shown(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
