"""Writing down what became of tries, one or a batch. Only the holder of a row's newest fence may do so.

`outcome_of` decides (pure), `settle_all` writes. A result that arrives too late is kept as an attempt, and changes nothing.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext_noop

from publisher.core.errors import OtherSideError, Rejected, Retry, Unknown
from publisher.delivery.erasing import ERASED
from publisher.delivery.states import UNFINISHED, State, sources

WAITS = (60, 300, 900, 3600, 7200, 14400, 28800)
"""Seconds between tries of a temporary failure: 1 min, 5 min, 15 min, 1 h, 2 h, 4 h, then 8 h."""

LONGEST_TEXT, LONGEST_ID = 2000, 300


def worker_name() -> str:
    """How this process is called in the log of tries."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Try(NamedTuple):
    """One try as it happened. `text` is what the other side said; `duration_ms` is wall time in milliseconds."""

    worker: str
    started_at: datetime
    duration_ms: float
    code: int | None = None
    enhanced: str = ""
    text: str = ""
    remote_id: str = ""
    remote_url: str = ""


class Outcome(NamedTuple):
    """The state a try leads to. `due_at` is set when it is to be tried again; `spends_try`: it counts among the tries."""

    state: State
    reason: str = ""
    due_at: datetime | None = None
    spends_try: bool = True


ACCEPTED = Outcome(State.SENT)


def outcome_of(error: OtherSideError | None, *, attempts: int, most: int, now: datetime) -> Outcome:
    """Decide what an answer means. `attempts` counts this try; after `most` tries a temporary failure is final."""
    if error is None:
        return ACCEPTED
    if isinstance(error, Rejected):
        return Outcome(State.FAILED, error.reason)
    if isinstance(error, Unknown):
        return Outcome(State.UNKNOWN, error.reason)
    if attempts >= most:
        said = gettext_noop("Given up after %(num)s tries. Last answer: %(answer)s")
        return Outcome(State.FAILED, said % {"num": attempts, "answer": error.reason})
    asked = error.after if isinstance(error, Retry) and error.after else timedelta()
    wait = max(timedelta(seconds=WAITS[min(attempts, len(WAITS)) - 1]), asked)
    return Outcome(State.QUEUED, error.reason, now + wait)


class Settlement(NamedTuple):
    """What became of one try of one delivery. `line` is all of it as JSON: what a journal keeps and `SETTLE` reads."""

    delivery_id: int
    fence: int
    state: State
    line: str

    @classmethod
    def of(cls, delivery_id: int, fence: int, outcome: Outcome, tried: Try) -> Settlement:
        due_at = outcome.due_at.timestamp() if outcome.due_at else "null"
        line = (
            f'{{"id":{delivery_id},"fence":{fence},"state":"{outcome.state}","reason":{_json(outcome.reason)},'
            f'"due_at":{due_at},"unspent":{0 if outcome.spends_try else 1},"worker":{_json(tried.worker)},'
            f'"started_at":{tried.started_at.timestamp()},"ms":{tried.duration_ms},"code":{tried.code or "null"},'
            f'"enhanced":{_json(tried.enhanced)},"said":{_json(tried.text[:LONGEST_TEXT])},'
            f'"remote_id":{_json(tried.remote_id[:LONGEST_ID])},"remote_url":{_json(tried.remote_url[:LONGEST_TEXT])}}}'
        )
        return cls(delivery_id, fence, outcome.state, line)

    @classmethod
    def read(cls, line: str) -> Settlement:
        """The reverse. Raises ValueError, KeyError or TypeError for anything else."""
        fields = json.loads(line)
        return cls(int(fields["id"]), int(fields["fence"]), State(fields["state"]), line)


class Acceptances:
    """Settlements of what one worker sends under one fence and is accepted, as nearly everything is: what stands in all of
    their lines is written once."""

    def __init__(self, fence: int, worker: str) -> None:
        self._fence = fence
        self._beginning = (
            f'{{"fence":{fence},"state":"{State.SENT}","reason":"","due_at":null,"unspent":0,"worker":{_json(worker)},'
            '"remote_url":"","id":'
        )

    def settlement(
        self,
        delivery_id: int,
        *,
        started_at: float,
        duration_ms: float,
        code: int,
        enhanced: str,
        text: str,
        remote_id: str,
    ) -> Settlement:
        """As `Settlement.of`; `started_at` is in seconds since 1970, code 0 is none."""
        line = (
            f'{self._beginning}{delivery_id},"started_at":{started_at},"ms":{duration_ms},"code":{code or "null"},'
            f'"enhanced":{_json(enhanced)},"said":{_json(text[:LONGEST_TEXT])},"remote_id":{_json(remote_id[:LONGEST_ID])}}}'
        )
        return Settlement(delivery_id, self._fence, State.SENT, line)


_PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")


def _json(text: str) -> str:
    """Text as a JSON string that PostgreSQL takes: without NUL and without halves of surrogate pairs."""
    if not text or _PLAIN.match(text):
        return f'"{text}"'
    return json.dumps(text.encode("utf-8", "replace").decode().replace("\0", " "))


# One statement for a whole batch: each row is found by its key. `unknown` is among the old states, and for `sent` also
# `queued`: the worker that comes back with the answer knows more than the sweep that gave up on it. Attempts are written
# also for results that came too late to count, but not of deliveries that are gone: the others of the batch must be written.
# What servers say repeats the address: of who was erased while their mail went out, not a word is written down. Who was erased
# while this statement waited for the row is known from what the update returns.
SETTLE = """
WITH results AS MATERIALIZED (
    SELECT id, fence, state, reason, to_timestamp(due_at) AS due_at, unspent, worker, to_timestamp(started_at) AS started_at,
           ms, to_timestamp(started_at + ms / 1000) AS answered_at, code, enhanced, said, remote_id, remote_url
    FROM json_to_recordset(%(lines)s::json) AS given(
        id bigint, fence bigint, state text, reason text, due_at float8, unspent int, worker text, started_at float8,
        ms float8, code int, enhanced text, said text, remote_id text, remote_url text)
), settled AS (
    UPDATE delivery_delivery d
    SET state = r.state,
        lease_until = NULL,
        held = false,
        due_at = COALESCE(r.due_at, d.due_at),
        attempts = d.attempts - r.unspent,
        code = r.code,
        enhanced = r.enhanced,
        reason = CASE WHEN {erased} THEN '' ELSE r.reason END,
        remote_id = CASE WHEN r.remote_id <> '' AND NOT {erased} THEN r.remote_id ELSE d.remote_id END,
        remote_url = CASE WHEN r.remote_url <> '' THEN r.remote_url ELSE d.remote_url END,
        sent_at = CASE WHEN r.state = 'sent' THEN r.answered_at ELSE d.sent_at END,
        settled_at = CASE WHEN r.state IN ('queued', 'handed', 'unknown') THEN NULL ELSE r.answered_at END
    FROM results r
    WHERE d.id = ANY(%(ids)s::bigint[]) AND d.id = r.id AND d.fence = r.fence AND d.state || '>' || r.state = ANY(%(moves)s)
    RETURNING d.id, {erased} AS erased
), noted AS (
    INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, code, enhanced, text)
    SELECT r.id, r.fence, r.worker, r.started_at, r.ms, r.state, r.code, r.enhanced,
           CASE WHEN {erased} OR r.id = ANY(ARRAY(SELECT id FROM settled WHERE erased)) THEN '' ELSE r.said END
    FROM results r JOIN delivery_delivery d ON d.id = r.id
    WHERE d.id = ANY(%(ids)s::bigint[]) {unless}
)
SELECT id FROM settled
"""
_ERASED = f"(d.address = '{ERASED}' AND d.edition_id IS NOT NULL)"
NOT_YET = "AND NOT EXISTS (SELECT 1 FROM delivery_attempt a WHERE a.delivery_id = r.id AND a.fence = r.fence)"

MOVES = sorted(
    f"{old}>{new}" for new in State for old in set(sources(new)) & {state.value for state in UNFINISHED}
)


def settle_all(settlements: Sequence[Settlement], *, again: bool = False) -> set[int]:
    """Write outcomes and attempts in one transaction; the ids that were still their holders' own and have changed.

    `again`: the database has been asked before, and its answer was lost; attempts that stand there are not written twice.
    """
    if not settlements:
        return set()
    values: dict[str, Any] = {
        "lines": f"[{','.join([each.line for each in settlements])}]",
        "ids": f"{{{','.join([str(each.delivery_id) for each in settlements])}}}",
        "moves": MOVES,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLE.format(unless=NOT_YET if again else "", erased=_ERASED), values)
        return {int(row[0]) for row in cursor.fetchall()}


def settle(delivery_id: int, fence: int, outcome: Outcome, tried: Try) -> bool:
    """Write one outcome and its attempt. False: the row is not this holder's any more."""
    return bool(settle_all([Settlement.of(delivery_id, fence, outcome, tried)]))
