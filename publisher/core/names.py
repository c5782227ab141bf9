"""Looking a host's name up within a time: the system's own call may take half a minute and longer, and cannot be ended.

It is made in a thread that is left behind when the time is over; at most `MOST_LEFT_BEHIND` of those at once in a process.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time

from django.utils.translation import gettext_noop

from publisher.core.errors import Retry

LONGEST = 10.0
"""Seconds, whatever time is left: a name server that is alive answers sooner."""
MOST_LEFT_BEHIND = 16

_free = threading.BoundedSemaphore(MOST_LEFT_BEHIND)


def addresses(host: str, port: int, *, until: float) -> list[str]:
    """The IP addresses of a name, best first; those of an address written out are itself. `until` is in monotonic seconds.

    Raises `Retry` when there is none, or none was told in time; UnicodeError for what can be no name.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    left = max(0.0, min(until - time.monotonic(), LONGEST))
    free = _free
    if not free.acquire(timeout=left):
        raise Retry(
            gettext_noop("The name %(host)s could not be looked up: the name server answers nothing.")
            % {"host": host}
        )
    told: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()
    threading.Thread(target=_ask, args=(host, port, told, free), name="names", daemon=True).start()
    try:
        found = told.get(timeout=max(0.0, min(until - time.monotonic(), left)))
    except queue.Empty:
        raise Retry(gettext_noop("The name %(host)s was not found in time.") % {"host": host}) from None
    if isinstance(found, OSError):
        raise Retry(
            gettext_noop("The name %(host)s was not found (%(why)s).") % {"host": host, "why": found}
        ) from found
    if isinstance(found, UnicodeError):
        raise found
    return found


def _ask(
    host: str,
    port: int,
    told: queue.SimpleQueue[list[str] | OSError | UnicodeError],
    free: threading.BoundedSemaphore,
) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        told.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
    except (OSError, UnicodeError) as error:
        told.put(error)
    finally:
        free.release()
