"""A message taken apart, whatever its state: its headers, its words for people, its machine-readable parts, the mail it returns.

Never raises. What is broken is left out; a message that Python's parser cannot take at all is one of plain text. Pure.

Anybody may send anything to a return path, and one thread reads a mailbox: so everything here takes time that grows with a
message's length and no faster. What the parser and its codecs do slower is bounded before they see it.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import email
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32
from itertools import islice
from typing import Any, Final

LONGEST = 1_000_000
"""Bytes of a message that are read. Tokens, reports and headers stand at its beginning, or right behind a short text."""
MOST_LINES = 30_000
LONGEST_TEXT = 60_000
LONGEST_HEADER = 5_000
MOST_HEADERS = 1_000
MOST_WORDS = 100
"""Encoded words in one header; one with more is left as it is written."""
MOST_PARTS = 60
MOST_MULTIPARTS = 100
"""The parser compares each line with the boundary of every part around it. A message with more is one of plain text."""
SLOW_CODECS: Final = ("idna", "punycode")
"""Their time grows with the square of the text's length, and no mail is written in them."""
PARSE_ERRORS = (ValueError, LookupError, RecursionError, TypeError, AttributeError, AssertionError)
"""What Python's parser is known to raise for broken mail; `binascii.Error` and errors of Unicode are ValueErrors."""

Fields = tuple[tuple[str, str], ...]

# RFC 6533: the same in UTF-8. Python knows the older types only.
_GLOBAL = {
    b"global-delivery-status": b"message/delivery-status",
    b"global-headers": b"text/rfc822-headers",
    b"global": b"message/rfc822",
}
_GLOBAL_TYPE = re.compile(
    rb"(?im)^(content-type:[ \t]*)message/(global-delivery-status|global-headers|global)(?=[;\s])"
)
_MBOX_LINE = re.compile(rb"\A(?:>?From [^\n]*\n)")
# Where a report in plain text goes over to the mail that it returns.
_RETURNED = re.compile(
    r"^[ \t>*|]{0,20}(?:-{2}|={3}|_{3})[-=_ \t]{0,80}[^\n]{0,60}?(?:original|unsent|copy of|header of"
    r"|returned|undelivered|below this line|"
    r"message (?:header|text|body)|原[始邮]|原信)[^\n]{0,80}$"
    r"|^[^\n]{0,40}(?:original message follows|message headers? (?:follows?|is included)"
    r"|headers of the original)[^\n]{0,60}$"
    r"|^Received: from [^\n]+$|^Return-Path: <[^\n]+$",
    re.IGNORECASE | re.MULTILINE,
)
_HIDDEN = re.compile(r"(?i)<(style|script|head)\b|<!--")
_HIDDEN_ENDS = {
    "": re.compile("-->"),
    **{name: re.compile(rf"(?i)</{name}\s*>") for name in ("style", "script", "head")},
}
_HREF = re.compile(r"(?i)\bhref\s?=\s?[\"']?([^\"'<>\s]{1,2000})")
_BREAKS = re.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,2000}>")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_LINE_END = re.compile(r"\r\n?|\n")
_MULTIPART = re.compile(rb"(?i)multipart/")


class _Bounded(Compat32):
    """As the parser's own policy, with headers that are cut off: it looks for their parameters in quadratic time."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        return name, value[:LONGEST_HEADER]


_POLICY: Final[Any] = _Bounded()


@dataclass
class Mail:
    """The parts that matter. Names of fields are in small letters; values are decoded. `links`: where those of a text in HTML
    lead to, which its words do not say."""

    headers: Fields = ()
    text: str = ""
    links: str = ""
    status: list[Fields] = field(default_factory=list)
    feedback: Fields = ()
    returned: str = ""
    report_type: str = ""
    has_returned_part: bool = False

    def get(self, name: str) -> str:
        """The first header of this name; empty when there is none."""
        return value_of(self.headers, name)

    def all(self, *names: str) -> list[str]:
        return [value for name, value in self.headers if name in names]

    @property
    def subject(self) -> str:
        return " ".join(self.get("subject").split())


def value_of(fields: Fields, name: str) -> str:
    """The first value of a field; empty when there is none."""
    return next((value for key, value in fields if key == name), "")


def parse(raw: bytes) -> Mail:
    """Take a message apart."""
    raw = _MBOX_LINE.sub(b"", raw[:LONGEST].replace(b"\r\n", b"\n").lstrip(b"\n"))
    raw = b"\n".join(raw.split(b"\n", MOST_LINES)[:MOST_LINES])
    raw = _GLOBAL_TYPE.sub(lambda found: found[1] + _GLOBAL[found[2].lower()], raw)
    try:
        if len(_MULTIPART.findall(raw)) <= MOST_MULTIPARTS:
            return _taken_apart(email.message_from_bytes(raw, policy=_POLICY))
    except PARSE_ERRORS:
        pass
    return Mail(text=_clean(raw.decode("utf-8", "replace")[:LONGEST_TEXT]))


def fields_in(text: str) -> Fields:
    """`Name: value` lines, with folded ones joined; what is no such line is passed over."""
    found: list[tuple[str, str]] = []
    for line in _LINE_END.split(text):
        if line[:1] in " \t" and line.strip() and found:
            found[-1] = found[-1][0], f"{found[-1][1]} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[A-Za-z0-9-]{1,60}", name.strip()):
            found.append((name.strip().lower(), value.strip()))
    return tuple(found)


def _taken_apart(message: Message) -> Mail:
    mail = Mail(headers=_fields(message))
    mail.report_type = _param(message, "report-type")
    texts: list[str] = []
    plain = False
    for part in _parts(message):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            mail.status += _blocks(part)
        elif kind == "message/feedback-report":
            mail.feedback += tuple(pair for block in _blocks(part) for pair in block)
        elif kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            mail.returned += _whole(part)[:LONGEST_TEXT]
            mail.has_returned_part = True
        elif kind == "text/plain" or (kind == "text/html" and not plain):
            words = _decoded(part)
            plain = plain or (kind == "text/plain" and bool(words.strip()))
            texts.append(words if kind == "text/plain" else _without_tags(words))
            mail.links += "" if kind == "text/plain" else " ".join(_HREF.findall(words))[:LONGEST_TEXT]
    mail.text, behind = _parted("\n".join(texts)[:LONGEST_TEXT])
    mail.returned += behind
    if not mail.status and "final-recipient:" in mail.text.lower():
        mail.status = _blocks_in(mail.text)
    return mail


def _parted(text: str) -> tuple[str, str]:
    """The report's own words, and the mail that it quotes."""
    found = _RETURNED.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _parts(message: Message) -> Iterator[Message]:
    """The leaves in their order; what is within a returned mail is none of them."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        inner = _inner(part)
        if part.get_content_maintype() == "multipart" and inner:
            waiting[:0] = inner
        elif part.get_content_maintype() == "multipart":
            part.set_type("text/plain")
            yield part
        else:
            yield part


def _blocks(part: Message) -> list[Fields]:
    """Groups of fields: of a status report the message's, then one for each recipient."""
    inner = _inner(part)
    if not inner:
        return _blocks_in(_decoded(part))
    blocks = [_fields(each) for each in inner]
    if any(blocks):
        return [each for each in blocks if each] + [
            block for each in inner for block in _blocks_in(_decoded(each))
        ]
    text = "".join(map(_decoded, inner))
    if part.get("content-transfer-encoding", "").strip().lower() == "base64":  # wrong of its writer, and seen
        try:
            text = base64.b64decode("".join(text.split()), validate=False).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return []
    return _blocks_in(text)


