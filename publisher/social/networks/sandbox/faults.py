"""Faults that the sandbox server can be told to have, so that tests see what Publisher makes of each."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What goes wrong. Those up to `BUSY` happen before the post is accepted, the others after."""

    RESET = "reset"
    ERROR = "error"
    RATE_LIMIT = "rate_limit"
    UNAUTHORISED = "unauthorised"
    BUSY = "busy"
    DROP_REPLY = "drop_reply"
    ERROR_AFTER = "error_after"
    SLOW = "slow"
    HTML = "html"
    TRUNCATED = "truncated"


@dataclass(frozen=True)
class Fault:
    """One fault. `seconds`: of `SLOW`, how long; of `RATE_LIMIT`, the `Retry-After` (0: the header is left out)."""

    kind: Kind
    seconds: float = 0


class Faults:
    """Faults in waiting: each request that publishes takes one."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, *, times: int = 1, seconds: float = 0) -> None:
        with self._lock:
            self._waiting += [Fault(kind, seconds)] * times

    def take(self) -> Fault | None:
        with self._lock:
            return self._waiting.pop(0) if self._waiting else None

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
