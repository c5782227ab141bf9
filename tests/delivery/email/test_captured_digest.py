"""A digest as a mail server takes it, byte by byte, with clock, keys and ids held fast; and what each of its headers claims.

When a template or a header is changed on purpose, write the stored mail anew and read its diff:

    pytest tests/delivery/email/test_captured_digest.py --write-captured

captured_digest.pem is a key for this test only.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dkim as dkimpy
import pytest

from publisher.audience import tokens, unsubscribe_mail
from publisher.audience.models import Subscriber
from publisher.audience.tokens import Link, Purpose
from publisher.delivery import letters, return_path
from publisher.delivery.email import dkim
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery, SigningKey
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.delivery.test_mail import sent_by
from tests.fakes.smtp_sink import SmtpSink, Taken

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
STORED = HERE / "captured_digest.eml"
PEM = (HERE / "captured_digest.pem").read_text(encoding="utf-8")
SECRET = "the secret key of the captured digest, for this test only"
DIGEST, EDITION, READER, DELIVERY = 7, 42, 1001, 50_000_001


@pytest.fixture
def fixed(settings: Any) -> Iterator[None]:
    """Every setting that shows in a mail."""
    settings.SECRET_KEY = SECRET
    settings.BASE_URL = "https://news.office.example.org"
    settings.UNSUBSCRIBE_ADDRESS = "leave@office.example.org"
    settings.RETURN_DOMAIN = "bounces.office.example.org"
    letters._installation.cache_clear()
    yield
    letters._installation.cache_clear()


@pytest.fixture
def captured(fixed: None) -> Taken:
    """The digest, sent over a real socket and taken by a real server."""
    SigningKey.objects.create(
        domain="office.example.org", selector="p202606", private_key=PEM, active=True, created_at=NOON
    )
    edition = an_edition()
    with SmtpSink() as sink:
        sent_by(sink, edition)
    (taken,) = sink.messages
    return taken


def an_edition() -> Edition:
    """Two items for one reader; names with letters that headers must encode."""
    digest = a_digest(
        pk=DIGEST,
        slug="weekly",
        languages=["en"],
        from_name={"en": "Country Office of Almaria – 阿尔马里亚国别办公室"},
        reply_to="desk@office.example.org",
        intro={"en": "What the office and its partners published this week."},
    )
    an_item(
        at=NOON - timedelta(days=1),
        url="https://office.example.org/en/rain",
        title="Rain at last: the valley’s wells are full",
        summary="Forty families compare notes on seeds, soil & rain. They meet every month.",
        image_url="https://office.example.org/pictures/rain.jpg",
        image_alt="Two farmers at a well",
    )
    an_item(
        at=NOON - timedelta(days=2),
        url="https://office.example.org/en/schools?from=a&to=b",
        title="Twelve schools open their doors",
        summary="The ministry and the country office opened twelve schools.",
    )
    Subscriber.objects.create(
        pk=READER,
        email="jose@example.net",
        email_key="jose@example.net",
        name="José Núñez",
        state="active",
        created_at=NOON,
    )
    a_subscriber(digest, "jose@example.net")
    Edition.objects.create(
        pk=EDITION,
        digest=digest,
        due_at=NOON,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        created_at=NOON,
        trace_id="e" * 32,
    )
    edition = assemble(EDITION, now=NOON)
    Delivery.objects.update(id=DELIVERY)
    return edition


def the_stored_mail() -> tuple[bytes, EmailMessage]:
    data = STORED.read_bytes()
    return data, email.message_from_bytes(data, policy=email.policy.default)


def test_the_digest_is_the_stored_mail_byte_by_byte(captured: Taken, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-captured"):
        STORED.write_bytes(captured.data)
    assert captured.data.split(b"\r\n") == STORED.read_bytes().split(b"\r\n")
    assert captured.rcpt_to == "jose@example.net"
    assert return_path.read(captured.mail_from) == DELIVERY


def test_the_stored_mail_is_well_formed() -> None:
    data, message = the_stored_mail()
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")
    head, _, body = data.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    long = [line.partition(b":")[0] for line in head.split(b"\r\n") if len(line) > 76]
    assert long == [b"List-Unsubscribe"], "only an address that cannot be folded may be longer"
    assert message.defects == []
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert len({name.lower() for name in message}) == len(message.keys())


def test_dkim_holds_and_covers_what_mailbox_providers_ask_for() -> None:
    data, message = the_stored_mail()
    record = dkim.record_value(dkim.opened_key(PEM)).encode()
    asked = []

    def ask(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    assert dkimpy.verify(data, dnsfunc=ask)
    assert asked == [b"p202606._domainkey.office.example.org."]
    tags = dict(
        part.strip().split("=", 1) for part in str(message["DKIM-Signature"]).rstrip(";").split(";") if part
    )
    signed = "".join(tags["h"].split()).lower().split(":")
    present = {name.lower() for name in message}
    unsigned = present - set(signed) - {"dkim-signature"}
    assert unsigned == {"precedence", "auto-submitted", "content-language"}
    assert signed.count("from") == 2
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(signed)
    assert (tags["d"], tags["t"]) == ("office.example.org", str(int(NOON.timestamp())))


def test_who_wrote_it_to_whom_and_when() -> None:
    _, message = the_stored_mail()
    (sender,) = message["From"].addresses
    (reader,) = message["To"].addresses
    (answers,) = message["Reply-To"].addresses
    assert (sender.addr_spec, reader.addr_spec) == ("news@office.example.org", "jose@example.net")
    assert reader.display_name == "José Núñez"
    assert answers.addr_spec == "desk@office.example.org"
    assert message["Date"].datetime == NOON
    assert message["Subject"] == "The week in Almaria: Rain at last: the valley’s wells are full"
    assert message["Message-ID"].endswith("@office.example.org>")
    assert message["Message-ID"].startswith(f"<{EDITION}.{DELIVERY}.")
    assert message["MIME-Version"] == "1.0"
    assert message["Content-Language"] == "en"


def test_what_list_it_is_and_how_to_leave_it(fixed: None) -> None:
    _, message = the_stored_mail()
    assert message["List-Id"] == "The week in Almaria <weekly.office.example.org>"
    assert message["List-Help"] == "<https://news.office.example.org/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    web, mailto = (part.strip(" <>") for part in message["List-Unsubscribe"].split(","))
    assert urlsplit(web).scheme == "https"
    assert tokens.read(Purpose.UNSUBSCRIBE, web.rpartition("/u/")[2]) == Link(READER, DIGEST)
    assert unsubscribe_mail.read(mailto) == Link(READER, DIGEST)
    assert message["Feedback-ID"] == f"{EDITION}:weekly:digest:office-example"
    assert message["Precedence"] == "bulk"
    assert message["Auto-Submitted"] == "auto-generated"


def test_both_parts_hold_the_readers_own_links(fixed: None) -> None:
    _, message = the_stored_mail()
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert "José Núñez" in text
        assert "Twelve schools open their doors" in text
        for purpose, path in (
            (Purpose.UNSUBSCRIBE, "/u/"),
            (Purpose.PREFERENCES, "/p/"),
            (Purpose.WEB_VERSION, "/e/"),
        ):
            token = text.partition(f"https://news.office.example.org{path}")[2].split()[0].split('"')[0]
            target = EDITION if purpose is Purpose.WEB_VERSION else DIGEST
            assert tokens.read(purpose, token) == Link(READER, target)
