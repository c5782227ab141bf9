"""The one door for senders: how many mails to claim, which of them must wait, and what the answers change.

A sender asks `allow` before it claims, `hold_back` after it (and does so with `held_back.py`), and says `after_results`. Where
no limit is set and nobody rests, this looks at no single mail, and asks Redis once a second.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

import redis
from django.conf import settings
from django.utils.translation import gettext_noop

from publisher.core.redis import client
from publisher.core.words import counted
from publisher.delivery.claim import ClaimedMail
from publisher.delivery.pacing import recent
from publisher.delivery.pacing.backoff import ACCEPTED, SERVER, Answer, DomainState
from publisher.delivery.pacing.buckets import AHEAD, ASKS_BY, SOON, Buckets, Recall, Taken, Wish
from publisher.delivery.pacing.errors import LOOKS_BACK, Batch, why_pause
from publisher.delivery.pacing.evidence import Evidence
from publisher.delivery.pacing.held_back import NOTHING, TICKET, Behind, HeldBack, Holding, has_turn
from publisher.delivery.pacing.limits import Limits, Rate
from publisher.delivery.pacing.local import LocalBucket
from publisher.delivery.pacing.providers import bucket_of
from publisher.delivery.pacing.rests import REDIS_AGAIN, Rests
from publisher.delivery.states import State

log = logging.getLogger(__name__)

T = TypeVar("T")

PROBE = 3
"""Messages of a claim with which a provider is tried after its rest."""
AFTER_PROBE = timedelta(minutes=1)
WITHOUT_REDIS = timedelta(seconds=30)
WORTH_LOOKING = 10
"""One in so many mails of a claim must be held back for those behind them to be looked for. Fewer are put back as they come."""

UNWRITTEN = timedelta(seconds=1)
"""Acceptances are written down so often, or when a refusal comes: others need them to judge theirs."""


class Result(NamedTuple):
    """What became of one mail. Code 0: no answer was read."""

    address: str
    state: State
    code: int = 0
    enhanced: str = ""
    text: str = ""


@dataclass(frozen=True)
class Grant:
    """How many mails may be claimed now. With none: ask again after `wait`; `reason` says why, for people, without a full stop.

    Without a reason, others may be granted some: Redis could not be asked.
    """

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
        self._written: dict[int, datetime] = {}
        self._no_redis_until: datetime | None = None

    @classmethod
    def of_settings(cls) -> Pacer:
        return cls(limits_of_settings(), error_percent=settings.MAIL_ERROR_LIMIT)

    def allow(self, most: int, *, now: datetime) -> Grant:
        """How many of `most` mails may leave through the mail server now. What is not used, `give_back`."""
        state = self._rests.states(now).get(SERVER)
        if state is not None and state.rests(now):
            return Grant(
                0,
                state.until - now,
                gettext_noop("The mail server asked for peace (“%(why)s”)") % {"why": state.why},
            )
        if state is not None and state.on_trial:
            most = min(most, PROBE)
        rates = self.limits.server_at(now)
        if not rates:
            return Grant(most)
        taken = self._ask(lambda: self._buckets.take(rates, most, now=now), now)
        if taken is None:
            local = self._taken_locally(rates, most, now)
            return Grant(local.granted, local.wait, taken=local)
        return Grant(taken.granted, taken.wait, _limit_text(taken, self.limits.warmup_at(now)), taken)

    def give_back(self, grant: Grant, unused: int, *, now: datetime) -> None:
        """Give back what was granted and found no mail to send."""
        taken = grant.taken
        if unused > 0 and taken is not None and taken.rates:
            self._ask(lambda: self._buckets.give_back(taken, unused), now)

    def hold_back(
        self, mails: Sequence[ClaimedMail], *, edition_id: int, urgent: bool, now: datetime
    ) -> Holding:
        """Which of the claimed mails must wait: their provider rests, or has a rate and no room now. Where they are a tenth of
        the claim or more, those behind them in the edition's queue wait, too.

        `urgent`: they may use the tenth of each rate that is kept free.
        """
        states = self._rests.states(now)
        troubled = {name: state for name, state in states.items() if state.on_trial or state.rests(now)}
        if not self.limits.domains and not troubled:
            return NOTHING
        claim = _Sorting(mails, edition_id, urgent, now)
        paced: dict[str, list[ClaimedMail]] = {}
        for bucket, theirs in claim.by_bucket().items():
            going = claim.beside_rest(bucket, theirs, troubled.get(bucket))
            if self.limits.of(bucket):
                paced[bucket] = [mail for mail in going if not has_turn(mail.due_at, mail.reason, now)]
        self._reserve(claim, paced)
        return Holding(claim.held, claim.behind)

    def lined_up(self, edition_id: int, behind: Behind, count: int, *, now: datetime) -> None:
        """So many were put behind: those that come next ask after them."""
        if behind.begin and count:
            line = _line(edition_id, behind.bucket)
            self._ask(lambda: self._buckets.line_up(line, count, step=behind.step, begin=timedelta(0)), now)

    def after_results(
        self, edition_id: int, results: Sequence[Result], *, since: datetime | None, now: datetime
    ) -> str:
        """Take in what the server said; why the edition must wait for a person now, or nothing.

        `since`: when a person last let the edition go; older results do not count against it.
        """
        others = [each for each in results if each.state is not State.SENT]
        if others or self._rests.states(now):
            self._rests.after([(bucket_of(each.address), _answer_of(each)) for each in results], now)
        if self.error_percent >= 100:
            return ""
        refused = [_answer_of(each) for each in others if each.state is State.FAILED]
        newest = self._written_down(edition_id, len(results) - len(others), refused, now)
        problem = why_pause(newest, percent=self.error_percent, since=since)
        if problem:
            log.error("pacing.error_limit", extra={"edition_id": edition_id, "problem": problem})
        return problem

    def flush(self, *, now: datetime) -> None:
        """Write down acceptances that were not worth it yet: this process looks away for a while."""
        for edition_id, accepted in self._accepted.items():
            self._ask(partial(recent.add, edition_id, [recent.batch_of(now, accepted, [])]), now)
        self._accepted.clear()

    def _written_down(
        self, edition_id: int, accepted: int, refused: Sequence[Answer], now: datetime
    ) -> Sequence[Batch]:
        """Write results down, if it is time; the edition's newest, if there are refusals among these."""
        since = self._written.setdefault(edition_id, now)
        if not refused and timedelta(0) <= now - since < UNWRITTEN:
            self._accepted[edition_id] += accepted
            return []
        self._written[edition_id] = now
        before = min(self._accepted.pop(edition_id, 0), LOOKS_BACK)
        batches = [recent.batch_of(now, before, [])] if before else []
        batches.append(recent.batch_of(now, accepted, refused))
        return self._ask(lambda: recent.add(edition_id, batches), now) or []

    def _reserve(self, claim: _Sorting, paced: Mapping[str, list[ClaimedMail]]) -> None:
        """Give mails of providers with a rate their moments, as far as there are any near enough."""
        wishes = [
            Wish(bucket, rate, len(mails), claim.urgent)
            for bucket, mails in paced.items()
            if mails and (rate := self.limits.of(bucket))
        ]
        if not wishes:
            return
        delays = self._ask(lambda: self._buckets.reserve(wishes, now=claim.now), claim.now)
        if delays is None:
            self._hold_locally(claim, wishes, paced)
            return
        for wish, moments in zip(wishes, delays, strict=True):
            mails = paced[wish.bucket]
            near = sum(delay <= AHEAD for delay in moments)
            ticket = f"{TICKET}{wish.bucket} takes {wish.rate}."
            for mail, delay in zip(mails[:near], moments, strict=False):
                if delay > SOON:
                    claim.held[mail.id] = HeldBack(claim.now + delay, ticket)
            if mails[near:]:
                self._line_up(claim, wish, mails[near:], moments[near] - SOON)

    def _line_up(self, claim: _Sorting, wish: Wish, mails: Sequence[ClaimedMail], free_in: timedelta) -> None:
        """These got no moment: they ask again one after another, as others of their edition do."""
        line = _line(claim.edition_id, wish.bucket)
        first = self._ask(
            lambda: self._buckets.line_up(line, len(mails), step=wish.step, begin=free_in), claim.now
        )
        begin, latest = claim.now + (first or free_in), claim.now + ASKS_BY
        reason = gettext_noop("Waits: %(provider)s takes %(rate)s.") % {
            "provider": wish.bucket,
            "rate": wish.rate,
        }
        claim.hold(Behind(wish.bucket, claim.now, latest, reason, wish.step, begin), mails)

    def _hold_locally(
        self, claim: _Sorting, wishes: Iterable[Wish], paced: Mapping[str, list[ClaimedMail]]
    ) -> None:
        for wish in wishes:
            free = self._bucket(wish.bucket, wish.rate, claim.now).take(wish.count, claim.now)
            said = gettext_noop(
                "Waits: %(provider)s takes %(rate)s, and Redis cannot be asked who has a turn."
            )
            reason = said % {"provider": wish.bucket, "rate": wish.rate}
            behind = Behind(wish.bucket, claim.now, claim.now + WITHOUT_REDIS, reason)
            claim.hold(behind, paced[wish.bucket][free:])

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


