"""The rules by themselves: what follows from what, whoever brought it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.feedback.models import Report
from publisher.feedback.reading import Reading
from publisher.feedback.reading.causes import OURS, cause_of, codes_in
from publisher.feedback.rules import Decision, History, Leaving, Policy, Target, decide

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KNOWN = Target(is_known=True, has_reader=True)
K, C = Report.Kind, Report.Cause


def decided(reading: Reading, target: Target = KNOWN, history: History | None = None) -> Decision:
    return decide(reading, target, history or History(), Policy(), now=NOW)


READINGS = st.builds(
    Reading,
    kind=st.sampled_from(list(K)),
    cause=st.sampled_from(list(C)),
    permanent=st.sampled_from([True, False, None]),
    words_ask=st.booleans(),
    confirmed=st.booleans(),
)
HISTORIES = st.builds(
    History,
    soft=st.frozensets(st.dates(date(2026, 4, 1), date(2026, 6, 1)), max_size=20),
    no_domain=st.frozensets(st.dates(date(2026, 4, 1), date(2026, 6, 1)), max_size=3),
)


@given(reading=READINGS, history=HISTORIES)
def test_nothing_ever_follows_from_what_nobody_signed(reading: Reading, history: History) -> None:
    found = decided(reading, Target(), history)
    assert (found.state, found.suppress, found.leaving, found.slow) == (None, None, Leaving.NONE, False)
    assert found.outcome in ("unmatched", "nothing")


@given(reading=READINGS, history=HISTORIES)
def test_what_is_our_own_fault_never_suppresses(reading: Reading, history: History) -> None:
    if reading.kind == K.BOUNCE and reading.cause in OURS:
        assert decided(reading, KNOWN, history).suppress is None


@given(reading=READINGS, history=HISTORIES)
def test_every_decision_says_why(reading: Reading, history: History) -> None:
    assert decided(reading, KNOWN, history).why


@pytest.mark.parametrize(
    "said",
    [
        "550-5.7.25 [192.0.2.25] The IP address sending this message does not have a PTR record setup",
        "550 The IP address 192.0.2.25 does not have a reverse DNS entry",
        "550 5.1.8 <bounce+x@bounces.office.example.org>: Sender address rejected: Domain not found",
        "553 5.1.8 <bounce+x@bounces.office.example.org>... Domain of sender address does not exist",
        "550 Sender's domain does not exist",
        "550-Verification failed for <bounce+x@bounces.office.example.org> 550-No Such User Here 550 Sender verify failed",
        "550 5.7.1 Client host rejected: cannot find your hostname",
        "550 5.7.1 <mail>: Helo command rejected: Host not found",
        "550 5.7.0 Your account has been disabled, contact support",
        "550 Domain office.example.org is not allowed to send: account disabled",
        "554 Sending paused for this account",
        "550 5.7.29 TLS required",
        "530 5.7.0 Must issue a STARTTLS command first",
    ],
)
def test_what_is_said_of_who_sends_is_never_taken_for_the_readers(said: str) -> None:
    """With the same words: unknown, not found, disabled. One fault of ours in the DNS would suppress every reader."""
    assert cause_of(*codes_in(said), said) in OURS


@pytest.mark.parametrize("cause", [C.UNKNOWN_USER, C.DISABLED])
def test_hard_is_what_is_said_to_be_for_good(cause: Report.Cause) -> None:
    assert decided(Reading(K.BOUNCE, cause, True)).suppress == "bounced"
    assert decided(Reading(K.BOUNCE, cause, False)).suppress is None
    assert decided(Reading(K.BOUNCE, cause, None)).suppress is None


def test_what_failed_at_another_address_is_not_hard() -> None:
    passed_on = Target(is_known=True, has_reader=True, passed_on=True)
    assert decided(Reading(K.BOUNCE, C.UNKNOWN_USER, True), passed_on).outcome == "counted"


def test_the_soft_limit_counts_days_with_today() -> None:
    days = frozenset(NOW.date() - timedelta(days=n) for n in range(1, 4))
    assert decided(Reading(K.BOUNCE, C.FULL, True), KNOWN, History(days)).outcome == "counted"
    found = decided(Reading(K.BOUNCE, C.FULL, True), KNOWN, History(days | {date(2026, 5, 1)}))
    assert (found.suppress, found.until) == ("soft", NOW + timedelta(days=90))


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("550 5.1.1 <spam@virus.example>: User unknown", C.UNKNOWN_USER),
        ("550 user unknown, see https://spamhaus.example/blocked", C.UNKNOWN_USER),
        ("host mx.example.net said: 550 5.1.1 unknown", C.UNKNOWN_USER),
        ("550 Mailbox is full, quota exceeded", C.FULL),
        ("454 Throttling failure: Daily message quota exceeded", C.TEMPORARY),
        ("550 5.7.1 Message rejected by recipient's policy", C.POLICY),
        ("550 5.7.1 Your IP 192.0.2.1 is blocked: poor reputation", C.REPUTATION),
        ("550 收件人邮箱不存在", C.UNKNOWN_USER),
        ("552 邮箱空间不足", C.FULL),
        ("550 该账号已停用", C.DISABLED),
        ("554 发信IP被列入黑名单", C.REPUTATION),
        ("550 5.4.6 too many hops", C.LOOP),
        ("554 something that nobody has ever said", C.UNCLEAR),
    ],
)
def test_words_tell_the_cause(said: str, cause: Report.Cause) -> None:
    assert cause_of(*codes_in(said), said) == cause
