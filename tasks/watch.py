"""A thread beside each worker that waits at the stream's end and nudges `intake.drain` the moment an entry arrives.

It reads nothing out of the stream; without it entries would only wait for beat's next tick.
"""

from __future__ import annotations

import logging
import threading

import redis
from django.conf import settings

from publisher.core.redis import client
from tasks.nudges import nudge

log = logging.getLogger(__name__)

BLOCK_MS = 2000
PAUSE_SECONDS = 2.0

_stopping = threading.Event()


def start(**_signal: object) -> None:
    """Start watching (Celery's `worker_ready`)."""
    _stopping.clear()
    threading.Thread(target=_watch, name="stream-watch", daemon=True).start()


def stop(**_signal: object) -> None:
    """Stop within one block (Celery's `worker_shutting_down`)."""
    _stopping.set()


def _watch() -> None:
    last = "$"
    while not _stopping.is_set():
        try:
            found = client().xread({settings.STREAM: last}, count=1000, block=BLOCK_MS)
            if found:
                last = _last_id(found) or last
                nudge("entry.added", {})
        except (redis.RedisError, OSError) as error:
            log.warning("watch.away", extra={"error": str(error)})
            last = "$"
            _stopping.wait(PAUSE_SECONDS)


def _last_id(found: object) -> str:
    """The id of the newest entry of an XREAD answer, in either shape that redis-py gives (list or mapping)."""
    streams = list(found.values()) if isinstance(found, dict) else [entry[1] for entry in found]  # type: ignore[attr-defined]  # untyped answer
    entries = streams[0] if streams else []
    if entries and isinstance(entries[0], list):
        entries = entries[0]
    return entries[-1][0].decode() if entries else ""
