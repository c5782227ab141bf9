"""Whatever comes: no exception, and no change without a valid signature."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience.models import Consent, Subscriber, Subscription, Suppression
from publisher.delivery.models import Delivery
from publisher.feedback.models import Report
from publisher.feedback.reading import read
from publisher.feedback.reading.causes import cause_of, codes_in
from publisher.feedback.taking import take
from tests.feedback.mailing import NOW, Signs, a_sent_mail, table

RAW = [row.raw() for row in table()]
SIGNED = [Signs.of(4711, 815, 7, 42, "ilse@example.net").into(raw) for raw in RAW]
PIECES = [line for raw in SIGNED for line in raw.split(b"\n") if line]


@st.composite
def mutated(draw: st.DrawFn, base: list[bytes]) -> bytes:
    """A message of the corpus with some bytes changed, lines doubled, dropped, moved, or taken from others."""
    lines = draw(st.sampled_from(base)).split(b"\n")
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(lines) - 1))
        deed = draw(st.sampled_from(["drop", "double", "cut", "noise", "foreign", "swap", "replace"]))
        if deed == "drop" and len(lines) > 1:
            del lines[at]
        elif deed == "double":
            lines[at:at] = [lines[at]] * draw(st.integers(1, 40))
        elif deed == "cut":
            lines[at] = lines[at][: draw(st.integers(0, 40))]
        elif deed == "noise":
            lines[at] += draw(st.binary(max_size=30))
        elif deed == "foreign":
            lines[at:at] = [draw(st.sampled_from(PIECES))]
        elif deed == "replace":
            lines[at] = draw(st.binary(max_size=60))
        else:
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
    return b"\n".join(lines)


@settings(max_examples=600)
@given(raw=mutated(SIGNED))
def test_no_mutation_of_the_corpus_breaks_the_reader(raw: bytes) -> None:
    found = read(raw)
    assert found.kind in Report.Kind.values
    for text in (found.said, found.code, found.recipient, found.sender):
        text.encode()
        assert "\0" not in text
    assert len(found.code) <= 20


@settings(max_examples=300)
@given(raw=st.binary(max_size=2000))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    assert not read(raw).named.is_signed


@given(words=st.text(max_size=400))
def test_no_words_break_the_table_of_causes(words: str) -> None:
    assert cause_of(*codes_in(words), words) in Report.Cause.values


@pytest.mark.django_db
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_mutation_changes_anything_without_a_valid_signature(
    data: st.DataObject, sent_mail: Delivery
) -> None:
    raw = data.draw(mutated([Signs.forged(sent_mail).into(raw) for raw in RAW]))
    report = take(raw, source="fuzz", now=NOW)
    assert report.outcome in (Report.Outcome.UNMATCHED, Report.Outcome.NOTHING)
    assert not Suppression.objects.exists()
    assert not Consent.objects.filter(action="withdrawn").exists()
    assert Subscription.objects.get().state == "active"
    assert Subscriber.objects.get().state == "active"
    assert Delivery.objects.get().state == "sent"


@pytest.fixture
def sent_mail(db: None) -> Delivery:
    return a_sent_mail()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"From x\n",
        b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 5000,
        b"Content-Type: multipart/mixed; boundary=a\n\n" * 3000,
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"Content-Type: text/plain; charset=does-not-exist\n\n\xff\xfe",
        b"Content-Type: text/plain; charset*=utf-8''%FF%00\n\nx",
        b"Subject: =?utf-8?B?////?= =?x?Q?=ZZ?=\nFrom: =?a?b?c\n\n",
        b"Date: Mon, 99 Foo 99999999999 99:99:99 +9999\n\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: "  # noqa: ISC004
        b"message/delivery-status\n\nFinal-Recipient: utf-8; \\x{110000}\\x{D800}\\x{0}@x.example\nAction: failed\nStatus: 5.1.1"
        b"\nLast-Attempt-Date: 32 Jan 0000\n\n--x--",
        ("Subject: " + "Re: " * 20_000 + "\n\n" + "550 " * 50_000).encode(),
        b"To: " + b"<" * 50_000 + b"@" * 50_000 + b"\n\n" + b">" * 100_000,
        b"\n\n" + b"unsubscribe please " * 20_000,
        b"Subject: unsubscribe" + b" me" * 40_000 + b"x\n\n",
        b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n" + b"\n" * 60_000,
        b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n" + b"-" * 60_000 + b"> " * 60_000,
    ],
)
@pytest.mark.django_db
def test_messages_made_to_break_readers_are_taken(raw: bytes) -> None:
    assert take(raw, source="test", now=NOW).outcome in ("unmatched", "nothing")


HTML = b"Content-Type: text/html\n\n"
DSN = (
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/"
)
MADE_TO_TAKE_FOREVER = {
    "styles without end": HTML + b"<style " * 250_000,
    "comments without end": HTML + b"<!--" * 400_000,
    "line breaks without end": HTML + b"<br " * 400_000,
    "a recipient without an @": b"To: " + b"a" * 1_500_000 + b"\n\nx",
    "an answer without an @": DSN
    + b"delivery-status\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: smtp; "
    + b"a" * 1_500_000
    + b"\n\n--x--",
    "a field of many lines": DSN
    + b"feedback-report\n\n\nFeedback-Type: abuse\n"
    + b" a\n" * 500_000
    + b"--x--",
    "parameters without end": b'Content-Type: multipart/mixed; x="' + b";" * 1_500_000 + b"\n\nx",
    "words without end": b"Subject: " + b"=?a?q?" * 250_000 + b"\n\nx",
    "a slow charset": b"Content-Type: text/plain; charset=punycode\n\n"
    + b"a" * 900_000
    + b"-"
    + b"b9" * 40_000,
    "parts within parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(200)
    )
    + b"\n" * 1_500_000,
}


@pytest.mark.parametrize("name", MADE_TO_TAKE_FOREVER)
def test_a_message_made_to_keep_its_reader_busy_is_soon_read(name: str) -> None:
    """Each took minutes to days: one such mail to a return path, and nobody's bounces are read any more."""
    assert read(MADE_TO_TAKE_FOREVER[name]).kind in Report.Kind.values
