"""The queues of tasks and the inbox stream, seen from outside: how much waits in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

from publisher.core.redis import client

STAGES = ("intake", "editorial", "schedule", "deliver", "feedback", "upkeep")
"""One queue for each stage, so that a long edition never stands before a new item."""


@dataclass(frozen=True)
class StreamState:
    """`length`: entries kept in the stream. `waiting`: not yet read by intake. `pending`: read, not yet done."""

    length: int
    waiting: int
    pending: int


def queue_lengths() -> dict[str, int]:
    """Nudges that wait for a worker, by stage. Raises `redis.RedisError`."""
    pipe = client().pipeline(transaction=False)
    for stage in STAGES:
        pipe.llen(stage)
    return dict(zip(STAGES, pipe.execute(), strict=True))


def stream_state() -> StreamState:
    """How far intake is with the stream. Raises `redis.RedisError`."""
    server = client()
    length = int(server.xlen(settings.STREAM))
    try:
        groups: list[dict[str, Any]] = list(server.xinfo_groups(settings.STREAM))
    except redis.ResponseError:  # no stream yet
        groups = []
    for group in groups:
        if group["name"] == settings.STREAM_GROUP.encode():
            lag = group.get("lag")
            return StreamState(length, length if lag is None else int(lag), int(group["pending"]))
    return StreamState(length, length, 0)
