"""An outage: the mail server could not be used at all (no connection, a refused login), and is left alone for ever longer
times, since a refused login every two seconds locks an account. `mail.py` asks before it opens a connection.

A server that works and wants less mail, for itself or for a provider, *rests* instead: `pacing/rests.py`.
Kept in Redis and lost with it: then the server is asked once more, no message is. Another PUBLISHER_MAIL begins anew.
"""

from __future__ import annotations

import hashlib
import logging
import math
from datetime import timedelta

import redis
from django.conf import settings

from publisher.core.redis import client

log = logging.getLogger(__name__)

SHORT = (5, 10, 20, 40, 80, 160, 300)
"""Seconds alone after one failure, two in a row, …, when the server may come back by itself."""
LONG = (30, 60, 120, 300, 600)
"""The same when a person has to repair something: a login, a certificate, the right to send."""
LONGEST_ASKED = 3600
REMEMBERED = 3600  # seconds after which failures no longer count as in a row


def is_on() -> bool:
    """Whether the mail server is being left alone."""
    try:
        return bool(client().exists(_key("outage")))
    except redis.RedisError:
        return False


def left() -> timedelta:
    """How much longer the mail server is left alone; nothing when it is not."""
    try:
        return timedelta(milliseconds=max(0, int(client().pttl(_key("outage")))))
    except redis.RedisError:
        return timedelta(0)


def begin(*, lasting: bool, asked: timedelta | None = None) -> int:
    """Leave it alone, longer each time in a row; the seconds. `lasting`: it will not pass by itself. `asked`: what the server
    asked for, which counts up to an hour."""
    waits = LONG if lasting else SHORT
    try:
        failures = int(client().incr(_key("failures")))
        client().expire(_key("failures"), REMEMBERED)
        wished = math.ceil(asked.total_seconds()) if asked else 0
        seconds = max(waits[min(failures, len(waits)) - 1], min(wished, LONGEST_ASKED))
        client().set(_key("outage"), b"1", ex=seconds)
    except redis.RedisError as error:
        log.warning("outage.redis_away", extra={"error": str(error)})
        return 0
    return seconds


def over() -> None:
    """The server was used: failures are forgotten."""
    try:
        client().delete(_key("outage"), _key("failures"))
    except redis.RedisError as error:
        log.warning("outage.redis_away", extra={"error": str(error)})


def _key(name: str) -> str:
    server = hashlib.sha256(settings.MAIL.encode()).hexdigest()[:16]
    return f"publisher:mail:{name}:{server}"
