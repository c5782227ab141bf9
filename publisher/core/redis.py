"""The connection to Redis or Valkey: the inbox stream, and nothing that could not be lost besides it."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 15.0
"""For workers, which also wait for entries."""
WEB_SECONDS = 2.0
"""For the web: a server that hangs must not hold every thread."""

_seconds = {"connect": CONNECT_SECONDS, "answer": ANSWER_SECONDS}


@cache
def client() -> redis.Redis:
    """A pooled client that answers bytes. It does not retry by itself: a repeated XADD would be a second entry."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=_seconds["connect"],
        socket_timeout=_seconds["answer"],
        retry_on_timeout=False,
        retry=None,
    )


def answer_within(seconds: float) -> None:
    """How long this process waits for an answer from now on; for processes that serve people."""
    _seconds.update(connect=min(seconds, CONNECT_SECONDS), answer=seconds)
    client.cache_clear()
