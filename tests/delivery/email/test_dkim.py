"""What we sign is what others verify (dkimpy), whatever the names and texts are, and after what relays do on the way."""

from __future__ import annotations

import re

import dkim as dkimpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.delivery.email import dkim
from publisher.delivery.email.dkim import Signer, relaxed_body
from publisher.delivery.email.headers import Mailbox
from tests.delivery.email.test_message import a_template, values

KEY = dkim.opened_key(dkim.new_key())
OTHER = dkim.opened_key(dkim.new_key())
AT = 1_780_300_800
SIGNER = Signer("office.example", "p202606", KEY)

names = st.text(max_size=120)
texts = st.text(max_size=600)
# What a body may look like that our own templates never make: white space of every kind, empty lines at the end.
bodies = st.lists(st.text("ab \t.", max_size=12), max_size=12).map("\r\n".join)


def signed(message: bytes, signer: Signer = SIGNER) -> bytes:
    return signer.header(message, at=AT) + message


def verifies(message: bytes, key: object = KEY) -> bool:
    record = dkim.record_value(key).encode()  # type: ignore[arg-type]  # an RSA key

    def ask(name: bytes, timeout: int = 5) -> bytes:
        return record if name == b"p202606._domainkey.office.example." else b""

    return bool(dkimpy.verify(message, dnsfunc=ask))


def a_mail(**more: str) -> bytes:
    return a_template().join(values(**more))


@given(name=names, html=texts, text=texts, subject=st.text(max_size=80))
@example(name="Evil\r\nDKIM-Signature: x", html="", text="", subject="")
@example(name="张" * 60, html=" \r\n \r\n", text="\t \t", subject="Grüße  an\talle")
@example(name="  a   b  ", html=".", text="=" * 90, subject=" ")
def test_any_mail_verifies(name: str, html: str, text: str, subject: str) -> None:
    template = a_template(html=html, text=text, subject=subject, sender=Mailbox("news@office.example", name))
    data = template.join(values(to_name=name, greeting=name))
    assert verifies(signed(data))


@given(body=bodies, value=st.text("ab \t", max_size=20))
@example(body="", value="")
@example(body="\r\n", value=" ")
@example(body="a\r\n\r\n\r\n", value="\t")
@example(body=" \t\r\n \t\r\n", value="a")
def test_any_message_with_crlf_verifies(body: str, value: str) -> None:
    message = (
        f"From: a@office.example\r\nSubject:{value}\r\nTo: \r\n b@example.org\r\n\r\n{body}\r\n".encode()
    )
    assert verifies(signed(message))


@given(body=bodies)
def test_the_relaxed_body_is_that_of_the_standard(body: str) -> None:
    raw = body.encode() + b"\r\n"
    assert relaxed_body(raw) == dkimpy.canonicalization.Relaxed.canonicalize_body(raw)


def test_a_signature_is_the_same_each_time_and_well_formed() -> None:
    header = SIGNER.header(a_mail(), at=AT)
    assert header == SIGNER.header(a_mail(), at=AT)
    assert header.endswith(b"\r\n")
    assert max(map(len, header.split(b"\r\n"))) <= 78
    assert header.startswith(
        b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=office.example;\r\n s=p202606; t=1780300800;"
    )
    assert not any(line.startswith(b".") for line in header.split(b"\r\n"))


def listed(message: bytes) -> list[str]:
    found = re.search(rb" h=(.*?);", message, re.DOTALL)
    assert found
    return "".join(found[1].decode().split()).lower().split(":")


def test_every_header_that_matters_is_signed_and_from_is_oversigned() -> None:
    template = a_template(reply_to=Mailbox("desk@office.example"))
    names = listed(signed(template.join(values())))
    for name in (
        *("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"),
        *("list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help", "feedback-id"),
    ):
        assert name in names
    assert names.count("from") == names.count("subject") == names.count("reply-to") == 2
    assert names.count("cc") == 1


@pytest.mark.parametrize(
    "added",
    [
        b"From: Somebody <ceo@office.example>",
        b"Subject: Urgent",
        b"Reply-To: thief@example.net",
        b"To: all@example.net",
        b"Cc: all@example.net",
        b"Date: Mon, 01 Jan 2024 00:00:00 +0000",
        b"Content-Type: text/html",
    ],
)
@pytest.mark.parametrize("where", ["first", "last"])
def test_a_second_header_that_readers_would_see_breaks_the_signature(added: bytes, where: str) -> None:
    message = signed(a_mail())
    head, _, body = message.partition(b"\r\n\r\n")
    head = added + b"\r\n" + head if where == "first" else head + b"\r\n" + added
    assert not verifies(head + b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Anna Beispiel", b"Anna Beispie1"),
        (b"/u/abc", b"/u/abd"),
        (b"One-Click", b"Two-Click"),
        (b"<4711.abc@", b"<4712.abc@"),
        (b"News.", b"Nows."),
    ],
)
def test_what_is_changed_on_the_way_breaks_the_signature(old: bytes, new: bytes) -> None:
    message = signed(a_mail())
    assert message.count(old) >= 1
    assert not verifies(message.replace(old, new))


def test_another_key_does_not_verify() -> None:
    assert not verifies(signed(a_mail()), OTHER)


def a_relay_that_folds(message: bytes) -> bytes:
    """Unfolds every header and folds it anew at each second space, with tabs; capitals of names change."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = []
    for line in re.sub(rb"\r\n[ \t]", b" ", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        words = value.split(b" ")
        folded = b"".join(word + (b"\r\n\t " if n % 2 else b" ") for n, word in enumerate(words[:-1]))
        lines.append(name.upper() + b":  " + folded + words[-1] + b" ")
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_a_relay_may_fold_the_headers_anew() -> None:
    message = signed(a_template(subject="News of the week from the office " * 4).join(values()))
    changed = a_relay_that_folds(message)
    assert changed != message
    assert verifies(changed)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"\r\n", b" \t\r\n"),
        lambda body: body.replace(b" ", b"  "),
        lambda body: body.replace(b" ", b"\t"),
        lambda body: body + b"\r\n \r\n\r\n",
    ],
    ids=["white space at the ends of lines", "spaces doubled", "tabs for spaces", "empty lines at the end"],
)
def test_a_relay_may_change_white_space_in_the_body(change: object) -> None:
    head, _, body = signed(a_mail()).partition(b"\r\n\r\n")
    changed = change(body)  # type: ignore[operator]  # one of the above
    assert changed != body
    assert verifies(head + b"\r\n\r\n" + changed)


def test_a_relay_may_add_headers_that_are_its_own() -> None:
    trace = b"Received: from a by b;\r\n Mon, 01 Jun 2026 08:00:01 +0000\r\nX-Spam-Score: 0\r\nFeedback-ID: 1:2:3:relay\r\n"
    assert verifies(trace + signed(a_mail()))


def test_an_address_in_another_script_is_signed_as_it_is_sent() -> None:
    assert verifies(signed(a_mail(to_address="读者@例子.example")))


@pytest.mark.parametrize("bits", [2048, 4096])
def test_a_record_is_split_into_strings_of_255_bytes(bits: int) -> None:
    value = dkim.record_value(dkim.opened_key(dkim.new_key(bits)))
    strings = dkim.txt_strings(value)
    assert "".join(strings) == value
    assert len(strings) > 1
    assert all(0 < len(part) <= 255 for part in strings)


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of the library
        dkim.opened_key("no key")
