"""Letters to readers that are refused while they are sent: by the rules of what comes back, and strangers who type addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.audience import address_change, addresses, letters
from publisher.audience.models import (
    AddressChange,
    ConsentText,
    ReaderLetter,
    SignUp,
    Subscriber,
    Suppression,
)
from publisher.delivery import reader_letters
from publisher.digests.models import Digest
from publisher.feedback import refused
from publisher.feedback.models import Report
from tests.builders import NOON, a_digest, a_subscriber
from tests.fakes.smtp_sink import SmtpSink, at

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
K = ReaderLetter.Kind

NOBODY = "550 5.1.1 <ilse@example.net>: Recipient address rejected: User unknown"
FULL = "552 5.2.2 The mailbox is full"
UNCLEAR = "550 Requested action not taken"
NO_PTR = "550 5.7.25 The IP address sending this message does not have a PTR record setup"
UNVERIFIED = (
    "550 5.1.1 <news@office.example.org>: Sender address rejected: undeliverable address: User unknown"
)
RELAY = "554 5.7.1 <ilse@example.net>: Relay access denied"


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        settings.SOFT_BOUNCES, settings.SOFT_BOUNCE_DAYS, settings.SOFT_REST_DAYS = 3, 35, 90
        yield sink


@pytest.fixture
def digest(db: None) -> Digest:
    return a_digest(open_to_all=True)


def signs_up(digest: Digest, to: str = "ilse@example.net", now: datetime = NOON) -> ReaderLetter:
    """Somebody types an address into the form; the letter that asks to confirm waits."""
    text = ConsentText.objects.get_or_create(
        digest=b"x" * 32, defaults={"language": "en", "text": "Yes.", "first_at": NOON}
    )[0]
    sign_up = SignUp.objects.create(
        email=to,
        email_key=addresses.key(to),
        wanted=[{"digest": digest.pk, "language": "en"}],
        language="en",
        text=text,
        created_at=now,
        expires_at=now + 7 * DAY,
    )
    return letters.queue(K.CONFIRM, to=to, language="en", sign_up=sign_up, now=now)


def welcomed(reader: Subscriber, digest: Digest, now: datetime = NOON) -> ReaderLetter:
    return letters.queue(
        K.WELCOME, to=reader.email, language="en", subscriber=reader, digest_id=digest.pk, now=now
    )


def sent(now: datetime = NOON) -> dict[str, int]:
    """What became of the letters that are due, once the rules have looked at them, too."""
    done = reader_letters.send_due(now=now)
    refused.judge(now=now + MINUTE)
    return done


def outcomes() -> list[tuple[str, str]]:
    return list(Report.objects.order_by("pk").values_list("cause", "outcome"))


def reasons() -> list[str]:
    return list(Suppression.objects.values_list("reason", flat=True))


def test_a_mailbox_that_is_not_there_is_suppressed_at_once_with_the_servers_words(
    sink: SmtpSink, digest: Digest
) -> None:
    sink.rules = [at("RCPT", NOBODY)]
    letter = signs_up(digest)
    assert sent() == {"failed": 1}
    report, entry = Report.objects.get(), Suppression.objects.get()
    assert (report.source, report.code, report.address_key) == ("sending", "5.1.1", "ilse@example.net")
    assert (entry.email_key, entry.reason) == ("ilse@example.net", "bounced")
    assert entry.until == NOON + 90 * DAY, "it may be there by then"
    assert entry.evidence.startswith(f"Report {report.pk}: 5.1.1")
    assert "User unknown" in entry.evidence
    letter.refresh_from_db()
    assert (letter.state, letter.code, letter.enhanced) == ("failed", 550, "5.1.1")


def test_the_form_does_not_have_a_dead_mailbox_written_to_again(sink: SmtpSink, digest: Digest) -> None:
    sink.rules = [at("RCPT", NOBODY)]
    signs_up(digest)
    sent()
    tried = len([each for each in sink.commands if each.startswith("RCPT")])
    for minutes in (5, 10, 24 * 60):
        signs_up(digest, now=NOON + minutes * MINUTE)
        assert sent(NOON + minutes * MINUTE) == {"failed": 1}
    assert len([each for each in sink.commands if each.startswith("RCPT")]) == tried == 1
    assert "suppression list (bounced)" in ReaderLetter.objects.order_by("-pk")[0].reason
    assert Report.objects.count() == 1, "a letter that never left says nothing of its server"


@pytest.mark.parametrize("kind", [K.WELCOME, K.DATA, K.ERASE, K.CHANGE_OLD])
def test_a_reader_whose_mailbox_is_not_there_is_suppressed_whatever_the_letter(
    sink: SmtpSink, digest: Digest, kind: ReaderLetter.Kind
) -> None:
    sink.rules = [at("RCPT", NOBODY)]
    reader = a_subscriber(digest, "ilse@example.net").subscriber
    a_letter(kind, reader, digest)
    assert sent() == {"failed": 1}
    assert Suppression.objects.get().email_key == reader.email_key
    assert Report.objects.get().subscriber_id == reader.pk


def a_letter(kind: ReaderLetter.Kind, reader: Subscriber, digest: Digest, now: datetime = NOON) -> None:
    change = None
    if kind == K.CHANGE_OLD:
        change = AddressChange.objects.create(
            subscriber=reader,
            email="new@example.net",
            email_key="new@example.net",
            language="en",
            created_at=now,
            expires_at=now + 7 * DAY,
        )
    letters.queue(
        kind, to=reader.email, language="en", subscriber=reader, digest_id=digest.pk, change=change, now=now
    )


def test_a_new_address_that_is_not_there_is_suppressed_and_the_old_one_is_not(
    sink: SmtpSink, digest: Digest
) -> None:
    sink.rules = [at("RCPT", NOBODY, when="dead@")]
    reader = a_subscriber(digest, "ilse@example.net").subscriber
    address_change.ask(reader.pk, "dead@example.net", language="en", digest_id=digest.pk, now=NOON)
    sent()
    assert Suppression.objects.get().email_key == "dead@example.net"


@pytest.mark.parametrize(
    ("step", "answer", "cause"),
    [
        ("RCPT", NO_PTR, "policy"),
        ("RCPT", UNVERIFIED, "policy"),
        ("RCPT", RELAY, "policy"),
        ("DOT", "550 5.7.1 Service unavailable; client host blocked using Spamhaus", "reputation"),
        ("DOT", "554 5.6.0 Message content rejected", "content"),
    ],
)
def test_what_a_server_holds_against_the_sender_suppresses_nobody_however_often(
    sink: SmtpSink, digest: Digest, step: str, answer: str, cause: str
) -> None:
    sink.rules = [at(step, answer)]
    reader = a_subscriber(digest, "mira@example.net").subscriber
    for day in range(5):
        now = NOON + day * DAY
        signs_up(digest, now=now)
        welcomed(reader, digest, now=now)
        assert sent(now) == {"failed": 2}
    assert outcomes() == [(cause, "marked")] * 10
    assert reasons() == []


@pytest.mark.parametrize("answer", [FULL, UNCLEAR])
def test_a_stranger_who_types_an_address_day_after_day_holds_nothing_against_it(
    sink: SmtpSink, digest: Digest, answer: str
) -> None:
    sink.rules = [at("RCPT", answer)]
    a_subscriber(digest, "mira@example.net")
    for day in range(6):
        now = NOON + day * DAY
        signs_up(digest, now=now)
        signs_up(digest, to="mira@example.net", now=now)
        assert sent(now) == {"failed": 2}
    assert {outcome for _cause, outcome in outcomes()} == {"nothing"}
    assert reasons() == []
    assert set(ReaderLetter.objects.values_list("kind", flat=True)) == {K.CONFIRM, K.ALREADY}


@pytest.mark.parametrize("kind", [K.DATA, K.ERASE, K.CHANGE_OLD])
def test_who_holds_a_passed_on_mail_and_asks_day_after_day_holds_nothing_against_its_reader(
    sink: SmtpSink, digest: Digest, kind: ReaderLetter.Kind
) -> None:
    sink.rules = [at("RCPT", FULL)]
    reader = a_subscriber(digest, "mira@example.net").subscriber
    for day in range(4):
        AddressChange.objects.all().delete()
        a_letter(kind, reader, digest, now=NOON + day * DAY)
        assert sent(NOON + day * DAY) == {"failed": 1}
    assert outcomes() == [("full", "nothing")] * 4
    assert reasons() == []


def test_a_domain_that_is_not_found_for_days_costs_no_reader_whose_address_a_stranger_typed(
    sink: SmtpSink, digest: Digest
) -> None:
    sink.rules = [at("RCPT", "550 5.1.2 Bad destination system: Host or domain name not found")]
    a_subscriber(digest, "mira@example.net")
    for day in range(3):
        signs_up(digest, to="mira@example.net", now=NOON + day * DAY)
        assert sent(NOON + day * DAY) == {"failed": 1}
    assert {outcome for _cause, outcome in outcomes()} == {"nothing"}
    assert reasons() == []


def test_a_reader_whose_mailbox_is_full_rests_after_as_many_days_as_the_rules_say(
    sink: SmtpSink, digest: Digest
) -> None:
    sink.rules = [at("RCPT", FULL)]
    reader = a_subscriber(digest, "mira@example.net").subscriber
    for day in (0, 0, 1, 2):
        welcomed(reader, digest, now=NOON + day * DAY)
        sent(NOON + day * DAY)
    assert outcomes() == [*[("full", "counted")] * 3, ("full", "suppressed")]
    entry = Suppression.objects.get()
    assert (entry.reason, entry.until) == ("soft", NOON + 92 * DAY)


def test_what_is_only_put_off_is_not_judged_until_the_letter_is_given_up(
    sink: SmtpSink, digest: Digest, settings: Any
) -> None:
    settings.ATTEMPTS = 2
    sink.rules = [at("RCPT", "450 4.2.1 Try again later")]
    reader = a_subscriber(digest, "mira@example.net").subscriber
    letter = welcomed(reader, digest)
    assert sent() == {"queued": 1}
    assert not Report.objects.exists()
    letter.refresh_from_db()
    assert letter.code is None
    assert sent(NOON + DAY) == {"failed": 1}
    assert outcomes() == [("temporary", "counted")]


def test_a_letter_that_may_have_left_stays_unclear_and_says_nothing_of_its_address(
    sink: SmtpSink, digest: Digest
) -> None:
    sink.rules = [at("DOT", deed="reset")]
    letter = signs_up(digest)
    assert sent() == {"unknown": 1}
    sent(NOON + DAY)
    letter.refresh_from_db()
    assert (letter.state, letter.code, Report.objects.count()) == ("unknown", None, 0)


def test_each_refusal_is_judged_once_and_one_of_long_ago_or_of_nobody_any_more_never(
    sink: SmtpSink, digest: Digest
) -> None:
    sink.rules = [at("RCPT", NOBODY)]
    signs_up(digest)
    signs_up(digest, to="gone@example.net")
    reader_letters.send_due(now=NOON)
    assert refused.judge(now=NOON + 8 * DAY) == 0
    ReaderLetter.objects.filter(to_key="gone@example.net").delete()
    assert refused.judge(now=NOON + DAY) == 1
    assert refused.judge(now=NOON + DAY) == 0
    assert [each.email_key for each in Suppression.objects.all()] == ["ilse@example.net"]


def test_a_provider_that_refuses_a_call_suppresses_nobody(digest: Digest, settings: Any) -> None:
    settings.MAIL = "postmark://key@"
    letter = signs_up(digest)
    ReaderLetter.objects.filter(pk=letter.pk).update(
        state="failed", code=422, said="Invalid recipient: user unknown", settled_at=NOON
    )
    assert refused.judge(now=NOON + MINUTE) == 1
    assert outcomes() == [("unknown_user", "nothing")]
    assert reasons() == []
