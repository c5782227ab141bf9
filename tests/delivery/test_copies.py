"""Tests and copies for the office: the true mail on the true way, and no reader's business."""

from __future__ import annotations

import email
import email.policy
from datetime import time, timedelta
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest
from django.db import connection

from publisher.audience import tokens
from publisher.audience.models import Suppression
from publisher.audience.tokens import NOBODY
from publisher.core import standstill
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry, Standstill
from publisher.delivery import signing, tally
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.closing import finish_editions
from publisher.delivery.copies import send_test
from publisher.delivery.corrections import assemble_again
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Attempt, Delivery
from publisher.digests import editions
from publisher.digests.models import Digest, Edition
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.delivery.test_mail import BEFORE, sent_by
from tests.fakes.smtp_sink import SmtpSink, at
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db

ME = "me@office.example.org"


def an_edition(digest: Digest | None = None, **given: Any) -> Edition:
    """Assembled: two items in English, one in Chinese; a reader of all, one of speeches, one of Chinese."""
    digest = digest or a_digest(**{"needs_approval": True, **given})
    an_item(at=BEFORE, title="Rain at last")
    an_item(at=BEFORE, kind="speech", title="What the minister said")
    an_item(at=BEFORE, language="zh", title="终于下雨了")
    a_subscriber(digest, "all@example.net", name="Ann")
    a_subscriber(digest, "speeches@example.net", name="Bo", kinds=["speech"])
    a_subscriber(digest, "lin@example.net", name="林", language="zh")
    edition = Edition.objects.create(
        digest=digest,
        due_at=NOON,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        after_assembly="waiting" if digest.needs_approval else "sending",
        created_at=NOON,
        trace_id="e" * 32,
    )
    return assemble(edition.pk, now=NOON)


def proof(edition: Edition, **given: str) -> EmailMessage:
    """The mail that a test of the edition brings."""
    send_test(edition.pk, **{"to": ME, **given}, actor=an_editor(), now=NOON)  # type: ignore[arg-type]  # names as given
    (message,) = mailed(edition)
    return message


def mailed(edition: Edition) -> list[EmailMessage]:
    with SmtpSink() as sink:
        sent_by(sink, edition)
    return [email.message_from_bytes(m.data, policy=email.policy.default) for m in sink.messages]


def html_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def counts(edition: Edition) -> dict[str, int]:
    return tally.by_state(edition_id=edition.pk)


def test_a_test_brings_the_fullest_mail_while_the_edition_waits_for_approval() -> None:
    edition = an_edition()
    message = proof(edition)
    assert (message["To"], message["Subject"]) == (ME, "[Test] The week in Almaria: Rain at last")
    assert "What the minister said" in html_of(message)
    edition.refresh_from_db()
    assert (edition.state, counts(edition)) == ("waiting", {"queued": 3})


@pytest.mark.parametrize(
    ("given", "subject", "holds", "lacks"),
    [
        ({"language": "zh"}, "[Test] 阿尔马里亚一周：终于下雨了", "终于下雨了", "Rain at last"),
        ({"like": "speeches@example.net"}, "[Test] The week in Almaria: What the minister said", "Bo", "Rain at last"),
        ({"like": "LIN@example.net"}, "[Test] 阿尔马里亚一周：终于下雨了", "林", "Rain at last"),
    ],
)  # fmt: skip
def test_the_mail_is_chosen_by_language_or_as_a_reader_gets_it(
    given: dict[str, str], subject: str, holds: str, lacks: str
) -> None:
    message = proof(an_edition(), **given)
    assert message["Subject"] == subject
    assert holds in html_of(message)
    assert lacks not in html_of(message)


def test_its_links_are_nobody_s() -> None:
    edition = an_edition()
    message = proof(edition, like="all@example.net")
    token = message["List-Unsubscribe"].strip("<>").rpartition("/u/")[2]
    assert tokens.read(tokens.Purpose.UNSUBSCRIBE, token) == tokens.Link(NOBODY, edition.digest_id)
    assert f"/p/{tokens.write(tokens.Purpose.PREFERENCES, NOBODY, edition.digest_id)}" in html_of(message)
    variant = Delivery.objects.get(purpose="test").variant_id
    assert f"/e/{tokens.write(tokens.Purpose.VARIANT, NOBODY, variant or 0)}" in html_of(message)


