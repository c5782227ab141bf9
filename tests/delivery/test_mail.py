"""An edition on its way over real SMTP: every message once, each settled by what the server said."""

from __future__ import annotations

import email
import email.policy
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import redis

from publisher.audience import tokens
from publisher.delivery import outage
from publisher.delivery.email.smtp import Session, parse_mail_url
from publisher.delivery.enqueue import assemble
from publisher.delivery.hindrances import outage_of
from publisher.delivery.mail import send_due
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.sender import Sender
from publisher.delivery.sweep import sweep
from publisher.digests.models import Digest, Edition
from publisher.render.failure import TemplateFailure
from tests.builders import NOON, a_digest, a_subscriber, a_topic, an_item
from tests.fakes.smtp_sink import SmtpSink, at
from tests.social.steps import with_topic

pytestmark = pytest.mark.django_db

BEFORE = NOON - timedelta(days=1)


def an_assembled_edition(digest: Digest | None = None, *, readers: int = 5) -> Edition:
    """An edition of one item, with its deliveries queued."""
    digest = digest or a_digest()
    an_item(at=BEFORE, title="Rain at last")
    for n in range(readers):
        a_subscriber(digest, f"reader{n}@example.net", name=f"Reader Nº {n}")
    edition = Edition.objects.create(
        digest=digest,
        due_at=NOON,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        created_at=NOON,
        trace_id="e" * 32,
    )
    return assemble(edition.pk, now=NOON)


def sent_by(sink: SmtpSink, edition: Edition, *, now: datetime = NOON, **options: Any) -> Counter[str]:
    """Send what is due of the edition; counts by state."""
    sender = a_sender(sink, clock=lambda: now, only=edition.pk, **options)
    sender.run()
    return sender.counts


def a_sender(sink: SmtpSink, **options: Any) -> Sender:
    """A sender of one lane, for a minute."""
    return Sender(partial(Session, parse_mail_url(sink.url)), stop_at=time.monotonic() + 60, **options)


def states(edition: Edition) -> Counter[str]:
    return Counter(Delivery.objects.filter(edition=edition).values_list("state", flat=True))


def test_every_reader_gets_the_edition_once_in_their_own_name() -> None:
    edition = an_assembled_edition()
    with SmtpSink() as sink:
        assert sent_by(sink, edition) == {"sent": 5}
        assert sent_by(sink, edition) == {}
    assert sorted(m.rcpt_to for m in sink.messages) == [f"reader{n}@example.net" for n in range(5)]
    message = email.message_from_bytes(sink.messages[0].data, policy=email.policy.default)
    assert message["To"].addresses[0].display_name == "Reader Nº 0"
    html = message.get_body(("html",))
    text = message.get_body(("plain",))
    assert html is not None
    assert text is not None
    for part in (html, text):
        assert "Rain at last" in part.get_content()
        assert "Reader Nº 0" in part.get_content()


def test_the_links_of_a_mail_are_its_readers_own() -> None:
    edition = an_assembled_edition(readers=2)
    with SmtpSink() as sink:
        sent_by(sink, edition)
    for taken in sink.messages:
        message = email.message_from_bytes(taken.data, policy=email.policy.default)
        token = message["List-Unsubscribe"].strip("<>").rpartition("/u/")[2]
        link = tokens.read(tokens.Purpose.UNSUBSCRIBE, token)
        delivery = Delivery.objects.get(address=taken.rcpt_to)
        assert link == tokens.Link(delivery.subscriber_id or 0, edition.digest_id)


def test_a_refused_address_fails_alone_and_its_attempt_says_why() -> None:
    edition = an_assembled_edition()
    with SmtpSink(rules=[at("RCPT", "550 5.1.1 no such user here", when="reader2@")]) as sink:
        assert sent_by(sink, edition) == {"sent": 4, "failed": 1}
    failed = Delivery.objects.get(state="failed")
    assert (failed.address, failed.code, failed.enhanced) == ("reader2@example.net", 550, "5.1.1")
    assert Attempt.objects.get(delivery=failed).text == "no such user here"


def test_a_temporary_refusal_is_tried_again_later_with_the_same_message_id() -> None:
    edition = an_assembled_edition(readers=1)
    with SmtpSink(rules=[at("DOT", "451 4.7.1 greylisted", times=1)]) as sink:
        assert sent_by(sink, edition) == {"queued": 1}
        assert sent_by(sink, edition) == {}
        later = NOON + timedelta(minutes=5)
        assert sent_by(sink, edition, now=later) == {"sent": 1}
    assert Delivery.objects.get().attempts == 2
    assert list(Attempt.objects.values_list("outcome", "code")) == [("queued", 451), ("sent", 250)]


@pytest.mark.parametrize(("policy", "messages"), [("hold", 1), ("resend", 2)])
def test_an_answer_that_never_came_is_unknown_and_the_digest_decides(policy: str, messages: int) -> None:
    edition = an_assembled_edition(a_digest(on_unknown=policy), readers=1)
    with SmtpSink(rules=[at("DOT", deed="close", times=1)]) as sink:
        assert sent_by(sink, edition) == {"unknown": 1}
        sweep(now=NOON, most=8)
        sent_by(sink, edition, now=NOON + timedelta(minutes=5))
        ids = [email.message_from_bytes(m.data)["Message-ID"] for m in sink.messages]
    assert len(ids) == messages
    assert len(set(ids)) == 1
    assert states(edition) == ({"unknown": 1} if policy == "hold" else {"sent": 1})


