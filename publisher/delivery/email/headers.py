"""Header lines of a message (RFC 5322, 2047, 2919, 2369, 8058): encoded, folded, and closed to injection.

Each function returns whole lines that end in CRLF. Values are cleaned first, so nothing can begin a header of its own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import NamedTuple

from publisher.delivery.email.address import BadAddress, is_usual, parse_address

FOLD = 76
LONGEST_NAME = 60
ENCODED_WORD_BYTES = 45
"""Bytes of UTF-8 in one encoded word: 60 characters of base64, 72 with its frame; RFC 2047 allows 75."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/?^_`{|}~ -]+\Z")
# Clean as it is, in need of no quotes, and with its address on one line: most are.
_USUAL_NAME = re.compile(r"[A-Za-z0-9-]+(?: [A-Za-z0-9-]+){0,3}\Z")
_ONE_LINE = 66
_URI = re.compile(r"(?i:https?://|mailto:)[!#-;=?-~]+\Z")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+\Z")
_FEEDBACK = re.compile(r"[A-Za-z0-9._-]{0,60}(?::[A-Za-z0-9._-]{0,60}){3}\Z")


class Mailbox(NamedTuple):
    """A name in any script, which may be empty, and an address."""

    address: str
    name: str = ""


class BadHeader(ValueError):
    """A value that a header cannot hold."""


def clean(text: str) -> str:
    """Text without control characters, overrides of direction and line breaks, spaces made single."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def mailbox(field: str, box: Mailbox) -> bytes:
    """`To: Name <address>`. Raises BadHeader for a bad address."""
    address, name = box
    if not is_usual(address):
        try:
            local, domain = parse_address(address)
        except BadAddress as error:
            raise BadHeader(f"{field}: {error}") from error
        address = f"{local}@{domain}"
    if len(name) + len(address) < _ONE_LINE - len(field) and _USUAL_NAME.match(name):
        return f"{field}: {name} <{address}>\r\n".encode()
    name = clean(name)
    if not name:
        return f"{field}: <{address}>\r\n".encode()
    return _folded(field, [*_phrase(field, name), f"<{address}>"])


def unstructured(field: str, text: str) -> bytes:
    """`Subject: …` in any script."""
    text = clean(text)
    if text.isascii() and "=?" not in text and all(len(word) < FOLD - 2 for word in text.split(" ")):
        return _folded(field, text.split(" "))
    return _folded(field, _encoded_words(field, text))


def message_id(field: str, value: str) -> bytes:
    """`Message-ID: <value>`; the value comes without its brackets."""
    if not _TOKEN.match(value) or len(value) > 500:
        raise BadHeader(f"{field}: {value[:80]!r} is no message id")
    return f"{field}: <{value}>\r\n".encode()


def plain(field: str, value: str) -> bytes:
    """A value of ASCII that is written as it is, such as a date."""
    if not value.isascii() or _CONTROLS.search(value) or len(value) > 500:
        raise BadHeader(f"{field}: {value[:80]!r} is not plain text")
    return f"{field}: {value}\r\n".encode()


def list_id(title: str, identifier: str) -> bytes:
    """`List-Id: Title <weekly.news.example.org>` (RFC 2919); the identifier is a domain name that stays the same."""
    if not re.fullmatch(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", identifier) or len(identifier) > 200:
        raise BadHeader(f"List-Id: {identifier[:80]!r} is not of the form list.domain")
    title = clean(title)
    return _folded("List-Id", [*(_phrase("List-Id", title) if title else []), f"<{identifier}>"])


def feedback_id(value: str) -> bytes:
    """`Feedback-ID: a:b:c:sender` (Gmail's feedback loop: four fields, the last of them the sender)."""
    if not _FEEDBACK.match(value):
        raise BadHeader(f"Feedback-ID: {value[:80]!r} is not four short fields with colons between")
    return plain("Feedback-ID", value)


def uris(field: str, addresses: Iterable[str]) -> bytes:
    """`List-Help: <https://…>,` and more addresses, each on a line of its own (RFC 2369)."""
    lines = []
    for address in addresses:
        if not _URI.match(address) or len(address) > 900:
            raise BadHeader(f"{field}: {address[:80]!r} is no address of the web or of mail")
        lines.append(f"<{address}>")
    return f"{field}: {_COMMA.join(lines)}\r\n".encode()


def list_unsubscribe(url: str, mailto: str = "") -> bytes:
    """List-Unsubscribe, and for an https address List-Unsubscribe-Post, which makes it one click (RFC 8058)."""
    lines = uris("List-Unsubscribe", [url, mailto] if mailto else [url])
    if url[:8].lower() == "https://":
        lines += b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return lines


_COMMA = ",\r\n "


def _phrase(field: str, name: str) -> list[str]:
    """A display name: as it is, in quotes, or as encoded words."""
    if "=?" not in name and len(name) <= LONGEST_NAME:
        if _PLAIN_NAME.match(name):
            return [name]
        if name.isascii():
            return ['"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"']
    return _encoded_words(field, name)


def _encoded_words(field: str, text: str) -> list[str]:
    """The text as encoded words, each of whole characters; the first shares its line with the field's name and is so much
    shorter (RFC 2047 sections 2 and 5).
    """
    words, piece, size = [], "", 0
    room = (FOLD - len(f"{field}: =?utf-8?b??=")) // 4 * 3
    for character in text:
        more = len(character.encode())
        if size + more > room:
            words.append(_encoded_word(piece))
            piece, size, room = "", 0, ENCODED_WORD_BYTES
        piece += character
        size += more
    return [*words, _encoded_word(piece)]


def _encoded_word(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def _folded(field: str, words: Iterable[str]) -> bytes:
    """The words with a space between, on new lines where they would pass 76 characters."""
    line, lines = f"{field}:", []
    for word in words:
        if len(line) + 1 + len(word) > FOLD and line.strip() not in ("", f"{field}:"):
            lines.append(line)
            line = ""
        line += " " + word
    return ("\r\n".join([*lines, line]) + "\r\n").encode()
