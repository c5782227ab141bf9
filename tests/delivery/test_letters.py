"""The messages of an edition as they leave: signed where a key is on, with their own return path and ways to leave."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import dkim as dkimpy
import pytest
import redis

from publisher.audience import unsubscribe_mail
from publisher.audience.tokens import Link
from publisher.delivery import return_path, signing
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.email.dkim import record_value
from publisher.delivery.email.smtp import Outgoing
from publisher.delivery.letters import Letters
from publisher.delivery.mail import send_due
from publisher.delivery.models import Delivery, SigningKey
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest
from tests.delivery.test_mail import an_assembled_edition
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


def a_key(domain: str = "office.example.org", *, on: bool = True) -> SigningKey:
    key = signing.make_key(domain, "p202606", bits=2048, now=NOON)
    if on:
        signing.switch_on(key)
    return SigningKey.objects.get(pk=key.pk)


def letters_of(edition: Edition) -> list[Outgoing]:
    claim = claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=timedelta(minutes=5))
    letters = Letters(edition, now=NOON)
    templates = letters.load({mail.variant_id for mail in claim.mails})
    return [letters.outgoing(mail, templates) for mail in claim.mails]


def read(outgoing: Outgoing) -> EmailMessage:
    return email.message_from_bytes(outgoing.data, policy=email.policy.default)


def verifies(data: bytes, key: SigningKey) -> bool:
    record = record_value(signing.private_key(key)).encode()
    return bool(dkimpy.verify(data, dnsfunc=lambda _name, timeout: record if timeout else b""))


def test_mail_is_signed_with_the_key_of_its_senders_domain() -> None:
    key = a_key()
    a_key("other.example.org")
    for outgoing in letters_of(an_assembled_edition(readers=3)):
        assert outgoing.data.startswith(b"DKIM-Signature: ")
        assert f"t={int(NOON.timestamp())}".encode() in outgoing.data
        assert verifies(outgoing.data, key)


def test_a_key_that_is_off_signs_nothing() -> None:
    a_key(on=False)
    (outgoing,) = letters_of(an_assembled_edition(readers=1))
    assert b"DKIM-Signature" not in outgoing.data


def test_the_domain_of_the_sender_is_found_in_any_case_and_script() -> None:
    key = a_key(signing.key_domain("Bücher.Example"))
    edition = an_assembled_edition(a_digest(from_address="news@Bücher.example"), readers=1)
    (outgoing,) = letters_of(edition)
    assert b"d=xn--bcher-kva.example;" in outgoing.data
    assert verifies(outgoing.data, key)


def test_a_key_that_cannot_be_opened_pauses_its_edition_and_says_why(
    inbox: redis.Redis, settings: Any
) -> None:
    a_key()
    edition = an_assembled_edition()
    settings.SECRET_KEY = "a new key of thirty-two characters or more"
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        assert send_due(seconds=5, clock_=lambda: NOON) == {}
    edition.refresh_from_db()
    assert edition.state == "paused"
    assert "The DKIM key p202606 of office.example.org cannot be opened." in edition.problem
    assert sink.messages == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {"queued"}


def test_bounces_come_back_to_an_address_that_names_the_delivery(settings: Any) -> None:
    settings.RETURN_DOMAIN = "bounces.office.example.org"
    for outgoing in letters_of(an_assembled_edition(readers=2)):
        assert outgoing.mail_from.endswith("@bounces.office.example.org")
        assert return_path.read(outgoing.mail_from) == outgoing.id


def test_without_a_return_domain_bounces_come_to_the_sender() -> None:
    (outgoing,) = letters_of(an_assembled_edition(readers=1))
    assert outgoing.mail_from == "news@office.example.org"


def test_a_reader_may_leave_by_the_web_and_by_mail(settings: Any) -> None:
    settings.UNSUBSCRIBE_ADDRESS = "leave@office.example.org"
    settings.BASE_URL = "https://news.office.example.org"
    edition = an_assembled_edition(readers=1)
    (outgoing,) = letters_of(edition)
    message = read(outgoing)
    web, mailto = (part.strip(" <>") for part in message["List-Unsubscribe"].split(","))
    assert web.startswith("https://news.office.example.org/u/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    subscriber = Delivery.objects.get().subscriber_id
    assert unsubscribe_mail.read(mailto) == Link(subscriber or 0, edition.digest_id)


def test_a_digest_says_what_list_it_is_and_that_no_machine_need_answer(settings: Any) -> None:
    settings.BASE_URL = "https://news.office.example.org"
    digest = a_digest(slug="the_weekly")
    (outgoing,) = letters_of(an_assembled_edition(digest, readers=1))
    message = read(outgoing)
    assert message["List-Id"] == "The week in Almaria <the-weekly.office.example.org>"
    assert message["List-Help"] == "<https://news.office.example.org/>"
    assert message["Precedence"] == "bulk"
    assert message["Auto-Submitted"] == "auto-generated"
    fields = message["Feedback-ID"].split(":")
    assert len(fields) == 4
    assert fields[3] == "office-example"


@pytest.mark.parametrize(
    ("domain", "sender"), [("a.io", "a-iox"), ("newsletters.un.example.org", "newsletters-un")]
)
def test_gmail_gets_a_sender_id_of_5_to_15_characters(domain: str, sender: str) -> None:
    edition = an_assembled_edition(a_digest(from_address=f"news@{domain}"), readers=1)
    (outgoing,) = letters_of(edition)
    assert read(outgoing)["Feedback-ID"].split(":")[3] == sender


def test_one_key_of_a_domain_is_on_at_a_time() -> None:
    first = a_key()
    second = signing.make_key("office.example.org", "p202607", bits=2048, now=NOON)
    signing.switch_on(second)
    first.refresh_from_db()
    assert (first.active, second.active) == (False, True)
    assert signing.switch_off("office.example.org")
    assert not signing.switch_off("office.example.org")
    assert signing.signer_for("office.example.org") is None


def test_a_key_is_stored_encrypted_and_never_written_to_the_trail() -> None:
    from django.db import connection

    from publisher.core.models import AuditEntry

    a_key()
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM delivery_signingkey")
        (stored,) = cursor.fetchone()
    assert "PRIVATE" not in stored
    assert stored.startswith("gAAAA")
    assert "PRIVATE" not in str(list(AuditEntry.objects.values()))
