"""The connection to Redis or Valkey: the inbox stream, and nothing that could not be lost besides it."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings

CONNECT_SECONDS = 3
ANSWER_SECONDS = 15


@cache
def client() -> redis.Redis:
    """A pooled client that answers bytes. It does not retry by itself: a repeated XADD would be a second entry."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry_on_timeout=False,
        retry=None,
    )
