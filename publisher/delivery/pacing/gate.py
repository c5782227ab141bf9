"""The paces of the mail server once more, at the moment at which messages leave.

What is granted to a claim may wait: for a lane, behind a slow call. Claims that waited together must not leave together, so
each call to a provider, which takes many messages, asks here first. All workers on all hosts share it, as `buckets.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import redis

from publisher.core import clock
from publisher.core.redis import client
from publisher.delivery.pacing.buckets import Buckets
from publisher.delivery.pacing.evidence import Evidence
from publisher.delivery.pacing.limits import Kind, Limits

log = logging.getLogger(__name__)

LONGEST = timedelta(seconds=10)
"""A moment is reserved at most so long before it, so that little of the rate is lost with whoever is killed meanwhile. Lanes that
all wait come to less, unless a rate is a few messages a minute; then they ask again until theirs is so near."""

STEP = timedelta(seconds=2)
"""Whoever has no moment yet looks so often whether the sender's time is over."""


class Gate:
    """`wait` is for threads of several lanes at once. `stop_at` (monotonic clock, in seconds): when the sender's time is over.
    `at`, `sleep` and `now` are for tests."""

    def __init__(
        self,
        limits: Limits,
        *,
        stop_at: float = float("inf"),
        at: Callable[[], int] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._limits = limits
        self._stop_at = stop_at
        self._buckets = Buckets(client(), Evidence(), at=at)
        self._sleep = sleep
        self._now = now

    def wait(self, count: int) -> bool:
        """Wait until `count` messages may leave together; False when the sender's time ends before their moment is near: then
        they must not. While Redis is away at once: what is claimed then is a tenth."""
        paces = [rate for rate in self._limits.server_at(self._now()) if rate.kind is Kind.PACE]
        while paces:
            try:
                wait = self._buckets.leave(paces, count, longest=LONGEST)
            except redis.RedisError as error:
                log.warning("pacing.redis_away", extra={"error": str(error)})
                return True
            if wait >= timedelta(0):
                self._sleep(wait.total_seconds())
                return True
            if time.monotonic() >= self._stop_at:
                return False
            self._sleep(min(-wait - LONGEST, STEP).total_seconds())
        return True
