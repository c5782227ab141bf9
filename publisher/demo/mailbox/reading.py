"""Understanding a message: its headers for the list, its parts for the page. Whatever the bytes are, there is an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser


@dataclass(frozen=True)
class Summary:
    """The headers that the list and the search use, decoded."""

    sender: str
    to: str
    subject: str


@dataclass(frozen=True)
class Parts:
    """The texts of a message, and its headers in order. A text that it has not is None."""

    html: str | None
    text: str | None
    headers: list[tuple[str, str]]
    attachments: list[str]


def summary(data: bytes) -> Summary:
    head = data.partition(b"\r\n\r\n")[0]
    message = BytesHeaderParser().parsebytes(head)
    return Summary(
        _unquoted(_decoded(message["From"])), _decoded(message["To"]), _decoded(message["Subject"])
    )


def _unquoted(sender: str) -> str:
    """`"Country Office" <news@…>` without the quotes that only a header needs."""
    return re.sub(r'^"((?:[^"\\]|\\.)*)"', lambda quoted: re.sub(r"\\(.)", r"\1", quoted.group(1)), sender)


def parts(data: bytes) -> Parts:
    message = BytesParser().parsebytes(data)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    attached = [part.get_filename() or part.get_content_type() for part in leaves if _is_attached(part)]
    return Parts(
        html=next(_texts(leaves, "text/html"), None),
        text=next(_texts(leaves, "text/plain"), None),
        headers=[(name, _decoded(value)) for name, value in message.items()],
        attachments=attached,
    )


def _texts(leaves: list[Message], kind: str) -> Iterator[str]:
    for part in leaves:
        if part.get_content_type() == kind and not _is_attached(part):
            payload = part.get_payload(decode=True)
            raw = payload if isinstance(payload, bytes) else b""
            yield _in_charset(raw, part.get_content_charset() or "utf-8")


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_content_maintype() != "text"


def _in_charset(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _decoded(value: object) -> str:
    """A header as people read it: unfolded, its encoded words decoded."""
    if value is None:
        return ""
    try:
        text = str(make_header(decode_header(str(value))))
    except (ValueError, LookupError):  # an encoded word that is none, or a charset that nobody knows
        text = str(value)
    raw = text.encode("utf-8", "surrogateescape")
    return re.sub(r"\s+", " ", raw.decode("utf-8", "replace")).strip()