def test_it_stands_in_the_log_and_in_the_trail_and_in_no_count_of_the_edition() -> None:
    edition = an_edition()
    send_test(edition.pk, to=ME, actor="mira (command line)", now=NOON)
    row = Delivery.objects.get(purpose="test")
    assert (row.address, row.state, row.subscriber) == (ME, "queued", None)
    entry = AuditEntry.objects.get(action="edition.test")
    assert (entry.actor_name, entry.after) == (
        "mira (command line)",
        {"to": "m…@office.example.org", "language": "en", "delivery": row.pk},
    )
    assert counts(edition) == {"queued": 3}
    assert tally.by_state()["queued"] == 4


def test_a_test_goes_before_the_readers_of_a_running_edition() -> None:
    edition = an_edition(needs_approval=False)
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    messages = mailed(edition)
    assert messages[0]["Subject"].startswith("[Test] ")
    assert len(messages) == 4


def test_a_test_leaves_at_any_hour() -> None:
    edition = an_edition(needs_approval=False, send_from=time(7), send_until=time(8), zone="UTC")
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    assert [m["Subject"][:7] for m in mailed(edition)] == ["[Test] "]


def test_while_all_sending_stands_still_no_test_leaves_either() -> None:
    edition = an_edition()
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    standstill.begin(Standstill.Kind.STOPPED, reason="look first", by="mira", now=NOON)
    assert mailed(edition) == []


def test_a_test_that_cannot_be_delivered_yet_does_not_keep_the_edition_open() -> None:
    edition = an_edition(needs_approval=False)
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    with SmtpSink(rules=[at("RCPT", "451 4.7.1 greylisted", when="me@office")]) as sink:
        assert sent_by(sink, edition) == {"sent": 3, "queued": 1}
    assert finish_editions(now=NOON) == [edition.pk]
    assert [m["To"] for m in mailed_later(edition)] == [ME]


def mailed_later(edition: Edition) -> list[EmailMessage]:
    with SmtpSink() as sink:
        sent_by(sink, edition, now=NOON + timedelta(minutes=5))
    return [email.message_from_bytes(m.data, policy=email.policy.default) for m in sink.messages]


def test_a_test_whose_sender_is_impossible_fails_with_the_reason_and_is_not_tried_again() -> None:
    edition = an_edition()
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    Digest.objects.update(from_address="nobody")
    assert mailed(edition) == []
    row = Delivery.objects.get(purpose="test")
    assert (row.state, row.attempts) == ("failed", 1)
    assert row.reason.startswith("This test could not be built: ")
    assert Attempt.objects.get(delivery=row).text == row.reason
    edition.refresh_from_db()
    assert (edition.state, counts(edition)) == ("waiting", {"queued": 3})


def test_a_test_that_cannot_be_signed_fails_and_says_what_to_do(settings: Any) -> None:
    signing.switch_on(signing.make_key("office.example.org", "p1", bits=2048, now=NOON))
    edition = an_edition()
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    settings.SECRET_KEY = "another-key-that-opens-nothing-that-the-former-one-closed"
    assert mailed(edition) == []
    row = Delivery.objects.get(purpose="test")
    assert row.state == "failed"
    assert "cannot be opened" in row.reason
    assert "PUBLISHER_SECRET_KEY_FALLBACKS" in row.reason


def test_a_test_whose_rendering_is_impossible_fails_and_leaves_no_claim() -> None:
    edition = an_edition()
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    Digest.objects.update(reply_to="no address at all\r\nBcc: x@example.net")
    assert mailed(edition) == []
    assert Delivery.objects.get(purpose="test").state == "failed"


def test_a_test_whose_rendering_was_corrected_meanwhile_is_cancelled_and_says_so() -> None:
    edition = an_edition()
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    edition.variants.update(retired=True)
    assert mailed(edition) == []
    row = Delivery.objects.get(purpose="test")
    assert (row.state, row.reason) == (
        "cancelled",
        "The edition was corrected before this test left: send another.",
    )


