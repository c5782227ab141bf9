"""Turns at what takes long: a worker host keeps a process free for what must happen at once. Losing a turn loses order only.

Mail takes all processes of a host but two. Of the two, one may be taken by other long work (an edition that is assembled, old
rows that are deleted); the other is there for posts, items and ticks. The claim decides who sends what, a lock who assembles.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import redis
from django.conf import settings

from publisher.core.redis import client

log = logging.getLogger(__name__)

# Only the holder gives a turn back: it may have expired and be another's by now.
GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


LONG = "long"
"""The turn for long work that is not mail."""
KEPT_FREE = 2


def places_for_mail() -> int:
    """How many processes of this host may send mail at the same time."""
    return max(1, settings.ENVIRONMENT.concurrency - KEPT_FREE)


@contextmanager
def turn(name: str, *, seconds: float, places: int = 1) -> Iterator[bool]:
    """Whether one of the `places` on this host was left. It is free again by itself a little after `seconds`."""
    token = f"{os.getpid()}:{secrets.token_hex(8)}".encode()
    held = ""
    try:
        for place in range(places):
            key = f"publisher:turn:{name}:{socket.gethostname()}:{place}"
            if _take(key, token, int(seconds) + 10):
                held = key
                break
    except redis.RedisError as error:
        log.warning("turn.redis_away", extra={"error": str(error)})
        held = "without"
    try:
        yield bool(held)
    finally:
        if held and held != "without":
            _give_back(held, token)


def _take(key: str, token: bytes, seconds: int) -> bool:
    """Take a free turn, or that of a process of this host that was killed: nobody waits until it expires."""
    if client().set(key, token, nx=True, ex=seconds):
        return True
    holder = bytes(client().get(key) or b"")  # type: ignore[arg-type]  # this client answers bytes
    pid = holder.partition(b":")[0]
    if not pid.isdigit() or psutil.pid_exists(int(pid)):
        return False
    client().eval(GIVE_BACK, 1, key, holder)
    return bool(client().set(key, token, nx=True, ex=seconds))


def _give_back(key: str, token: bytes) -> None:
    try:
        client().eval(GIVE_BACK, 1, key, token)
    except redis.RedisError as error:
        log.warning("turn.redis_away", extra={"error": str(error)})
