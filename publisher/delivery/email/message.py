"""A mail as bytes: built once per variant with slots, stored, and joined per recipient in a few microseconds.

`build_template` makes it, `to_bytes` and `from_bytes` store it, `join` fills in one recipient. Every line ends in CRLF
and none begins with a dot, whatever the values: `Outgoing(…, checked=True)`.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from publisher.delivery.email import headers
from publisher.delivery.email.headers import BadHeader, Mailbox
from publisher.delivery.email.quoted import SOFT, broken, encoded_part, encoded_value
from publisher.render import slots
from publisher.render.slots import SlotError

Kind = Literal["to", "message_id", "date", "list_unsubscribe", "html", "text"]

Fill = Callable[[Mapping[str, str]], bytes]
"""From one recipient's values to a header's line."""

MAGIC = b"mail2 "
HEADER_VALUES = ("to_name", "to_address", "message_id", "date", "unsubscribe_url", "unsubscribe_mailto")
"""What `join` takes besides the slots of the texts; `to_name` and `unsubscribe_mailto` may be left out."""

# What looks the same in HTML, in text and on the wire: most links and greetings do.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9:/._~?%+@,;-]+\Z")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9:._?!+@,;()-]+(?: [A-Za-z0-9:._?!+@,;()-]+)*\Z")


class Slot(NamedTuple):
    """A place that `join` fills: a header, or a named slot of the HTML or text part."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True)
class ListHeaders:
    """What makes a mail list mail: `identifier` such as `weekly.news.example.org` never changes, `title` may."""

    identifier: str
    title: str = ""
    help_url: str = ""
    feedback_id: str = ""


@dataclass(frozen=True)
class MessageTemplate:
    """Bytes and slots in turn. The same input gives the same bytes, so `content_hash` names the variant."""

    parts: tuple[bytes | Slot, ...]

    def join(self, values: Mapping[str, str]) -> bytes:
        """The message of one recipient: RFC 5322 bytes, not dot-stuffed, and with nothing that needs it.

        `values` holds HEADER_VALUES and each slot of the texts. Raises SlotError or BadHeader for a value that is
        missing or impossible.
        """
        pieces = self._pieces.copy()
        for place, fill in self._headers:
            pieces[place] = fill(values)
        for name, plain, places in self._texts:
            value = values.get(name, "")
            alike = broken(value) if plain.match(value) else b""
            for place, kind in places:
                pieces[place] = alike or encoded_value(slots.safe_value(kind, name, values))
        return b"".join(pieces)

    @cached_property
    def is_ascii(self) -> bool:
        """Whether a message is ASCII when the recipient's address is: names, texts and links are encoded."""
        return all(piece.isascii() for piece in self._pieces)

    @cached_property
    def _pieces(self) -> list[bytes]:
        return [part if isinstance(part, bytes) else b"" for part in self.parts]

    @cached_property
    def _headers(self) -> list[tuple[int, Fill]]:
        """The places of headers, and what fills them."""
        return [
            (place, FILL[part.kind])
            for place, part in enumerate(self.parts)
            if isinstance(part, Slot) and part.kind in FILL
        ]

    @cached_property
    def _texts(self) -> list[tuple[str, re.Pattern[str], list[tuple[int, slots.Kind]]]]:
        """The slots of the texts, each with its places in text and HTML, and with a pattern of values that are the same in both
        and need no escaping: most do."""
        places: dict[str, list[tuple[int, slots.Kind]]] = {}
        for place, part in enumerate(self.parts):
            if isinstance(part, Slot) and part.kind not in FILL:
                places.setdefault(part.name, []).append((place, "html" if part.kind == "html" else "text"))
        return [
            (name, _PLAIN_URL if name.endswith("_url") else _PLAIN_WORDS, found)
            for name, found in places.items()
        ]

    @cached_property
    def content_hash(self) -> bytes:
        """SHA-256 of the stored form, 32 bytes."""
        return hashlib.sha256(self.to_bytes()).digest()

    def to_bytes(self) -> bytes:
        """The form for storing, compressed: a line of JSON that lists lengths and slots, then the bytes.

        An edition has thousands of variants, and this takes a third of the time that PostgreSQL takes to compress them.
        """
        index = [len(part) if isinstance(part, bytes) else list(part) for part in self.parts]
        literals = b"".join(part for part in self.parts if isinstance(part, bytes))
        plain = json.dumps(index, separators=(",", ":")).encode() + b"\n" + literals
        return MAGIC + zlib.compress(plain, zlib.Z_BEST_SPEED)

    @classmethod
    def from_bytes(cls, stored: bytes | memoryview) -> MessageTemplate:
        """The reverse of `to_bytes`. Raises ValueError when it is not such a thing."""
        whole = bytes(stored)
        if not whole.startswith(MAGIC):
            raise ValueError("not a stored message template")
        try:
            head, newline, literals = zlib.decompress(whole[len(MAGIC) :]).partition(b"\n")
        except zlib.error as error:
            raise ValueError(f"a stored message template that is broken: {error}") from error
        if not newline:
            raise ValueError("a stored message template that is cut off")
        parts: list[bytes | Slot] = []
        at = 0
        for entry in json.loads(head):
            if isinstance(entry, int):
                parts.append(literals[at : at + entry])
                at += entry
            else:
                kind, name = entry
                parts.append(Slot(kind, name))
        if at != len(literals):
            raise ValueError("a stored message template that is cut off")
        return cls(tuple(parts))


