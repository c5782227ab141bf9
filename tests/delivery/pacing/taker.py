"""A process that takes and reserves at one fixed moment, for tests with several of them: prints what it got, a line each."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from publisher.delivery.pacing.buckets import Buckets, Wish
from publisher.delivery.pacing.limits import Rate

TIMES = 50
_NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Nothing:
    """Nobody remembers anything."""

    def sent(self, **_given: Any) -> list[Any]:
        return []

    def reserved(self, **_given: Any) -> dict[str, Any]:
        return {}


def main(url: str, us: int) -> None:
    buckets = Buckets(redis.Redis.from_url(url), Nothing(), at=lambda: us)
    for _ in range(TIMES):
        taken = buckets.take([Rate(1000, 1)], 8, now=_NOW).granted
        [delays] = buckets.reserve([Wish("gmail.com", Rate(100, 1), 5)], now=_NOW)
        sys.stdout.write(json.dumps([taken, [delay // timedelta(microseconds=1) for delay in delays]]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