def test_a_server_that_is_away_costs_no_message_a_try(inbox: redis.Redis, settings: Any) -> None:
    edition = an_assembled_edition()
    with SmtpSink() as sink:
        settings.MAIL = sink.url
    assert send_due(seconds=5, clock_=lambda: NOON) == {}
    assert set(Delivery.objects.values_list("state", "attempts")) == {("queued", 0)}
    down = outage_of(edition)
    assert down is not None
    assert "cannot be reached" in down.said


def test_the_outage_is_over_when_the_server_is_back(inbox: redis.Redis, settings: Any) -> None:
    edition, other = an_assembled_edition(), an_assembled_edition(readers=1)
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        outage.begin("refused", lasting=False, now=NOON)
        assert outage_of(edition)
        assert outage_of(other)
        outage.end_rest(NOON)
        assert send_due(seconds=30, clock_=lambda: NOON) == {"sent": 6}
    assert outage.current() is None


def test_nothing_leaves_while_no_mail_server_is_set(settings: Any) -> None:
    edition = an_assembled_edition()
    settings.MAIL = ""
    assert send_due(seconds=5) == {}
    assert states(edition) == {"queued": 5}


def test_a_wrong_password_sends_nothing_and_is_shown(inbox: redis.Redis, settings: Any) -> None:
    edition = an_assembled_edition()
    with SmtpSink(login=("office", "right"), offers=("AUTH PLAIN",)) as sink:
        settings.MAIL = sink.url.replace("smtp://", "smtp://office:wrong@")
        assert send_due(seconds=5, clock_=lambda: NOON) == {}
    down = outage_of(edition)
    assert down is not None
    assert "535" in down.said
    assert down.lasting
    assert states(edition) == {"queued": 5}


def test_a_worker_that_slept_beyond_its_lease_claims_anew_before_it_sends_more() -> None:
    """The clock jumps past the lease after the first answer."""
    edition = an_assembled_edition()
    with SmtpSink() as sink:

        def clock() -> datetime:
            return NOON + timedelta(hours=1) if sink.messages else NOON

        a_sender(sink, clock=clock, only=edition.pk).run()
    assert len(set(sink.recipients)) == len(sink.messages) == 5
    fences = list(Delivery.objects.order_by("id").values_list("fence", flat=True))
    assert fences[0] < min(fences[1:])


def test_a_name_that_cannot_be_put_into_a_mail_fails_alone() -> None:
    edition = an_assembled_edition(readers=3)
    Delivery.objects.filter(address="reader1@example.net").update(address="no address")
    with SmtpSink() as sink:
        assert sent_by(sink, edition) == {"sent": 2, "failed": 1}
    assert "could not be built" in Delivery.objects.get(state="failed").reason


def test_assembling_twice_writes_no_delivery_twice() -> None:
    edition = an_assembled_edition()
    Edition.objects.update(state="assembling")
    assemble(edition.pk, now=NOON)
    assert states(edition) == {"queued": 5}


def test_who_is_suppressed_is_written_down_and_not_sent_to() -> None:
    digest = a_digest()
    from publisher.audience.models import Suppression

    Suppression.objects.create(email_key="reader1@example.net", reason="complained", at=NOON)
    edition = an_assembled_edition(digest)
    with SmtpSink() as sink:
        sent_by(sink, edition)
    assert states(edition) == {"sent": 4, "suppressed": 1}
    assert "reader1@example.net" not in {m.rcpt_to for m in sink.messages}


def test_a_subject_that_fails_hurts_no_other_language_and_stops_no_mail() -> None:
    digest = a_digest(subject={"en": "{{ nothing.here }}", "zh": "{{ title }}：{{ count }}"})
    an_item(at=BEFORE, language="zh", title="河水回来了")
    a_subscriber(digest, language="zh")
    edition = an_assembled_edition(digest)
    assert edition.state == "sending"
    assert f"subject (en) of {digest.slug}, line 1: “nothing” is not known here" in edition.problem
    assert sorted(variant.subject for variant in edition.variants.all()) == [
        "The week in Almaria: Rain at last",
        "阿尔马里亚一周：1",
    ]


def test_a_template_of_ours_that_fails_blocks_its_edition_and_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_view: object) -> object:
        raise TemplateFailure("email/digest.mjml.j2", 3, "nothing is known here")

    monkeypatch.setattr("publisher.digests.rendering.render_digest", fail)
    edition = an_assembled_edition()
    assert edition.state == "blocked"
    assert "email/digest.mjml.j2, line 3" in edition.problem
    assert states(edition) == {}


def test_a_mail_that_gmail_would_cut_is_said_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.digests.rendering.GMAIL_CLIP", 5_000)
    problem = an_assembled_edition().problem
    assert "Gmail cuts off what is behind 5,000" in problem


def test_twelve_items_with_long_texts_and_addresses_stay_under_the_cut_of_gmail() -> None:
    topics = [a_topic(f"topic-{n}", name_en=f"Sustainable consumption and production {n}") for n in range(12)]
    for n in range(12):
        item = an_item(
            at=BEFORE + timedelta(minutes=n),
            title="Terraced fields carry water " * 17,
            summary="Two hundred families rebuilt the channels. " * 110,
            url=f"https://office.example.org/{n}/" + "x" * 300,
            image_url=f"https://office.example.org/{n}/" + "y" * 300,
            image_alt="Two farmers lift a flat stone. " * 30,
        )
        for topic in topics:
            with_topic(item, topic, "accepted")
    edition = an_assembled_edition()
    assert edition.edition_items.count() == 12
    assert edition.problem == ""