def build_template(
    *,
    subject: str,
    html: str,
    text: str,
    sender: Mailbox,
    reply_to: Mailbox | None = None,
    list_headers: ListHeaders | None = None,
    language: str = "",
    auto_submitted: bool = False,
) -> MessageTemplate:
    """Build a mail of two parts (text and HTML) whose texts may hold marks (`render.slots.mark`); the subject none.

    With `list_headers` it gets List-Id, List-Unsubscribe, List-Unsubscribe-Post (for https) and `Precedence: bulk`, which
    Exchange and most programs that answer for people on leave heed. `auto_submitted` is for what a machine sends by itself,
    a digest or a confirmation: RFC 3834 asks for it (section 5), and says that no program should answer such mail, while to
    heed Precedence and the List fields it is free. Raises BadHeader.
    """
    if slots.PREFIX in subject:
        raise BadHeader("Subject: it holds a slot, and subjects are the same for all")
    parts = _Parts()
    parts.add(Slot("date"), headers.mailbox("From", sender))
    if reply_to:
        parts.add(headers.mailbox("Reply-To", reply_to))
    parts.add(Slot("to"), headers.unstructured("Subject", subject), Slot("message_id"))
    if list_headers:
        parts.add(_list_headers(list_headers), Slot("list_unsubscribe"), b"Precedence: bulk\r\n")
    if auto_submitted:
        parts.add(b"Auto-Submitted: auto-generated\r\n")
    if language:
        parts.add(headers.plain("Content-Language", language))
    # An equals sign and an underscore never meet in quoted-printable, so no text can hold the boundary.
    boundary = b"=_" + hashlib.sha256(f"{html}\0{text}".encode("utf-8", "replace")).hexdigest()[:24].encode()
    parts.add(
        b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="%s"\r\n\r\n' % boundary,
        *_body(boundary, "text", text),
        *_body(boundary, "html", html),
        b"--%s--\r\n" % boundary,
    )
    return MessageTemplate(tuple(parts.parts))


def message_id(key: str, domain: str) -> str:
    """The id of a delivery's message, the same in each try. `key` is unique to the delivery: letters, digits, `.-_`."""
    return f"{key}@{domain}"


def date_header(now: datetime) -> str:
    """The value for `date`: an aware time as RFC 5322 writes it. Make it once per batch, it costs 5 µs."""
    return format_datetime(now)


def _list_headers(about: ListHeaders) -> bytes:
    lines = headers.list_id(about.title, about.identifier)
    if about.help_url:
        lines += headers.uris("List-Help", [about.help_url])
    if about.feedback_id:
        lines += headers.feedback_id(about.feedback_id)
    return lines


def _body(boundary: bytes, kind: Literal["html", "text"], content: str) -> list[bytes | Slot]:
    """One part of the body, cut at its slots; each slot begins on a line of its own, after a soft break."""
    subtype = b"html" if kind == "html" else b"plain"
    cut = slots.cut(content, kind)
    out: list[bytes | Slot] = [
        b"--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        % (boundary, subtype),
        encoded_part(cut.parts[0]),
    ]
    for name, part in zip(cut.names, cut.parts[1:], strict=True):
        out += [SOFT, Slot(kind, name), SOFT, encoded_part(part)]
    return [*out, b"\r\n"]


def _to(values: Mapping[str, str]) -> bytes:
    return headers.mailbox("To", Mailbox(_value(values, "to_address"), values.get("to_name", "")))


def _message_id(values: Mapping[str, str]) -> bytes:
    return headers.message_id("Message-ID", _value(values, "message_id"))


def _date(values: Mapping[str, str]) -> bytes:
    return _date_line(_value(values, "date"))


@lru_cache(maxsize=8)  # it is the same for a while
def _date_line(value: str) -> bytes:
    return headers.plain("Date", value)


def _list_unsubscribe(values: Mapping[str, str]) -> bytes:
    return headers.list_unsubscribe(_value(values, "unsubscribe_url"), values.get("unsubscribe_mailto", ""))


FILL: dict[str, Fill] = {
    "to": _to,
    "message_id": _message_id,
    "date": _date,
    "list_unsubscribe": _list_unsubscribe,
}


def _value(values: Mapping[str, str], name: str) -> str:
    if name not in values:
        raise SlotError(f"no value for {name!r}")
    return values[name]


@dataclass
class _Parts:
    """Collects parts, with neighbouring bytes made one."""

    parts: list[bytes | Slot] = field(default_factory=list)

    def add(self, *more: bytes | Slot) -> None:
        for part in more:
            last = self.parts[-1] if self.parts else None
            if isinstance(part, bytes) and isinstance(last, bytes):
                self.parts[-1] = last + part
            else:
                self.parts.append(part)