def limits_of_settings() -> Limits:
    """The limits of this installation."""
    return Limits(settings.MAIL_RATE, settings.MAIL_DOMAIN_RATES, settings.MAIL_WARMUP)


@dataclass
class _Sorting:
    """A claim while it is decided which of its mails must wait."""

    mails: Sequence[ClaimedMail]
    edition_id: int
    urgent: bool
    now: datetime
    held: dict[int, HeldBack] = field(default_factory=dict)
    behind: list[Behind] = field(default_factory=list)

    def by_bucket(self) -> dict[str, list[ClaimedMail]]:
        found: dict[str, list[ClaimedMail]] = {}
        for mail in self.mails:
            found.setdefault(bucket_of(mail.address), []).append(mail)
        return found

    def beside_rest(
        self, bucket: str, mails: Sequence[ClaimedMail], state: DomainState | None
    ) -> Sequence[ClaimedMail]:
        """Those that no rest of their provider holds back. After its rest a few are tried, and the others a little later."""
        if state is None:
            return mails
        few, others = mails[:PROBE], mails[PROBE:]
        if not state.rests(self.now):
            reason = gettext_noop("Waits: %(provider)s is tried with a few mails first.") % {
                "provider": bucket
            }
            self.hold(Behind(bucket, self.now, self.now + AFTER_PROBE, reason), others)
            return few
        said = gettext_noop("Waits: %(provider)s asked for peace (“%(why)s”) until %(time)s.")
        reason = said % {"provider": bucket, "why": state.why, "time": _clock(state.until)}
        self.held |= {mail.id: HeldBack(state.until, reason) for mail in few}
        self.hold(Behind(bucket, state.until - SOON, state.until + AFTER_PROBE, reason), others)
        return ()

    def hold(self, behind: Behind, mails: Sequence[ClaimedMail]) -> None:
        """Hold these back as those behind them, which wait, too, where it is worth to look for them."""
        for place, mail in enumerate(mails):
            self.held[mail.id] = HeldBack(behind.until(place, mail.due_at), behind.reason)
        if mails and len(mails) * WORTH_LOOKING >= len(self.mails):
            begin = behind.begin and behind.begin + len(mails) * behind.step
            self.behind.append(replace(behind, begin=begin))


def _line(edition_id: int, bucket: str) -> str:
    return f"{edition_id}:{bucket}"


def _answer_of(result: Result) -> Answer:
    """What was said. Where mail is handed over without SMTP, an acceptance has no code."""
    return ACCEPTED if result.state is State.SENT else Answer(result.code, result.enhanced, result.text)


def _limit_text(taken: Taken, warmup: Rate | None) -> str:
    if taken.granted or taken.held_by is None:
        return ""
    if taken.held_by == warmup:
        said = gettext_noop(
            "The warm-up (PUBLISHER_MAIL_WARMUP) allows %(mails)s in 24 hours: used up for now"
        )
        return said % {"mails": counted(warmup.count, "mail")}
    return gettext_noop("The mail server takes %(rate)s, which is used up") % {"rate": taken.held_by}


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %B, %H:%M} UTC"
