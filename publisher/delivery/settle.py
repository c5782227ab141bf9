"""Writing down what became of a try. Only the holder of a row's newest fence may do so.

`outcome_of` decides (pure), `settle` writes. A result that arrives too late is kept as an attempt, and changes nothing.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from publisher.core.errors import OtherSideError, Rejected, Retry, Unknown
from publisher.delivery.states import UNFINISHED, State, sources

WAITS = (60, 300, 900, 3600, 7200, 14400, 28800)
"""Seconds between tries of a temporary failure: 1 min, 5 min, 15 min, 1 h, 2 h, 4 h, then 8 h."""


def worker_name() -> str:
    """How this process is called in the log of tries."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True)
class Try:
    """One try as it happened. `text` is what the other side said; `duration_ms` is wall time in milliseconds."""

    worker: str
    started_at: datetime
    duration_ms: float
    code: int | None = None
    enhanced: str = ""
    text: str = ""
    remote_id: str = ""
    remote_url: str = ""


@dataclass(frozen=True)
class Outcome:
    """The state a try leads to. `due_at` is set when it is to be tried again; `spends_try`: it counts among the tries."""

    state: State
    reason: str = ""
    due_at: datetime | None = None
    spends_try: bool = True


def outcome_of(error: OtherSideError | None, *, attempts: int, most: int, now: datetime) -> Outcome:
    """Decide what an answer means. `attempts` counts this try; after `most` tries a temporary failure is final."""
    if error is None:
        return Outcome(State.SENT)
    if isinstance(error, Rejected):
        return Outcome(State.FAILED, error.reason)
    if isinstance(error, Unknown):
        return Outcome(State.UNKNOWN, error.reason)
    if attempts >= most:
        return Outcome(State.FAILED, f"Given up after {attempts} tries. Last answer: {error.reason}")
    asked = error.after if isinstance(error, Retry) and error.after else timedelta()
    wait = max(timedelta(seconds=WAITS[min(attempts, len(WAITS)) - 1]), asked)
    return Outcome(State.QUEUED, error.reason, now + wait)


# `unknown` is among the sources, and for `sent` also `queued`: the worker that comes back with the answer knows more than the
# sweep that gave up on it.
SETTLE = """
UPDATE delivery_delivery
SET state = %(state)s,
    lease_until = NULL,
    due_at = COALESCE(%(due_at)s, due_at),
    attempts = attempts - %(unspent)s,
    code = %(code)s,
    enhanced = %(enhanced)s,
    reason = %(reason)s,
    remote_id = CASE WHEN %(remote_id)s <> '' THEN %(remote_id)s ELSE remote_id END,
    remote_url = CASE WHEN %(remote_url)s <> '' THEN %(remote_url)s ELSE remote_url END,
    sent_at = CASE WHEN %(state)s = 'sent' THEN %(now)s ELSE sent_at END,
    settled_at = CASE WHEN %(state)s IN ('queued', 'unknown') THEN NULL ELSE %(now)s END
WHERE id = %(id)s AND fence = %(fence)s AND state = ANY(%(sources)s)
"""

ATTEMPT = """
INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, code, enhanced, text)
VALUES (%(id)s, %(fence)s, %(worker)s, %(started_at)s, %(duration_ms)s, %(state)s, %(code)s, %(enhanced)s, %(text)s)
"""


def settle(delivery_id: int, fence: int, outcome: Outcome, tried: Try, *, now: datetime) -> bool:
    """Write the outcome and the attempt in one transaction. False: the row is not this holder's any more."""
    state = outcome.state
    values: dict[str, Any] = {
        "id": delivery_id,
        "fence": fence,
        "state": state.value,
        "due_at": outcome.due_at,
        "code": tried.code,
        "enhanced": tried.enhanced,
        "reason": outcome.reason,
        "unspent": 0 if outcome.spends_try else 1,
        "remote_id": tried.remote_id,
        "remote_url": tried.remote_url,
        "now": now,
        "worker": tried.worker,
        "started_at": tried.started_at,
        "duration_ms": tried.duration_ms,
        "text": tried.text[:2000],
        "sources": sorted(UNFINISHED & set(sources(state))),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTLE, values)
        settled = bool(cursor.rowcount == 1)
        cursor.execute(ATTEMPT, values)
    return settled
