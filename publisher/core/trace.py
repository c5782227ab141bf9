"""The id that follows an item from the stream to the last delivery.

It is set at the edge of a task or request; every log line carries it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("trace_id", default="")
_VALID = re.compile(r"^[0-9a-f]{32}$")


def new_trace_id() -> str:
    """32 hexadecimal digits, the form of a W3C trace-id."""
    return uuid.uuid4().hex


def current() -> str:
    """The id of what is being done now; empty outside any task or request."""
    return _current.get()


def is_valid(trace_id: str) -> bool:
    return bool(_VALID.match(trace_id))


@contextmanager
def bound(trace_id: str) -> Iterator[str]:
    """All log lines inside the block carry `trace_id` (a new one when it is empty)."""
    token = _current.set(trace_id or new_trace_id())
    try:
        yield _current.get()
    finally:
        _current.reset(token)
