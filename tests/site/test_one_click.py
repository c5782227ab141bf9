"""A mailbox provider's part of RFC 8058, played with a mail that a real server took: what it checks, and what it then does."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import dkim as dkimpy
import pytest
from django.test import Client

from publisher.audience.models import Consent, Subscription
from publisher.delivery import letters
from publisher.delivery.email import dkim
from publisher.delivery.models import Delivery, SigningKey
from publisher.digests.models import Digest, Edition
from tests.builders import NOON
from tests.delivery.email.test_captured_digest import PEM
from tests.delivery.test_mail import an_assembled_edition, sent_by
from tests.fakes.smtp_sink import SmtpSink, Taken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox")]

BODY = "List-Unsubscribe=One-Click"


@pytest.fixture
def taken(settings: Any) -> Taken:
    """What the provider's server took over a socket, for one reader of two."""
    settings.BASE_URL = "https://news.office.example.org"
    letters._installation.cache_clear()
    SigningKey.objects.create(
        domain="office.example.org", selector="p1", private_key=PEM, active=True, created_at=NOON
    )
    edition = an_assembled_edition(readers=2)
    with SmtpSink() as sink:
        sent_by(sink, edition)
    letters._installation.cache_clear()
    return next(each for each in sink.messages if each.rcpt_to == "reader0@example.net")


def parsed(taken: Taken) -> EmailMessage:
    return email.message_from_bytes(taken.data, policy=email.policy.default)


def web_address(message: EmailMessage) -> str:
    """The https address of List-Unsubscribe, without its host: the one that is posted to."""
    (web,) = [
        part.strip(" <>")
        for part in message["List-Unsubscribe"].split(",")
        if part.strip(" <>").startswith("https:")
    ]
    assert urlsplit(web).netloc == "news.office.example.org"
    return urlsplit(web).path


def press(taken: Taken, body: str = BODY) -> Any:
    """As providers do: no cookie, no referrer, no token, the body as the header says it."""
    browser = Client(enforce_csrf_checks=True)
    assert not browser.cookies
    return browser.post(web_address(parsed(taken)), body, content_type="application/x-www-form-urlencoded")


def state(address: str) -> str:
    return Subscription.objects.get(subscriber__email=address).state


def verifies(data: bytes) -> bool:
    record = dkim.record_value(dkim.opened_key(PEM)).encode()
    return bool(dkimpy.verify(data, dnsfunc=lambda *_args, **_options: record))


def test_the_signature_holds_and_covers_both_headers_of_leaving(taken: Taken) -> None:
    assert verifies(taken.data)
    signed = str(parsed(taken)["DKIM-Signature"]).partition("h=")[2].partition(";")[0]
    names = {name.strip().lower() for name in signed.split(":")}
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= names
    for before, after in ((b"/u/", b"/v/"), (b"One-Click", b"Two-Click")):
        head, _, body = taken.data.partition(b"\r\n\r\n")
        assert before in head
        assert not verifies(head.replace(before, after, 1) + b"\r\n\r\n" + body)


def test_the_header_says_exactly_what_is_to_be_posted(taken: Taken) -> None:
    message = parsed(taken)
    assert message["List-Unsubscribe-Post"] == BODY
    assert len(message.get_all("List-Unsubscribe", [])) == 1


def test_a_press_ends_it_at_once_without_redirect_or_cookie_and_for_this_reader_only(taken: Taken) -> None:
    answer = press(taken)
    assert (answer.status_code, bool(answer.cookies), answer.get("Location")) == (200, False, None)
    assert (state("reader0@example.net"), state("reader1@example.net")) == ("ended", "active")
    assert Consent.objects.latest("pk").how == "one-click header"


def test_a_second_press_is_answered_the_same_and_changes_nothing(taken: Taken) -> None:
    first, second = press(taken), press(taken)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Consent.objects.filter(action="withdrawn").count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_opens_the_link_does_no_harm(taken: Taken, method: str) -> None:
    path = web_address(parsed(taken))
    for address in (path, f"{path}?List-Unsubscribe=One-Click"):
        assert getattr(Client(), method)(address).status_code == 200
    assert state("reader0@example.net") == "active"
    assert Client().options(path).status_code == 405
    assert state("reader0@example.net") == "active"


def test_it_works_years_later_when_edition_deliveries_and_digest_are_gone(taken: Taken) -> None:
    Delivery.objects.all().delete()
    Edition.objects.all().delete()
    Digest.objects.all().delete()
    assert press(taken).status_code == 200
    assert state("reader0@example.net") == "ended"


def test_it_takes_effect_on_what_is_queued_already(taken: Taken) -> None:
    digest = Digest.objects.get()
    press(taken)
    late = Delivery.objects.create(
        edition=Edition.objects.create(
            digest=digest, number=99, due_at=NOON + timedelta(days=7), window_from=NOON, window_to=NOON,
            state="sending", created_at=NOON, assembled_at=NOON, trace_id="e" * 32,
        ),
        subscriber_id=Subscription.objects.get(subscriber__email="reader0@example.net").subscriber_id,
        address="reader0@example.net", due_at=NOON, created_at=NOON,
    )  # fmt: skip
    with SmtpSink() as sink:
        sent_by(sink, late.edition)
    late.refresh_from_db()
    assert (sink.messages, late.state) == ([], "cancelled")
