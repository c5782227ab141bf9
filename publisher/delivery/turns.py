"""Turns at sending: a worker host keeps one process free for other stages. Losing a turn loses order only, never a message.

The claim decides who sends what; a turn only keeps every process of a host from sending mail at once.
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


@contextmanager
def turn(name: str, *, seconds: float) -> Iterator[bool]:
    """Whether there was a turn left on this host. It expires by itself a little after `seconds`."""
    places = max(1, settings.ENVIRONMENT.concurrency - 1)
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
