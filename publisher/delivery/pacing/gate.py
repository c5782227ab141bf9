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
"""Nobody waits longer: well within a lease. Lanes that all wait come to less, unless a rate is a few messages a minute; then the
claims, of one message each, keep it."""


class Gate:
    """`wait` is for threads of several lanes at once. `at`, `sleep` and `now` are for tests."""

    def __init__(
        self,
        limits: Limits,
        *,
        at: Callable[[], int] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._limits = limits
        self._buckets = Buckets(client(), Evidence(), at=at)
        self._sleep = sleep
        self._now = now

    def wait(self, count: int) -> None:
        """Wait until `count` messages may leave together. While Redis is away at once: what is claimed then is a tenth."""
        paces = [rate for rate in self._limits.server_at(self._now()) if rate.kind is Kind.PACE]
        if not paces:
            return
        try:
            wait = self._buckets.leave(paces, count, longest=LONGEST)
        except redis.RedisError as error:
            log.warning("pacing.redis_away", extra={"error": str(error)})
            return
        if wait:
            self._sleep(wait.total_seconds())