def _blocks_in(text: str) -> list[Fields]:
    text = text[:LONGEST_TEXT].replace("\r\n", "\n")
    blocks = [fields_in(block) for block in re.split(r"\n[ \t]*\n", text)]
    return [block for block in blocks if block]


def _inner(part: Message) -> list[Message]:
    """The messages that a part holds. One that holds text is not asked for it here: the parser would decode it."""
    inner: object = part.get_payload() if part.is_multipart() else None
    return [each for each in inner if isinstance(each, Message)] if isinstance(inner, list) else []


def _whole(part: Message) -> str:
    """A returned mail as one text: its headers, then the words of its parts, decoded."""
    inner = _inner(part)
    if not inner:
        return _decoded(part)
    lines = [f"{name}: {value}" for name, value in _fields(inner[0])]
    texts = [_decoded(each) for each in _parts(inner[0]) if each.get_content_maintype() == "text"]
    return "\n".join([*lines, "", *texts])


def _fields(message: Message) -> Fields:
    charset = message.get_content_charset("utf-8")
    items = islice(message.raw_items(), MOST_HEADERS)
    return tuple((str(name).lower(), _header(value, charset)) for name, value in items)


def _header(value: object, charset: str) -> str:
    """A header's text, with encoded words read, and on one line. Bytes that nobody encoded are UTF-8 (RFC 6532), or else in
    the charset of the text below them, as servers in China write them."""
    text = str(value)
    if not text.isascii():
        raw = text.encode("ascii", "surrogateescape")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = _text(raw, charset)
    if 0 < text.count("=?") <= MOST_WORDS:
        try:
            text = str(make_header(decode_header(text)))
        except PARSE_ERRORS:
            text = str(value)
    return _clean(" ".join(_LINE_END.split(text)))


def _decoded(part: Message) -> str:
    try:
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset("utf-8")
    except PARSE_ERRORS:
        return ""
    if not isinstance(payload, bytes):
        return ""
    return _clean(_text(payload, charset))


def _text(payload: bytes, charset: str) -> str:
    if charset in ("us-ascii", "ascii", "unknown-8bit"):
        charset = "utf-8"
    if charset in ("gb2312", "gbk"):
        charset = "gb18030"
    try:
        if codecs.lookup(charset).name in SLOW_CODECS:
            charset = "utf-8"
        return payload.decode(charset, "replace")
    except (LookupError, UnicodeError, ValueError):
        return payload.decode("utf-8", "replace")


def _clean(text: str) -> str:
    """Without what PostgreSQL refuses: NUL, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _param(message: Message, name: str) -> str:
    try:
        return str(message.get_param(name) or "").strip().lower()
    except PARSE_ERRORS:
        return ""


def _without_tags(text: str) -> str:
    text = _BREAKS.sub("\n", _without_hidden(text))
    return html.unescape(_TAG.sub(" ", text)).replace("\xa0", " ")


def _without_hidden(text: str) -> str:
    """Without styles, scripts, heads and comments. What has no end is sought only once: one expression for both ends would
    look through the rest of the text for each beginning."""
    kept, at, endless = [], 0, set()
    for found in _HIDDEN.finditer(text):
        name = (found[1] or "").lower()
        if found.start() < at or name in endless:
            continue
        end = _HIDDEN_ENDS[name].search(text, found.end())
        if end is None:
            endless.add(name)
            continue
        kept.append(text[at : found.start()])
        at = end.end()
    return " ".join([*kept, text[at:]])
