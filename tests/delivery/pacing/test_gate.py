"""A rate by the second at a provider whose calls take many messages: kept as they leave, not only as they are claimed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from publisher.delivery import journal
from publisher.delivery.email.outgoing import Withdrawn
from publisher.delivery.email.providers import ProviderSession, parse_provider_url
from publisher.delivery.pacing import gate as module
from publisher.delivery.pacing.gate import Gate
from publisher.delivery.pacing.limits import Limits, Rate, parse_rates
from publisher.delivery.pacing.pacer import Pacer
from publisher.delivery.sender import Sender
from tests.builders import NOON
from tests.delivery.email.providers.steps import PATIENT, letters
from tests.delivery.pacing.steps import SECOND, START, exceeded
from tests.delivery.pacing.taker import Nothing
from tests.delivery.test_mail import an_assembled_edition
from tests.fakes.mail_apis.mailgun import Mailgun
from tests.fakes.mail_apis.postmark import Postmark
from tests.fakes.mail_apis.server import Answer, FakeApi, Mail, Request
from tests.fakes.mail_apis.ses import Ses
from tests.processes import until


class Time:
    """A clock that goes on when somebody sleeps, and by a little whenever the pacer looks at it.

    Each thread wakes at its own moment, whatever others have slept meanwhile: `mine` is the thread's.
    """

    def __init__(self) -> None:
        self.us = START
        self._lock = threading.Lock()
        self._own = threading.local()

    def __call__(self) -> int:
        self._own.us = self.us
        return self.us

    def looked_at(self) -> int:
        with self._lock:
            self.us += SECOND // 200
        return self.us

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._own.us = getattr(self._own, "us", self.us) + round(seconds * SECOND)
            self.us = max(self.us, self._own.us)

    @property
    def mine(self) -> int:
        own: int = getattr(self._own, "us", self.us)
        return own


def recorded(api: type[FakeApi], clock: Time, *, slow: int = 0) -> tuple[Any, list[list[int]]]:
    """The provider, and what left when, in microseconds: it takes two seconds for each of the first `slow` calls."""
    times: list[list[int]] = []

    class Recorded(api):  # type: ignore[valid-type,misc]  # each fake in turn
        calls = 0
        hold: Callable[[], object] | None = None
        """The first call takes until this returns."""

        def take(self, request: Request) -> Answer:
            times.append([clock(), 0])
            answer: Answer = super().take(request)
            self.calls += 1
            if self.hold and self.calls == 1:
                self.hold()
            if self.calls <= slow:
                clock.sleep(2)
            return answer

        def send(self, mail: Mail) -> None:
            super().send(mail)
            times[-1][1] += 1

    return Recorded(), times


def a_gate(rates: str, clock: Time) -> Gate:
    return Gate(Limits(parse_rates(rates)), at=clock, sleep=clock.sleep)


def opened(fake: FakeApi, gate: Callable[[int], bool]) -> ProviderSession:
    return ProviderSession(parse_provider_url(fake.url()), PATIENT, before_call=gate)


@pytest.fixture
def clock(inbox: redis.Redis) -> Time:
    """Of a Redis that has counted for a while, so that its bucket is full."""
    clock = Time()
    a_gate("50/s", clock).wait(1)
    clock.sleep(60)
    return clock


@pytest.mark.parametrize("api", [Mailgun, Postmark, Ses])
def test_claims_that_waited_for_a_slow_call_leave_at_the_rate(api: type[FakeApi], clock: Time) -> None:
    fake, times = recorded(api, clock, slow=1)
    begun = clock()
    with fake:
        session, gate = opened(fake, a_gate("50/s", clock).wait), Rate(50, 1)
        for claim in range(8):  # what four lanes hold, each of the burst that the bucket grants at a time
            list(session.send(letters(80)[10 * claim : 10 * claim + 10]))
    assert sum(count for _, count in times) == 80
    assert exceeded(times, gate) == []
    spent = (clock() - begun) / SECOND
    assert spent < 2 + 80 / 50 + 0.5, "no more slowly than the rate"


@pytest.mark.django_db
def test_a_sender_of_several_lanes_keeps_the_rate_after_slow_calls(clock: Time) -> None:
    edition = an_assembled_edition(readers=120)
    fake, _ = recorded(Mailgun, clock)
    times: list[list[int]] = []
    limits = Limits(parse_rates("50/s"))
    pacer = Pacer(limits, recall=Nothing(), at=clock.looked_at)
    gate = Gate(limits, at=clock, sleep=clock.sleep)

    one_at_a_time = threading.Lock()

    def leave(count: int) -> bool:
        with one_at_a_time:
            may = gate.wait(count)
            times.append([clock.mine, count])
            return may

    with fake:
        sender = Sender(
            lambda: opened(fake, leave),
            stop_at=time.monotonic() + 60,
            lanes=4,
            clock=lambda: NOON,
            only=edition.pk,
            pacer=pacer,
        )
        fake.hold = lambda: until(lambda: len(sender._held) == 8, what="the lanes hold all they may")
        sender.run()
    assert sender.counts == {"sent": 120}
    assert sum(count for _, count in times) == 120
    # The pacer moves the clock between our reading it and the script's: that much a moment may be off.
    assert exceeded(sorted(times), Rate(50, 1), slack_us=SECOND // 20) == []


@pytest.mark.django_db
def test_a_claim_that_waits_for_its_pace_is_not_in_doubt_and_one_that_leaves_is(
    inbox: redis.Redis,
) -> None:
    edition = an_assembled_edition(readers=4)
    fake, _ = recorded(Mailgun, Time())
    seen: list[tuple[str, bool]] = []

    def looked_at(when: str) -> bool:
        fence = min(int(key.rsplit(b":", 1)[1]) for key in inbox.keys("publisher:claim:*"))
        seen.append((when, journal.read([fence])[fence].begun))
        return True

    with fake:
        fake.hold = lambda: looked_at("called")
        sender = Sender(
            lambda: opened(fake, lambda _count: looked_at("waits")),
            stop_at=time.monotonic() + 60,
            clock=lambda: NOON,
            only=edition.pk,
            most=4,
        )
        sender.run()
    assert sender.counts == {"sent": 4}
    assert seen[:2] == [("waits", False), ("called", True)]


def test_lanes_of_all_hosts_share_the_pace(clock: Time) -> None:
    fake, times = recorded(Postmark, clock)
    with fake:
        sessions = [opened(fake, a_gate("20/s", clock).wait) for _ in range(3)]
        for _ in range(4):
            for session in sessions:
                list(session.send(letters(4)))
    assert sum(count for _, count in times) == 48
    assert exceeded(times, Rate(20, 1)) == []


def test_a_call_of_more_than_the_burst_leaves_and_the_next_waits_for_it(clock: Time) -> None:
    gate, begun = a_gate("5/s", clock), clock()
    gate.wait(10)
    assert clock() == begun
    gate.wait(1)
    assert clock() - begun == 2 * SECOND


def test_without_a_pace_nothing_is_asked(clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_args: object, **_given: object) -> None:
        raise AssertionError("Redis was asked")

    begun = clock()
    for rates in ("", "100/h, 5000/day"):
        gate = a_gate(rates, clock)
        monkeypatch.setattr(gate, "_buckets", asked)
        gate.wait(100)
    assert clock() == begun


def test_the_slowest_of_several_paces_counts(clock: Time) -> None:
    gate, begun = a_gate("50/s, 60/min", clock), clock()
    for _ in range(40):
        gate.wait(1)
    assert (clock() - begun) / SECOND == pytest.approx(40 - Rate(60, 60).burst, abs=1)


def test_while_redis_is_away_the_claims_alone_keep_the_rate(
    clock: Time, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def away(*_args: object, **_given: object) -> object:
        raise redis.ConnectionError("away")

    gate, begun = a_gate("5/s", clock), clock()
    with monkeypatch.context() as patched:
        patched.setattr(redis.connection.ConnectionPool, "get_connection", away)
        gate.wait(50)
    assert clock() == begun
    assert "pacing.redis_away" in caplog.text


def test_lanes_that_all_wait_at_a_low_pace_get_no_moment_that_is_too_early(clock: Time) -> None:
    paces = parse_rates("10/min")
    buckets, begun = a_gate("10/min", clock)._buckets, clock()
    waits = [buckets.leave(paces, 1, longest=module.LONGEST).total_seconds() for _ in range(5)]
    assert waits == [0, 6, -12, -12, -12], "those who come to more ask again"
    a_gate("10/min", clock).wait(1)
    assert clock() - begun == 12 * SECOND


def test_a_pace_of_one_a_minute_is_kept_and_the_wait_ends_with_the_sender_s_time(clock: Time) -> None:
    gate, begun = a_gate("1/min", clock), clock()
    assert gate.wait(1)
    assert gate.wait(1)
    assert clock() - begun == 60 * SECOND
    over = Gate(Limits(parse_rates("1/min")), stop_at=time.monotonic(), at=clock, sleep=clock.sleep)
    assert not over.wait(1)
    assert clock() - begun == 60 * SECOND
    assert gate.wait(1), "it took no moment"
    assert clock() - begun == 120 * SECOND


def test_what_may_not_leave_any_more_is_not_called_for(clock: Time) -> None:
    fake, times = recorded(Postmark, clock)
    with fake, pytest.raises(Withdrawn):
        list(opened(fake, lambda _count: False).send(letters(2)))
    assert times == []
