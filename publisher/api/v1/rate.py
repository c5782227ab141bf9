"""How fast one key may ask (PUBLISHER_API_RATE, PUBLISHER_API_BURST): a bucket of tokens in Redis that fills evenly. With Redis
away nobody is held back."""

from __future__ import annotations

import logging
import math
from datetime import datetime
from typing import Any, Final, cast

import redis
from django.conf import settings

from publisher.api.problems import ProblemError
from publisher.core.redis import client

log = logging.getLogger(__name__)

# Answers 0 when there was a token, else after how many seconds there is one. Times are the caller's, in seconds.
TAKE: Final = """
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local rate, most, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens, at = tonumber(kept[1]) or most, tonumber(kept[2]) or now
tokens = math.min(most, tokens + math.max(0, now - at) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(math.max(now, at)))
redis.call('EXPIRE', KEYS[1], math.ceil(most / rate) + 1)
return tostring(wait)
"""


def take(key_id: int, now: datetime) -> None:
    """Use up one token of the key. Raises `ProblemError` (429) when there is none."""
    try:
        wait = _ask(f"publisher:api:rate:{key_id}", now.timestamp())
    except redis.RedisError as error:
        log.warning("api.rate_unknown", extra={"error": str(error)})
        return
    if wait > 0:
        seconds = math.ceil(wait)
        raise ProblemError(
            429,
            "too_fast",
            f"This key has made more than {settings.API_BURST} requests at once, or {settings.API_RATE} a second.",
            f"Wait {seconds} s, then go on more slowly.",
            headers={"Retry-After": str(seconds)},
        )


def _ask(name: str, now: float) -> float:
    found = cast("Any", client()).eval(TAKE, 1, name, settings.API_RATE, settings.API_BURST, f"{now:.6f}")
    return float(found)
