"""A joined mail reads back as exactly what went in, whatever the names, links and texts are."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.delivery.email.headers import ENCODED_WORD_BYTES, BadHeader, Mailbox, clean
from publisher.delivery.email.message import (
    MAGIC,
    ListHeaders,
    MessageTemplate,
    build_template,
    date_header,
    message_id,
)
from publisher.delivery.email.smtp.envelope import Outgoing, content
from publisher.render.slots import PREFIX, SlotError, cut, join, mark

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
HTML = (
    f"<h1>{mark('greeting')}</h1>\n<p>News.</p>\n"
    f'<a href="{mark("web_url")}">web</a> <a href="{mark("unsubscribe_url")}">x</a>\n'
)
TEXT = f"{mark('greeting')},\n\nnews.\n.dot\n\n{mark('preferences_url')}\n{mark('unsubscribe_url')}"

names = st.text(max_size=120)
texts = st.text(max_size=600)
ascii_texts = st.text(
    st.characters(min_codepoint=9, max_codepoint=126, exclude_categories=["Cs"]), max_size=600
)
locals_ = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}", fullmatch=True)
domains = st.from_regex(r"([a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\.){1,5}[a-z]{2,10}", fullmatch=True)


def a_template(html: str = HTML, text: str = TEXT, **more: object) -> MessageTemplate:
    given: dict[str, object] = {
        "subject": "News of the week",
        "sender": Mailbox("news@office.example", "Country Office"),
        "list_headers": ListHeaders(
            "weekly.office.example", "Weekly news", "https://office.example/help", "7:all:weekly:office"
        ),
    }
    return build_template(html=html, text=text, **{**given, **more})  # type: ignore[arg-type]  # test shorthand


SEAM = "--><!--[if mso | IE]><table"


@given(pieces=st.lists(texts | st.just("."), min_size=1, max_size=5))
def test_where_sections_meet_nothing_is_lost_and_every_line_keeps_its_limit(pieces: list[str]) -> None:
    html = SEAM.join(clean(piece) for piece in pieces)
    joined = a_template(html=html).join(values())
    assert body(parsed(joined), "html").rstrip("\n") == html
    lines = joined.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert all(len(line) <= 76 and not line.startswith(b".") for line in lines)


def values(**more: str) -> dict[str, str]:
    return {
        "to_name": "Anna Beispiel",
        "to_address": "anna@example.org",
        "message_id": message_id("4711.abc", "office.example"),
        "date": date_header(NOW),
        "greeting": "Dear Anna",
        "preferences_url": "https://news.office.example/p/abc?x=1",
        "unsubscribe_url": "https://news.office.example/u/abc",
        "web_url": "https://news.office.example/w/abc",
        "unsubscribe_mailto": "mailto:leave+abc@office.example?subject=unsubscribe",
        **more,
    }


def parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def name_in(data: bytes, field: str) -> str:
    """The name before an address, by the older parser: the newer one of Python 3.11 puts spaces between encoded words."""
    name, _ = parseaddr(str(message_from_bytes(data)[field]).replace("\r\n", ""))
    return str(make_header(decode_header(name)))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def lines_as_read(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def assert_well_formed(data: bytes) -> None:
    """Lines end in CRLF, none too long, none begins with a dot, headers are 7-bit."""
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")
    head, _, rest = data.partition(b"\r\n\r\n")
    assert not any(line.startswith(b".") for line in data.split(b"\r\n"))
    assert max(len(line) for line in rest.split(b"\r\n")) <= 76
    assert max(len(line) for line in head.split(b"\r\n")) <= 998
    assert rest.isascii()


def test_a_mail_byte_by_byte() -> None:
    template = a_template(
        html=f"<p>{mark('greeting')}</p>\n", text=f"{mark('greeting')}\n", subject="Grüße", language="de"
    )
    data = template.join(values(greeting="Liebe Änna", to_name="Änna"))
    boundary = data.partition(b'boundary="')[2].partition(b'"')[0].decode()
    assert data.decode() == "\r\n".join([
        "Date: Mon, 01 Jun 2026 08:00:00 +0000",
        "From: Country Office <news@office.example>",
        "To: =?utf-8?b?w4RubmE=?= <anna@example.org>",
        "Subject: =?utf-8?b?R3LDvMOfZQ==?=",
        "Message-ID: <4711.abc@office.example>",
        "List-Id: Weekly news <weekly.office.example>",
        "List-Help: <https://office.example/help>",
        "Feedback-ID: 7:all:weekly:office",
        "List-Unsubscribe: <https://news.office.example/u/abc>,",
        " <mailto:leave+abc@office.example?subject=unsubscribe>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Precedence: bulk",
        "Content-Language: de",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "=",
        "Liebe =C3=84nna=",
        "",
        "",
        f"--{boundary}",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "<p>=",
        "Liebe =C3=84nna=",
        "</p>",
        "",
        f"--{boundary}--",
        "",
    ])  # fmt: skip


@given(name=names)
@example(name="=?utf-8?q?not_me?=")
@example(name='Anna "the reader" B\\. (x), <y@z>')
@example(name="Evil\r\nBcc: all@example.org")
@example(name="张" * 100)
@example(name="👩‍👩‍👧‍👦" * 30)
@example(name=str(mark("greeting")))
@example(name="x" * 400)
@example(name="a.b@example.org")
@example(name="\ud800")
@example(name=" . ")
@example(name="x" * 76)
@example(name="x" * 75 + ".")
def test_any_name_is_read_back_and_injects_nothing(name: str) -> None:
    data = a_template().join(values(to_name=name, greeting=name))
    assert_well_formed(data)
    message = parsed(data)
    (to,) = message["To"].addresses
    assert to.addr_spec == "anna@example.org"
    assert name_in(data, "To") == clean(name)
    if len(clean(name).encode()) <= ENCODED_WORD_BYTES:
        assert to.display_name == clean(name)
    assert sorted(message.keys()) == sorted(parsed(a_template().join(values())).keys())
    assert not message.defects
    assert not message["To"].defects


@given(name=names, address=st.builds("{}@{}".format, locals_, domains))
def test_any_sender_and_recipient_is_read_back(name: str, address: str) -> None:
    template = a_template(sender=Mailbox(address, name), reply_to=Mailbox(address, name))
    data = template.join(values(to_address=address))
    message = parsed(data)
    for field in ("From", "Reply-To", "To"):
        (box,) = message[field].addresses
        assert f"{box.username}@{box.domain}" == address
    assert name_in(data, "From") == name_in(data, "Reply-To") == clean(name)


@given(name=names, subject=texts)
@example(name="张" * 100, subject="é" * 300)
def test_no_line_with_an_encoded_word_is_longer_than_76(name: str, subject: str) -> None:
    if PREFIX in subject:
        return
    template = a_template(
        sender=Mailbox("news@office.example", name), reply_to=Mailbox("a@b.example", name), subject=subject
    )
    head = template.join(values(to_name=name)).partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 76 for line in head.split(b"\r\n") if b"=?utf-8?b?" in line)


def test_an_address_in_another_script_is_written_in_utf_8() -> None:
    data = a_template().join(values(to_address="读者@例子.example"))
    assert "To: Anna Beispiel <读者@xn--fsqu00a.example>\r\n".encode() in data


@given(greeting=names, path=st.from_regex(r"[A-Za-z0-9._~?&=%/+'-]{0,200}", fullmatch=True))
@example(greeting="", path="")
@example(greeting="." * 200, path="")
@example(greeting="From me", path="&amp;")
@example(greeting="a" * 75 + "." * 10, path="." * 200)
@example(greeting="<script>", path="'")
@example(greeting="=" * 100, path="=" * 100)
def test_slots_read_back_as_the_texts_joined_without_encoding(greeting: str, path: str) -> None:
    some = values(
        greeting=greeting, web_url=f"https://x.example/{path}", preferences_url=f"http://y.example/{path}"
    )
    data = a_template().join(some)
    assert_well_formed(data)
    message = parsed(data)
    assert body(message, "html") == join(cut(HTML, "html"), some)
    assert body(message, "plain") == join(cut(TEXT, "text"), some)


@given(html=texts | ascii_texts, text=texts | ascii_texts)
@example(html="." * 300, text=".\n..\n.x\n")
@example(html=" \n \t\n" * 5, text="x" * 1000 + " ")
@example(html="a" * 74 + "\n." + "b" * 90, text="From here\nFrom there" + "From " * 40)
@example(html="." + "é" * 200, text="\r\r\n\n\r")
@example(html="a" * 75 + "." + "a" * 75 + ".=", text="=" * 100)
def test_any_content_is_read_back(html: str, text: str) -> None:
    data = a_template(html=html, text=text).join(values())
    assert_well_formed(data)
    message = parsed(data)
    assert body(message, "html") == lines_as_read(html)
    assert body(message, "plain") == lines_as_read(text)


@given(subject=texts)
@example(subject="=?utf-8?q?x?=")
@example(subject="x" * 2000)
@example(subject="a\r\nBcc: b@example.org")
def test_any_subject_is_read_back(subject: str) -> None:
    if PREFIX in subject:
        return
    data = a_template(subject=subject).join(values())
    assert_well_formed(data)
    message = parsed(data)
    assert message["Subject"] == clean(subject)
    assert message["Bcc"] is None


@given(html=texts, name=names)
def test_a_stored_template_joins_to_the_same_bytes(html: str, name: str) -> None:
    template = a_template(html=html + str(mark("greeting")))
    again = MessageTemplate.from_bytes(template.to_bytes())
    assert again.join(values(to_name=name, greeting=name)) == template.join(
        values(to_name=name, greeting=name)
    )
    assert again.content_hash == template.content_hash


@pytest.mark.parametrize("stored", [b"", b"mail0 []\n", MAGIC + b"[]\n", MAGIC + zlib.compress(b"[]\n")[:-6]])
def test_what_is_no_stored_template_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="stored message template"):
        MessageTemplate.from_bytes(stored)


@pytest.mark.parametrize("plain", [b"", b"[]", b"[5]\nabc", b"{\n"])
def test_a_template_that_was_stored_broken_is_refused(plain: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of json's and our own
        MessageTemplate.from_bytes(MAGIC + zlib.compress(plain))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("to_address", "anna"),
        ("to_address", "anna@example.org\r\nBcc: x@example.org"),
        ("to_address", "anna@example.org, bob@example.org"),
        ("message_id", "a>\r\nX: y"),
        ("date", "now\r\nX: y"),
        ("unsubscribe_url", "javascript:alert(1)"),
        ("unsubscribe_url", "https://x.example/>,<mailto:y@example.org"),
        ("unsubscribe_mailto", "mailto:x@example.org\r\nX: y"),
        ("web_url", "data:text/html,x"),
    ],
)
def test_a_value_that_would_break_out_is_refused(name: str, value: str) -> None:
    with pytest.raises((BadHeader, SlotError)):
        a_template().join(values(**{name: value}))


@pytest.mark.parametrize(
    "name", ["to_address", "message_id", "date", "unsubscribe_url", "greeting", "web_url"]
)
def test_a_missing_value_is_named(name: str) -> None:
    some = values()
    del some[name]
    with pytest.raises(SlotError, match=name):
        a_template().join(some)


def test_a_slot_in_the_subject_is_refused() -> None:
    with pytest.raises(BadHeader, match="Subject"):
        a_template(subject=f"Hello {mark('greeting')}")


def test_one_click_is_offered_over_https_only() -> None:
    insecure = a_template().join(values(unsubscribe_url="http://127.0.0.1:8000/u/abc"))
    assert parsed(insecure)["List-Unsubscribe-Post"] is None
    assert "http://127.0.0.1:8000/u/abc" in parsed(insecure)["List-Unsubscribe"]


def test_an_answer_to_one_person_has_no_list_headers() -> None:
    data = a_template(list_headers=None, auto_submitted=True).join(values())
    message = parsed(data)
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.startswith(("List-", "Precedence", "Feedback"))]


@given(greeting=names)
def test_a_joined_mail_needs_no_dot_stuffing(greeting: str) -> None:
    data = a_template().join(values(greeting=greeting, to_name=greeting))
    slow = content(Outgoing(1, "", "a@example.org", data))
    assert content(Outgoing(1, "", "a@example.org", data, checked=True)) == slow


def test_the_same_input_gives_the_same_bytes() -> None:
    assert a_template().to_bytes() == a_template().to_bytes()
    assert len(a_template().content_hash) == 32
