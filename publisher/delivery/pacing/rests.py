"""Which providers rest, in Redis for all workers: they, or the mail server, took mail and asked for less (`backoff.py`). A mail
server that cannot be used at all has an outage instead: `delivery/outage.py`.

Lost with Redis: then a provider is asked once more, and says it again.
Each process reads it once a second at most. Two that write at the same time write much the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from publisher.core.redis import client
from publisher.delivery.pacing.backoff import (
    FRESH,
    PATIENCE,
    SERVER,
    SERVER_PATIENCE,
    Answer,
    DomainState,
    after_answer,
    begin_rest,
    said_by_several,
)
from publisher.delivery.pacing.scopes import Scope, scope_of

log = logging.getLogger(__name__)

KEY = "publisher:pacing:rests"
CACHED = timedelta(seconds=1)
REDIS_AGAIN = timedelta(seconds=10)
"""How long Redis is not asked again after it did not answer."""
States = Mapping[str, DomainState]


class Rests:
    """The states of the providers that asked for peace lately, and of the mail server (`SERVER`)."""

    def __init__(self) -> None:
        self._states: States = {}
        self._good_until: datetime | None = None

    def states(self, now: datetime) -> States:
        """All that are not over, at most a second old. While Redis is away: what was known last."""
        if self._good_until is not None and timedelta(0) < self._good_until - now <= REDIS_AGAIN:
            return self._states
        try:
            self._states = _read(now)
            self._good_until = now + CACHED
        except redis.RedisError as error:
            self._good_until = now + REDIS_AGAIN
            log.warning("pacing.redis_away", extra={"error": str(error)})
        return self._states

    def after(self, answers: Sequence[tuple[str, Answer]], now: datetime) -> None:
        """Take in what the server said, message by message: (provider, answer). Code 0 says nothing."""
        known = self.states(now)
        if not known and all(_says_nothing(answer) for _, answer in answers):
            return
        changed = changes(known, answers, now)
        if not changed:
            return
        _report(known, changed, now)
        self._states = {**known, **changed}
        try:
            _write(changed, now)
        except redis.RedisError as error:
            log.warning("pacing.redis_away", extra={"error": str(error)})


def changes(known: States, answers: Sequence[tuple[str, Answer]], now: datetime) -> dict[str, DomainState]:
    """The states that the answers change. Pure."""
    states = dict(known)

    def note(name: str, answer: Answer, patience: int, whole: Scope) -> None:
        before = states.get(name, FRESH)
        after = after_answer(before, answer, now, patience=patience, whole=whole)
        if after is not before:
            states[name] = after

    for bucket, answer in answers:
        if answer.accepted and bucket not in states and SERVER not in states:
            continue  # as nearly all are: nothing is held against anybody
        note(bucket, answer, PATIENCE, Scope.DOMAIN)
        note(SERVER, answer, SERVER_PATIENCE, Scope.SERVER)
    own = states.get(SERVER, FRESH)
    why = said_by_several((state for bucket, state in states.items() if bucket != SERVER), now)
    if why and not own.rests(now):
        states[SERVER] = begin_rest(own, why, now)
    return {bucket: state for bucket, state in states.items() if state != known.get(bucket, FRESH)}


def _says_nothing(answer: Answer) -> bool:
    return answer.accepted or scope_of(answer.code, answer.enhanced, answer.text) in (Scope.NOBODY, Scope.ONE)


def _report(known: States, changed: States, now: datetime) -> None:
    for bucket, state in changed.items():
        name = "the mail server" if bucket == SERVER else bucket
        before = known.get(bucket, FRESH)
        if state.rests(now) and state.until != before.until:
            log.warning(
                "pacing.rests", extra={"provider": name, "until": state.until.isoformat(), "said": state.why}
            )
        elif before.on_trial and not state.on_trial:
            log.info("pacing.accepts_again", extra={"provider": name})


def _read(now: datetime) -> States:
    rows: dict[bytes, bytes] = client().hgetall(KEY)  # type: ignore[assignment]  # redis-py types the async client too
    states = {bucket.decode(): _loaded(text) for bucket, text in rows.items()}
    over = [bucket for bucket, state in states.items() if state.is_over(now)]
    if over:
        client().hdel(KEY, *over)
    return {bucket: state for bucket, state in states.items() if bucket not in over}


def _write(changed: States, now: datetime) -> None:
    kept: dict[Any, Any] = {
        bucket: _dumped(state) for bucket, state in changed.items() if not state.is_over(now)
    }
    over = [bucket for bucket in changed if bucket not in kept]
    if kept:
        client().hset(KEY, mapping=kept)
    if over:
        client().hdel(KEY, *over)


def _dumped(state: DomainState) -> str:
    return json.dumps(
        [
            state.step,
            state.until.timestamp(),
            state.why,
            state.on_trial,
            state.doubts,
            state.changed_at.timestamp(),
        ]
    )


def _loaded(text: bytes) -> DomainState:
    step, until, why, on_trial, doubts, changed_at = json.loads(text)
    return DomainState(step, _moment(until), why, on_trial, doubts, _moment(changed_at))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
