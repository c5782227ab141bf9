"""What a delivery's page shows of its message: byte for byte what was handed over, but for what it says differs."""

from __future__ import annotations

import json

import pytest

from publisher.core.masking import masked, masked_text
from publisher.delivery.as_sent import HIDDEN, Eyes, Message, message_of
from publisher.delivery.models import Attempt, Delivery
from publisher.digests.models import Variant
from tests.builders import NOON
from tests.delivery.test_mail import an_assembled_edition, sent_by
from tests.desk.builders import a_post, a_post_delivery
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


def a_sent_mail() -> tuple[Delivery, bytes]:
    """A delivery and what the server was handed for it."""
    edition = an_assembled_edition(readers=1)
    with SmtpSink() as sink:
        sent_by(sink, edition)
    row = Delivery.objects.select_related("edition__digest", "subscriber", "copy_of").get()
    Attempt.objects.update(started_at=NOON)
    return row, sink.messages[0].data


def shown(row: Delivery, eyes: Eyes) -> Message:
    return message_of(row, eyes, now=NOON)


def lines(data: bytes) -> list[bytes]:
    return data.replace(b"\r\n", b"\n").strip().split(b"\n")


def test_the_file_is_byte_for_byte_what_the_server_was_handed() -> None:
    row, data = a_sent_mail()
    assert lines(shown(row, Eyes.ALL).data) == lines(data)


def test_the_page_shows_no_token_that_acts_for_the_reader() -> None:
    row, data = a_sent_mail()
    text = shown(row, Eyes.NO_TOKENS).text.replace("=\n", "")
    assert f"/u/{HIDDEN}" in text
    for link in (b"/u/", b"/p/", b"/e/"):
        token = data.replace(b"=\r\n", b"").partition(link)[2].split(b">")[0].split(b'"')[0].split()[0]
        assert len(token) > 10
        assert token.decode() not in text
    assert row.address in text


def test_who_may_not_see_addresses_sees_neither_address_nor_name() -> None:
    row, _data = a_sent_mail()
    message = shown(row, Eyes.NO_READER)
    assert row.address not in message.text
    assert "Reader N" not in message.text
    assert any("left out" in note for note in message.notes)


def test_what_has_not_left_is_shown_as_it_would_be() -> None:
    edition = an_assembled_edition(readers=1)
    message = shown(edition.delivery_set.get(), Eyes.ALL)
    assert b"Rain at last" in message.data
    assert any("has not left" in note for note in message.notes)


def test_what_is_not_kept_any_more_is_said_and_nothing_is_made_up() -> None:
    row, _data = a_sent_mail()
    Variant.objects.update(message=None)
    message = shown(row, Eyes.ALL)
    assert (message.data, len(message.notes)) == (b"", 1)


def test_a_post_shows_its_payload_as_it_was_stored() -> None:
    row = a_post_delivery(a_post(), prepared={"text": "雨 <b>", "n": 1})
    message = shown(row, Eyes.NO_READER)
    assert json.loads(message.data) == {"text": "雨 <b>", "n": 1}
    assert not message.is_mail


@pytest.mark.parametrize(
    ("address", "shown_as"),
    [
        ("mira@example.org", "m…@example.org"),
        ("a@b.example", "a…@b.example"),
        ("Almaria on X", "Almaria on X"),
        ("", ""),
    ],
)
def test_an_address_is_masked_before_its_domain(address: str, shown_as: str) -> None:
    assert masked(address) == shown_as


def test_addresses_within_an_answer_are_masked_too() -> None:
    text = "550 5.1.1 <lin.wei+news@example.net>: user unknown, ask postmaster@mx.example.net"
    assert masked_text(text) == "550 5.1.1 <l…@example.net>: user unknown, ask p…@mx.example.net"
