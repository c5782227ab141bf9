"""Which workers live, on whatever host: each writes its name into Redis every few seconds, and is forgotten when it does not.

Nothing decides by it; it is for people to see. The files of `alive.py` are for health checks on the host itself.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import redis

from publisher.core.redis import client

PREFIX = "publisher:alive:"
EVERY_SECONDS = 10.0
FORGOTTEN_SECONDS = 40


@dataclass(frozen=True)
class Process:
    """A process that gave a sign of life lately."""

    kind: str
    host: str
    pid: int
    version: str
    seen_at: datetime


class Sign:
    """Writes the sign of this process, at most every `EVERY_SECONDS`. A Redis that is away is nothing to stop for."""

    def __init__(self, kind: str, version: str) -> None:
        self.kind, self.version = kind, version
        self._last = float("-inf")

    def give(self) -> None:
        """Say that this process lives."""
        if time.monotonic() - self._last < EVERY_SECONDS:
            return
        self._last = time.monotonic()
        host, pid = socket.gethostname(), os.getpid()
        said = json.dumps(
            {"kind": self.kind, "host": host, "pid": pid, "version": self.version, "at": time.time()}
        )
        try:
            client().set(f"{PREFIX}{self.kind}:{host}:{pid}", said, ex=FORGOTTEN_SECONDS)
        except redis.RedisError:
            return


def seen() -> list[Process]:
    """All that live, by kind and host. Raises `redis.RedisError`."""
    server = client()
    keys = list(server.scan_iter(match=f"{PREFIX}*", count=500))
    found = [json.loads(value) for value in (server.mget(keys) if keys else []) if value]
    processes = [
        Process(
            each["kind"], each["host"], each["pid"], each["version"], datetime.fromtimestamp(each["at"], UTC)
        )
        for each in found
    ]
    return sorted(processes, key=lambda each: (each.kind, each.host, each.pid))
