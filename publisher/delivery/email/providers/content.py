"""A message as providers want it: subject, texts and headers, taken from the very bytes that SMTP would send.

What all messages of a template share is read once (`Form`); `Letter` adds one recipient's own.
"""

from __future__ import annotations

import email
import email.message
import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.utils import getaddresses
from functools import lru_cache

from publisher.delivery.email import headers
from publisher.delivery.email.address import parse_address
from publisher.delivery.email.headers import Mailbox
from publisher.delivery.email.message import MessageTemplate, Slot
from publisher.delivery.email.outgoing import Outgoing
from publisher.render import slots
from publisher.render.slots import Cut, Kind

WRITTEN_BY_PROVIDERS = frozenset(
    ("from", "to", "cc", "bcc", "subject", "reply-to", "date", "message-id", "mime-version", "return-path", "dkim-signature")
)  # fmt: skip
"""Headers that are not handed over as headers; nor are those that begin with `content-`."""

CACHED_FORMS = 64
_WORD_JOINER = "\u2060"
_FOLD = re.compile(r"\r?\n(?=[ \t])")


@dataclass(frozen=True, eq=False)
class Form:
    """What the messages of one template share. The texts are cut at their slots; headers are ASCII, unfolded."""

    sender: Mailbox
    reply_to: Mailbox | None
    subject: str
    headers: Mapping[str, str]
    html: Cut
    text: Cut


@dataclass(frozen=True, eq=False)
class Letter:
    """One message. `to.address` has its domain in ASCII, `headers` are this recipient's own, `raw` is the whole message.
    `is_delivery`: its id may be told."""

    id: int
    form: Form
    to: Mailbox
    message_id: str
    headers: Mapping[str, str]
    values: Mapping[str, str]
    raw: bytes
    is_delivery: bool


def letter_of(message: Outgoing) -> Letter:
    """Take a message apart. Raises BadAddress, BadHeader or SlotError for what cannot be sent."""
    address = str(parse_address(message.rcpt_to))
    if message.merge is None:
        parsed = _parsed(message.data)
        name = "".join(box.name for box in _boxes(parsed, "To")[:1])
        own_id = str(parsed["Message-ID"] or "").strip(" <>")
        to, told = Mailbox(address, name), message.is_delivery
        return Letter(message.id, _form(parsed), to, own_id, {}, {}, message.data, told)
    template, values = message.merge
    own = {}
    if Slot("list_unsubscribe") in template.parts:
        lines = headers.list_unsubscribe(values["unsubscribe_url"], values.get("unsubscribe_mailto", ""))
        own = _headers(email.message_from_bytes(lines, policy=email.policy.default))
    return Letter(
        message.id,
        form_of(template),
        Mailbox(address, headers.clean(values.get("to_name", ""))),
        values["message_id"],
        own,
        values,
        message.data,
        message.is_delivery,
    )


@lru_cache(CACHED_FORMS)
def form_of(template: MessageTemplate) -> Form:
    """The shared part of a template's messages: its bytes, with a mark in each slot, parsed."""
    return _form(_parsed(b"".join(_marked(part) for part in template.parts)))


def harmless(text: str, kind: Kind, syntax: re.Pattern[str] | None) -> str:
    """`text` with nothing that `syntax` would find: the same in HTML, in plain text with an invisible sign between."""
    if syntax is None:
        return text
    if kind == "html":
        return syntax.sub(lambda found: f"&#{ord(found[0])};", text)
    return syntax.sub(lambda found: found[0] + _WORD_JOINER, text)


def _marked(part: bytes | Slot) -> bytes:
    if isinstance(part, bytes):
        return part
    return slots.mark(part.name).encode() if part.kind in ("html", "text") else b""


def _parsed(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def _form(message: email.message.EmailMessage) -> Form:
    senders, reply_to = _boxes(message, "From"), _boxes(message, "Reply-To")
    return Form(
        sender=senders[0],
        reply_to=reply_to[0] if reply_to else None,
        subject=str(message["Subject"] or ""),
        headers=_headers(message),
        html=slots.cut(_body(message, "html"), "html"),
        text=slots.cut(_body(message, "plain"), "text"),
    )


def _boxes(message: email.message.EmailMessage, name: str) -> list[Mailbox]:
    """Not by `message[name].addresses`: that leaves spaces between the encoded words of a long name."""
    raw = [_FOLD.sub("", value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return [
        Mailbox(address, str(make_header(decode_header(phrase)))) for phrase, address in getaddresses(raw)
    ]


def _body(message: email.message.EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _headers(message: email.message.EmailMessage) -> dict[str, str]:
    return {
        name: _FOLD.sub("", value).strip()
        for name, value in message.raw_items()
        if name.lower() not in WRITTEN_BY_PROVIDERS and not name.lower().startswith("content-")
    }