@pytest.mark.django_db(transaction=True)
def test_a_test_does_not_wait_for_an_edition_that_is_being_assembled() -> None:
    edition = an_edition()
    send_test(edition.pk, to=ME, actor=None, now=NOON)
    with psycopg.connect(**connection.get_connection_params()) as assembling:
        assembling.execute("SELECT 1 FROM digests_edition WHERE id = %s FOR UPDATE", [edition.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        claim = claim_mail(
            edition.pk, fence=next_fence(), now=NOON, limit=5, lease=timedelta(minutes=5), tests=True
        )
    assert [each.address for each in claim.mails] == [ME]


def test_a_test_of_an_edition_that_was_sent_shows_what_the_reader_got() -> None:
    edition = an_edition(needs_approval=False)
    mailed(edition)
    finish_editions(now=NOON)
    assert "What the minister said" in html_of(proof(edition, like="speeches@example.net"))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"to": "nobody"}, "not a mail address"),
        ({"language": "fr"}, "has no mail in fr"),
        ({"like": "stranger@example.net"}, "does not receive"),
        ({"like": "videos@example.net"}, "gets nothing of"),
        ({"to": "complained@example.net"}, "suppression list (complained)"),
    ],
)
def test_a_test_that_cannot_be_is_refused_with_the_reason(given: dict[str, str], named: str) -> None:
    digest = a_digest(needs_approval=True)
    a_subscriber(digest, "videos@example.net", kinds=["video"])
    Suppression.objects.create(email_key="complained@example.net", reason="complained", at=NOON)
    edition = an_edition(digest)
    with pytest.raises(UserError) as refused:
        send_test(edition.pk, **{"to": ME, **given}, actor=None, now=NOON)  # type: ignore[arg-type]  # names as given
    assert named in refused.value.message
    assert not Delivery.objects.filter(purpose="test").exists()


def test_there_is_no_test_of_what_is_not_assembled_or_over() -> None:
    edition = an_edition()
    edition.variants.update(selections=0)
    with pytest.raises(UserError, match="has no mail yet"):
        send_test(edition.pk, to=ME, actor=None, now=NOON)
    editions.cancel(edition.pk, user=None, now=NOON)
    with pytest.raises(UserError, match="Cancelled"):
        send_test(edition.pk, to=ME, actor=None, now=NOON)


SEEDS = ["boss@office.example.org", "box@monitor.example"]


def test_each_seed_gets_the_fullest_mail_of_each_language_before_any_reader() -> None:
    edition = an_edition(needs_approval=False, seeds=SEEDS)
    messages = mailed(edition)
    assert [str(m["To"]).strip("<>") for m in messages[:4]] == [SEEDS[0], SEEDS[0], SEEDS[1], SEEDS[1]]
    assert len(messages) == 7
    assert all("[Test]" not in m["Subject"] for m in messages)
    english = html_of(messages[0])
    assert "Rain at last" in english
    assert "What the minister said" in english


def test_seeds_are_counted_apart_and_their_links_are_nobody_s() -> None:
    edition = an_edition(needs_approval=False, seeds=SEEDS)
    assert counts(edition) == {"queued": 3}
    messages = mailed(edition)
    assert counts(edition) == {"sent": 3}
    assert f"/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, NOBODY, edition.digest_id)}" in html_of(messages[0])


def test_an_edition_waits_for_its_seeds_to_be_settled() -> None:
    edition = an_edition(needs_approval=False, seeds=SEEDS[:1])
    Delivery.objects.filter(purpose="reader").update(state="sent")
    assert finish_editions(now=NOON) == []
    mailed(edition)
    assert finish_editions(now=NOON) == [edition.pk]


def test_assembled_again_nobody_gets_a_second_copy_and_what_waits_is_the_new_text() -> None:
    edition = an_edition(seeds=SEEDS)
    Delivery.objects.filter(purpose="seed", address=SEEDS[0]).update(state="sent")
    edition.digest.subject = {"en": "Corrected: {{ title }}"}
    edition.digest.save()
    assemble_again(edition.pk, user=an_editor())
    assemble(edition.pk, now=NOON)
    assert Delivery.objects.filter(purpose="seed").count() == 4
    editions.approve(edition.pk, user=an_editor("lin"), now=NOON)
    box = [m["Subject"] for m in mailed(edition) if SEEDS[1] in str(m["To"])]
    assert box == ["Corrected: The week in Almaria", "Corrected: 阿尔马里亚一周"]


def test_a_seed_on_the_suppression_list_is_written_down_and_not_sent_to() -> None:
    Suppression.objects.create(email_key=SEEDS[1], reason="bounced", at=NOON)
    edition = an_edition(needs_approval=False, seeds=SEEDS)
    assert len(mailed(edition)) == 5
    suppressed = Delivery.objects.filter(purpose="seed", state="suppressed")
    assert {row.reason for row in suppressed} == {"On the suppression list (bounced)."}


def test_a_seed_that_is_a_reader_too_gets_both() -> None:
    edition = an_edition(needs_approval=False, seeds=["all@example.net"])
    assert ["all@example.net" in str(m["To"]) for m in mailed(edition)].count(True) == 3
