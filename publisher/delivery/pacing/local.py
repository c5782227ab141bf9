"""A process's own bucket, for the time in which Redis cannot be asked: a tenth of the limit, message by message. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.delivery.pacing.limits import Rate

SHARE = 10
"""Up to so many processes together stay within the limit."""


class LocalBucket:
    """Gives a message at a time, `SHARE` times as far apart as the rate allows. Empty when it begins."""

    def __init__(self, rate: Rate, now: datetime) -> None:
        self._step = timedelta(microseconds=rate.interval_us * SHARE)
        self._free_at = now + self._step

    def take(self, wanted: int, now: datetime) -> int:
        """How many of `wanted` may go: none, or one."""
        if wanted < 1 or self.wait(now) > timedelta(0):
            return 0
        self._free_at = now + self._step
        return 1

    def wait(self, now: datetime) -> timedelta:
        """Until the next one. After a clock was set back, no longer than between two."""
        self._free_at = min(self._free_at, now + self._step)
        return max(timedelta(0), self._free_at - now)
