"""A sender's turns, one after another, over a real Redis that is emptied in between: mail gets slower, and never faster than its
limits; whatever waits leaves in the end. The queue is a list here, so that many courses of events can be tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from publisher.delivery.claim import ClaimedMail
from publisher.delivery.pacing.backoff import RESTS
from publisher.delivery.pacing.buckets import AHEAD, SOON
from publisher.delivery.pacing.held_back import ON_TIME, TICKET
from publisher.delivery.pacing.limits import Limits, Rate
from publisher.delivery.pacing.pacer import AFTER_PROBE, Pacer, Result
from publisher.delivery.pacing.providers import bucket_of
from publisher.delivery.states import State
from tests.builders import NOON
from tests.delivery.pacing.steps import START, exceeded

SERVER, GMAIL = Rate(30, 1), Rate(120, 60)
TURN = timedelta(seconds=0.25)
MOST = 20


@dataclass
class Mail:
    id: int
    address: str
    due_at: datetime = NOON
    reason: str = ""
    left: bool = False


class Office:
    """One sender and its queue. `angry_until`: till then gmail.com asks for peace whenever it is spoken to."""

    def __init__(self, server: redis.Redis, *, gmail: int, others: int) -> None:
        server.flushall()
        self.server = server
        self.now = self.angry_until = NOON
        addresses = ["a@gmail.com"] * gmail + ["b@example.net"] * others
        self.mails = [Mail(n, address) for n, address in enumerate(addresses)]
        self.spoken: list[tuple[datetime, str]] = []
        self.claims = 0
        limits = Limits((SERVER,), {"gmail.com": GMAIL})
        self.pacer = Pacer(limits, error_percent=100, recall=self, at=self._us)

    def turn(self) -> None:
        """Claim, hold back, send, tell what was said."""
        self.now += TURN
        grant = self.pacer.allow(MOST, now=self.now)
        due = [mail for mail in self.mails if not mail.left and mail.due_at <= self.now]
        claim = sorted(due, key=lambda mail: (mail.due_at, mail.id))[: grant.count]
        going = self._without_held_back(claim)
        self.pacer.give_back(grant, grant.count - len(going), now=self.now)
        self.pacer.after_results(7, [self._sent(mail) for mail in going], since=None, now=self.now)

    def lose(self) -> None:
        self.server.flushall()

    def sent(self, **_given: Any) -> Sequence[tuple[datetime, int]]:
        return []

    def reserved(self, *, now: datetime) -> Mapping[str, datetime]:
        """As the queue knows it (`evidence.py`)."""
        tickets = [mail for mail in self.mails if not mail.left and mail.reason.startswith(TICKET)]
        ahead = [mail.due_at for mail in tickets if now < mail.due_at <= now + AHEAD]
        return {"gmail.com": max(ahead)} if ahead else {}

    def _without_held_back(self, claim: Sequence[Mail]) -> list[Mail]:
        self.claims += len(claim)
        claimed = [
            ClaimedMail(m.id, 1, m.address, "", None, 1, m.due_at.timestamp(), m.reason) for m in claim
        ]
        holding = self.pacer.hold_back(claimed, edition_id=7, urgent=False, now=self.now)
        for pk, held in holding.held.items():
            self.mails[pk].due_at, self.mails[pk].reason = held.until, held.reason
        for behind in holding.behind:
            theirs = [
                mail
                for mail in self.mails
                if not mail.left and mail.due_at <= behind.due_by and bucket_of(mail.address) == behind.bucket
            ]
            for place, mail in enumerate(theirs):
                mail.due_at, mail.reason = behind.until(place, mail.due_at), behind.reason
            self.pacer.lined_up(7, behind, len(theirs), now=self.now)
        return [mail for mail in claim if mail.id not in holding.held]

    def _sent(self, mail: Mail) -> Result:
        self.spoken.append((self.now, mail.address))
        if mail.address.endswith("@gmail.com") and self.now < self.angry_until:
            mail.due_at, mail.reason = self.now + timedelta(minutes=1), "421 4.7.28 unusual rate"
            return Result(mail.address, State.QUEUED, 421, "4.7.28", "unusual rate")
        mail.left = True
        return Result(mail.address, State.SENT, 250)

    def _us(self) -> int:
        return START + round((self.now - NOON) / timedelta(microseconds=1))


def too_fast(moments: Sequence[datetime], rate: Rate, slack: timedelta) -> list[tuple[datetime, datetime]]:
    """The stretches of time in which more was sent than the rate allows, when each may be early or late by the slack."""
    interval = timedelta(microseconds=rate.interval_us)
    return [
        (first, last)
        for begin, first in enumerate(moments)
        for count, last in enumerate(moments[begin:], 1)
        if count > 1 + (last - first + slack) / interval
    ]


COURSES = st.lists(
    st.one_of(
        st.tuples(st.just("turns"), st.integers(1, 60)),
        st.tuples(st.just("lose"), st.just(0)),
        st.tuples(st.just("anger"), st.integers(1, 90)),
    ),
    max_size=12,
)


@examples(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gmail=st.integers(1, 160), others=st.integers(0, 60), course=COURSES)
def test_whatever_redis_loses_mail_is_never_faster_than_its_limits_and_all_of_it_leaves(
    inbox: redis.Redis, gmail: int, others: int, course: list[tuple[str, int]]
) -> None:
    office = Office(inbox, gmail=gmail, others=others)
    for step, value in course:
        if step == "lose":
            office.lose()
        elif step == "anger":
            office.angry_until = office.now + timedelta(seconds=value)
        else:
            for _ in range(value):
                office.turn()
    office.angry_until = office.now
    needed = gmail * GMAIL.interval_us * 10 / 9 * timedelta(microseconds=1)
    latest = office.now + needed + sum(RESTS[:4], 3 * AFTER_PROBE)
    while not all(mail.left for mail in office.mails) and office.now < latest:
        office.turn()
    assert all(mail.left for mail in office.mails)
    to_gmail = [at for at, address in office.spoken if address.endswith("@gmail.com")]
    assert too_fast(to_gmail, GMAIL, SOON + ON_TIME) == []
    microseconds = [[(at - NOON) // timedelta(microseconds=1), 1] for at, _ in office.spoken]
    assert exceeded(microseconds, SERVER, slack_us=2_000_000) == []


def test_a_provider_s_rest_is_forgotten_with_redis_and_learnt_again_at_its_rate(inbox: redis.Redis) -> None:
    office = Office(inbox, gmail=200, others=0)
    for _ in range(20):
        office.turn()
    office.angry_until = office.now + timedelta(minutes=3)
    for _ in range(20):
        office.turn()
    before = len(office.spoken)
    for _ in range(80):
        office.turn()
    assert len(office.spoken) == before, "it rests"
    office.lose()
    for _ in range(200):
        office.turn()
    assert 0 < len(office.spoken) - before <= 2 * MOST, "it is asked again, says it again, and rests again"
