"""Limits, mailboxes that are no reader's, the time in the form, and the proof of work."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from altcha import Challenge, Payload, solve_challenge
from hypothesis import given
from hypothesis import strategies as st

from publisher.audience.models import MailDomain
from publisher.audience.signing_up import challenge, limits, policy, stamps
from publisher.audience.signing_up.limits import CannotCount, Press
from publisher.audience.signing_up.policy import Kind
from publisher.audience.signing_up.rates import Rate, parse_rates
from publisher.audience.signing_up.stamps import Age
from publisher.core import clock
from tests.builders import NOON

HOUR = timedelta(hours=1)


def press(
    n: int = 1, *, visitor: str = "192.0.2.1", domain: str = "example.net", now: datetime = NOON
) -> Press:
    """The last of `n` forms."""
    for _ in range(n):
        last = limits.press(visitor=visitor, domain=domain, now=now)
    return last


@pytest.fixture
def few(settings: Any, db: None, inbox: redis.Redis) -> None:
    settings.SIGN_UP_LIMITS = parse_rates("address=2/day, client=4/h, domain=6/h, all=10/h, proof=8/h")


@pytest.mark.usefixtures("few")
class TestLimits:
    def test_one_client(self) -> None:
        assert press(2) == Press()
        assert press(2) == Press(proof=True)
        assert press().over == "client"
        assert press(visitor="192.0.2.2").over == ""
        assert press(now=NOON + HOUR) == Press()

    def test_one_domain_from_many_clients(self) -> None:
        for n in range(6):
            assert press(visitor=f"192.0.2.{n}").over == ""
        assert press(visitor="192.0.2.9") == Press("domain", proof=True)
        assert press(visitor="192.0.2.10", domain="example.org").over == ""

    def test_in_all_and_a_proof_before_it(self) -> None:
        seen = [press(visitor=f"192.0.2.{n}", domain=f"d{n}.example") for n in range(11)]
        assert seen[:8] == [Press()] * 8
        assert seen[8:10] == [Press(proof=True)] * 2
        assert seen[10].over == "all"

    def test_a_page_brings_the_task_along_when_the_next_form_will_need_it(self) -> None:
        for n in range(8):
            assert not limits.proof_is_asked(NOON)
            press(visitor=f"192.0.2.{n}", domain=f"d{n}.example")
        assert limits.proof_is_asked(NOON)

    def test_one_address_whatever_the_client(self) -> None:
        assert [limits.address_is_free("ilse@example.net", now=NOON) for _ in range(3)] == [True, True, False]
        assert limits.address_is_free("lin@example.net", now=NOON)

    def test_a_client_that_is_not_known_is_not_counted(self) -> None:
        assert [press(visitor="", domain=f"d{n}.example").over for n in range(8)] == [""] * 8

    def test_from_an_address_that_many_share_nobody_is_turned_away_but_all_have_to_work(self) -> None:
        seen = [
            limits.press(visitor="192.0.2.1", is_shared=True, domain=f"d{n}.example", now=NOON)
            for n in range(6)
        ]
        assert seen == [Press()] * 4 + [Press(proof=True)] * 2

    def test_no_address_stands_in_redis(self, inbox: redis.Redis) -> None:
        press(visitor="192.0.2.77")
        limits.address_is_free("ilse@example.net", now=NOON)
        keys: Any = inbox.keys("publisher:sign-up*")
        assert keys
        assert not any(b"192.0.2.77" in key or b"ilse" in key for key in keys)
        assert all(int(inbox.ttl(key)) > 0 for key in keys)  # type: ignore[arg-type]  # not the asynchronous client

    def test_when_nobody_can_count_that_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        away = redis.Redis(port=1, socket_connect_timeout=1)
        monkeypatch.setattr(limits, "client", lambda: away)
        with pytest.raises(CannotCount):
            press()
        assert limits.proof_is_asked(NOON) is False


def test_what_the_setting_does_not_name_is_as_usual() -> None:
    rates = parse_rates("client=30/min")
    assert (rates.client, rates.address) == (Rate(30, 60), Rate(3, 86_400))
    for bad in ("client", "client=x/h", "client=3/week", "reader=3/h", "client=1234567/h"):
        with pytest.raises(ValueError, match="rates such as"):
            parse_rates(bad)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "kind"),
    [
        ("ilse@example.net", Kind.USUAL),
        ("noreply@example.net", Kind.MACHINE),
        ("No-Reply+x@example.net", Kind.MACHINE),
        ("info@example.net", Kind.ROLE),
        ("Press+news@example.net", Kind.ROLE),
        ("ilse@mailinator.com", Kind.DISPOSABLE),
        ("info@mailinator.com", Kind.DISPOSABLE),
        ("ilse@inbox.mailinator.com", Kind.DISPOSABLE),
        ("postmaster@mailinator.com", Kind.MACHINE),
        ("ilse@mailinatorial.example", Kind.USUAL),
    ],
)
def test_what_an_address_says_of_itself(email: str, kind: Kind) -> None:
    assert policy.kind_of(email) is kind


@pytest.mark.django_db
def test_staff_add_domains_and_except_them() -> None:
    MailDomain.objects.create(domain="away.example", disposable=True, at=NOON)
    MailDomain.objects.create(domain="mailinator.com", disposable=False, at=NOON)
    MailDomain.objects.create(domain="xn--bcher-kva.example", disposable=True, at=NOON)
    assert policy.kind_of("a@away.example") is Kind.DISPOSABLE
    assert policy.kind_of("a@sub.away.example") is Kind.DISPOSABLE
    assert policy.kind_of("a@bücher.example") is Kind.DISPOSABLE
    assert policy.kind_of("a@mailinator.com") is Kind.USUAL


@pytest.mark.django_db
@pytest.mark.parametrize("deed", ["take", "look", "refuse"])
def test_the_settings_say_what_is_done_but_machines_are_refused_always(settings: Any, deed: str) -> None:
    settings.SIGN_UP_ROLES = settings.SIGN_UP_DISPOSABLE = deed
    said = [policy.verdict(f"{each}.com").deed for each in ("noreply@a", "info@a", "x@mailinator", "ilse@a")]
    assert said == ["refuse", deed, deed, "take"]


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (-1, Age.STALE),
        (0, Age.TOO_QUICK),
        (2, Age.TOO_QUICK),
        (3, Age.FINE),
        (86_400, Age.FINE),
        (86_402, Age.STALE),
    ],
)
def test_the_time_between_page_and_form(seconds: int, age: Age) -> None:
    assert stamps.age(stamps.write(NOON), now=NOON + timedelta(seconds=seconds)) is age


@given(st.text(max_size=60))
def test_a_time_that_we_did_not_sign_is_stale(stamp: str) -> None:
    assert stamps.age(stamp, now=NOON) is Age.STALE


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenge, "COST", 2)


def solved(task: str) -> str:
    made = Challenge.from_dict(json.loads(task))
    solution = solve_challenge(made)
    assert solution
    return Payload(made, solution).to_base64()


@pytest.mark.usefixtures("cheap", "inbox")
class TestProofOfWork:
    """By the true clock, which the library asks."""

    def test_an_answer_counts_once(self) -> None:
        now = clock.now()
        answer = solved(challenge.new(now))
        assert [challenge.is_solved(answer, now=now) for _ in range(2)] == [True, False]

    def test_an_answer_of_a_task_that_is_over_counts_for_nothing(self) -> None:
        now = clock.now()
        answer = solved(challenge.new(now))
        assert not challenge.is_solved(answer, now=now + challenge.GOOD_FOR + timedelta(seconds=1))

    @pytest.mark.parametrize(
        "changed", ["expiresAt", "cost", "keyPrefix", "nonce", "salt", "signature", "counter"]
    )
    def test_a_changed_task_or_answer_counts_for_nothing(self, changed: str) -> None:
        now = clock.now()
        data = json.loads(base64.b64decode(solved(challenge.new(now))))
        new = {
            "expiresAt": int(now.timestamp()) + 9999,
            "cost": 1,
            "keyPrefix": "",
            "nonce": "00" * 16,
            "salt": "00" * 16,
            "signature": "00" * 32,
            "counter": data["solution"]["counter"] + 1,
        }[changed]
        part = {"signature": data["challenge"], "counter": data["solution"]}.get(
            changed, data["challenge"]["parameters"]
        )
        part[changed] = new
        assert not challenge.is_solved(base64.b64encode(json.dumps(data).encode()).decode(), now=now)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
named = st.fixed_dictionaries(
    {
        "challenge": st.fixed_dictionaries(
            {
                "parameters": st.fixed_dictionaries(
                    {
                        "algorithm": st.just(challenge.ALGORITHM) | json_values,
                        "nonce": st.just("00" * 16) | json_values,
                        "salt": st.just("00" * 16) | json_values,
                        "cost": st.just(challenge.COST) | json_values,
                    },
                    optional={
                        "expiresAt": st.just(4_000_000_000) | json_values,
                        "keyPrefix": json_values,
                        "keyLength": json_values,
                    },
                )
            },
            optional={"signature": json_values},
        ),
        "solution": st.fixed_dictionaries({"counter": json_values, "derivedKey": json_values}),
    }
)


@given(
    st.text(max_size=200)
    | (named | json_values).map(lambda data: base64.b64encode(json.dumps(data).encode()).decode())
)
def test_what_is_no_answer_of_ours_counts_for_nothing_and_breaks_nothing(answer: str) -> None:
    assert not challenge.is_solved(answer, now=NOON)
