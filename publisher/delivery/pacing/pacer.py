"""The one door for senders: how many mails to claim, which of them must wait, and what the answers change.

A sender asks `allow` before it claims, `hold_back` after it (with `held_back.put_back`), and says `after_results`. Where no limit
is set and nobody rests, this asks Redis once a second.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

import redis
from django.conf import settings

from publisher.core.redis import client
from publisher.delivery.pacing import recent
from publisher.delivery.pacing.backoff import SERVER, Answer, DomainState
from publisher.delivery.pacing.buckets import Buckets, Recall, Taken, Wish
from publisher.delivery.pacing.errors import why_pause
from publisher.delivery.pacing.evidence import Evidence
from publisher.delivery.pacing.held_back import TICKET, HeldBack, has_turn
from publisher.delivery.pacing.limits import Limits, Rate
from publisher.delivery.pacing.local import LocalBucket
from publisher.delivery.pacing.providers import bucket_of
from publisher.delivery.pacing.rests import REDIS_AGAIN, Rests
from publisher.delivery.states import State

log = logging.getLogger(__name__)

T = TypeVar("T")

SOON = timedelta(seconds=1)
"""A reserved moment so near is now: less than it takes to put a row back and to claim it again."""

PROBE = 3
"""Messages of a claim with which a provider is tried after its rest."""
AFTER_PROBE = timedelta(minutes=1)
WITHOUT_REDIS = timedelta(seconds=30)

UNWRITTEN = 250
"""Acceptances of an edition that need not be written down before a refusal comes: half of what `errors` looks back on."""


class Claimed(NamedTuple):
    """A claimed mail, with `due_at` and `reason` as they stood in its row."""

    id: int
    address: str
    due_at: datetime
    reason: str


class Result(NamedTuple):
    """What became of one mail. Code 0: no answer was read."""

    address: str
    state: State
    code: int = 0
    enhanced: str = ""
    text: str = ""


@dataclass(frozen=True)
class Grant:
    """How many mails may be claimed now. With none: ask again after `wait`; `reason` says why, for people to read."""

    count: int
    wait: timedelta = timedelta(0)
    reason: str = ""
    taken: Taken | None = field(default=None, repr=False)


class Pacer:
    """The limits as settings give them, and what this process knows of who rests. Each thread that sends has its own.

    `recall` and `at` are for tests: what is known besides Redis, and a clock for its scripts.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        error_percent: int = 100,
        recall: Recall | None = None,
        at: Callable[[], int] | None = None,
    ) -> None:
        self.limits = limits
        self.error_percent = error_percent
        self._buckets = Buckets(client(), recall or Evidence(), at=at)
        self._rests = Rests()
        self._local: dict[tuple[str, Rate], LocalBucket] = {}
        self._accepted: Counter[int] = Counter()
        self._no_redis_until: datetime | None = None

    @classmethod
    def of_settings(cls) -> Pacer:
        return cls(
            Limits(settings.MAIL_RATE, settings.MAIL_DOMAIN_RATES, settings.MAIL_WARMUP),
            error_percent=settings.MAIL_ERROR_LIMIT,
        )

    def allow(self, most: int, *, now: datetime) -> Grant:
        """How many of `most` mails may leave through the mail server now. What is not used, `give_back`."""
        state = self._rests.states(now).get(SERVER)
        if state is not None and state.rests(now):
            return Grant(0, state.until - now, _rests_text("the mail server", state))
        if state is not None and state.on_trial:
            most = min(most, PROBE)
        rates = self.limits.server_at(now)
        if not rates:
            return Grant(most)
        taken = self._ask(lambda: self._buckets.take(rates, most, now=now), now)
        if taken is None:
            taken = self._taken_locally(rates, most, now)
        return Grant(taken.granted, taken.wait, _limit_text(taken, now), taken)

    def give_back(self, grant: Grant, unused: int, *, now: datetime) -> None:
        """Give back what was granted and found no mail to send."""
        taken = grant.taken
        if unused > 0 and taken is not None and taken.rates:
            self._ask(lambda: self._buckets.give_back(taken, unused), now)

    def hold_back(self, mails: Sequence[Claimed], *, urgent: bool, now: datetime) -> dict[int, HeldBack]:
        """Which of the claimed mails must wait, by id: their provider rests, or has a rate and no room now.

        `urgent`: they may use the tenth of each rate that is kept free.
        """
        states = self._rests.states(now)
        if not self.limits.domains and not states:
            return {}
        held: dict[int, HeldBack] = {}
        waiting: dict[str, list[Claimed]] = {}
        for mail in mails:
            bucket = bucket_of(mail.address)
            state = states.get(bucket)
            if state is not None and state.rests(now):
                held[mail.id] = HeldBack(state.until, _rests_text(bucket, state))
            elif self.limits.of(bucket) and not has_turn(mail.due_at, mail.reason, now):
                waiting.setdefault(bucket, []).append(mail)
        held |= self._reserved(waiting, urgent, now)
        return held | _beyond_trial([mail for mail in mails if mail.id not in held], states, now)

    def after_results(
        self, edition_id: int, results: Sequence[Result], *, since: datetime | None, now: datetime
    ) -> str:
        """Take in what the server said; why the edition must wait for a person now, or nothing.

        `since`: when a person last let the edition go; older results do not count against it.
        """
        others = [each for each in results if each.state is not State.SENT]
        if others or self._rests.states(now):
            answers = [(bucket_of(each.address), _answer_of(each)) for each in results]
            self._rests.after(answers, now)
        refused = [_answer_of(each) for each in others if each.state is State.FAILED]
        self._accepted[edition_id] += len(results) - len(others)
        if self.error_percent >= 100 or (not refused and self._accepted[edition_id] < UNWRITTEN):
            return ""
        batch = recent.batch_of(now, self._accepted.pop(edition_id), refused)
        newest = self._ask(lambda: recent.add(edition_id, batch), now) or []
        problem = why_pause(newest, percent=self.error_percent, since=since)
        if problem:
            log.error("pacing.error_limit", extra={"edition_id": edition_id, "problem": problem})
        return problem

    def flush(self, *, now: datetime) -> None:
        """Write down acceptances that were not worth it yet: this process looks away for a while."""
        for edition_id, accepted in self._accepted.items():
            batch = recent.batch_of(now, accepted, [])
            self._ask(partial(recent.add, edition_id, batch), now)
        self._accepted.clear()

    def _reserved(
        self, waiting: dict[str, list[Claimed]], urgent: bool, now: datetime
    ) -> dict[int, HeldBack]:
        if not waiting:
            return {}
        wishes = [
            Wish(bucket, rate, len(mails), urgent)
            for bucket, mails in waiting.items()
            if (rate := self.limits.of(bucket))
        ]
        delays = self._ask(lambda: self._buckets.reserve(wishes, now=now), now)
        if delays is None:
            return self._held_locally(wishes, waiting, now)
        return {
            mail.id: HeldBack(now + delay, f"{TICKET}{wish.bucket} takes {wish.rate}.")
            for wish, moments in zip(wishes, delays, strict=True)
            for mail, delay in zip(waiting[wish.bucket], moments, strict=True)
            if delay > SOON
        }

    def _held_locally(
        self, wishes: Iterable[Wish], waiting: dict[str, list[Claimed]], now: datetime
    ) -> dict[int, HeldBack]:
        held: dict[int, HeldBack] = {}
        for wish in wishes:
            free = self._bucket(wish.bucket, wish.rate, now).take(wish.count, now)
            reason = f"Waits: {wish.bucket} takes {wish.rate}, and Redis cannot be asked who has a turn."
            held |= {mail.id: HeldBack(now + WITHOUT_REDIS, reason) for mail in waiting[wish.bucket][free:]}
        return held

    def _taken_locally(self, rates: Sequence[Rate], most: int, now: datetime) -> Taken:
        buckets = [(rate, self._bucket(SERVER, rate, now)) for rate in rates]
        slowest, wait = max(((rate, bucket.wait(now)) for rate, bucket in buckets), key=lambda pair: pair[1])
        if wait > timedelta(0):
            return Taken(0, wait, slowest)
        return Taken(min(bucket.take(most, now) for _, bucket in buckets), held_by=slowest)

    def _bucket(self, name: str, rate: Rate, now: datetime) -> LocalBucket:
        return self._local.setdefault((name, rate), LocalBucket(rate, now))

    def _ask(self, question: Callable[[], T], now: datetime) -> T | None:
        """The answer of Redis; None when it has not answered lately."""
        until = self._no_redis_until
        if until is not None and timedelta(0) < until - now <= REDIS_AGAIN:
            return None
        try:
            return question()
        except redis.RedisError as error:
            self._no_redis_until = now + REDIS_AGAIN
            log.warning("pacing.redis_away", extra={"error": str(error)})
            return None


def _beyond_trial(
    mails: Sequence[Claimed], states: Mapping[str, DomainState], now: datetime
) -> dict[int, HeldBack]:
    """Those that would be more than a few at a provider that has accepted nothing since its rest."""
    going, held = Counter[str](), {}
    for mail in mails:
        bucket = bucket_of(mail.address)
        state = states.get(bucket)
        if state is None or not state.on_trial:
            continue
        going[bucket] += 1
        if going[bucket] > PROBE:
            held[mail.id] = HeldBack(now + AFTER_PROBE, f"Waits: {bucket} is tried with a few mails first.")
    return held


def _answer_of(result: Result) -> Answer:
    """What was said. Where mail is handed over without SMTP, an acceptance has no code."""
    code = result.code or (250 if result.state == State.SENT else 0)
    return Answer(code, result.enhanced, result.text)


def _rests_text(name: str, state: DomainState) -> str:
    return f"Waits: {name} asked for peace (“{state.why}”) until {_clock(state.until)}."


def _limit_text(taken: Taken, now: datetime) -> str:
    if taken.granted or taken.held_by is None:
        return ""
    return f"The mail server takes {taken.held_by}: goes on at {_clock(now + taken.wait)}."


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %B, %H:%M} UTC"
