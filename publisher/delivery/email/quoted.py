"""Quoted-printable (RFC 2045 section 6.7) in pieces that can be put together: parts once, values per recipient.

No line is longer than 76 characters or begins with a dot, so nothing here ever needs dot-stuffing.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache

SOFT = b"=\r\n"
LINE = 76

_NEWLINES = re.compile(r"\r\n|\r|\n")
_END, _BEGINNING = "-->", "<!--[if mso | IE]><table"
"""How the sections of a compiled mail end and begin. A text may be cut anywhere; here its pieces are those of others."""
# Encoded it is the same, and no line of it needs care: most links and greetings.
_HARMLESS = re.compile(r"[!-<>-~](?:[ -<>-~]*[!-<>-~])?\Z")
_CAREFUL = b".F"
_RISKY = re.compile(rb"^(?:\.|From )", re.MULTILINE)


def encoded_part(text: str) -> bytes:
    """A part that is encoded once. Its last line has room for the `=` of a soft break (75 characters at most).

    It is encoded section by section, and a section that stands in many variants of an edition only once.
    """
    first, *others = text.split(_END + _BEGINNING)
    sections = [first, *(_BEGINNING + other for other in others)]
    last = sections.pop()
    return SOFT.join([*(_encoded_section(section + _END) for section in sections), _encoded_section(last)])


@lru_cache(maxsize=1024)
def _encoded_section(text: str) -> bytes:
    raw = _NEWLINES.sub("\r\n", text).encode("utf-8", "replace")
    return _finished(binascii.b2a_qp(raw, quotetabs=False, istext=True))


def encoded_value(value: str) -> bytes:
    """A value without line breaks; it begins at the start of a line, and its last line has room for `=`."""
    if _HARMLESS.match(value) and (harmless := broken(value)):
        return harmless
    encoded = binascii.b2a_qp(value.encode("utf-8", "replace"), istext=False)
    if len(encoded) < LINE and encoded[:1] not in (b".", b"F"):
        return encoded
    return _finished(encoded)


def broken(value: str) -> bytes:
    """A value of ASCII without equals signs, tabs and spaces at its ends, which encoded is the same, broken into lines; empty
    when one of them would begin as no line may."""
    raw = value.encode()
    if len(raw) < LINE:
        return raw if raw[0] not in _CAREFUL else b""
    lines = [raw[at : at + LINE - 1] for at in range(0, len(raw), LINE - 1)]
    return b"" if any(line[0] in _CAREFUL for line in lines) else SOFT.join(lines)


def _finished(encoded: bytes) -> bytes:
    """What the standard library leaves to do: CRLF after soft breaks, room at the very end, safe starts."""
    encoded = encoded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if len(encoded) - encoded.rfind(b"\n") - 1 == LINE:
        encoded = encoded[:-1] + SOFT + encoded[-1:]
    return _safe_starts(encoded)


def _safe_starts(encoded: bytes) -> bytes:
    """No line begins with a dot (SMTP) or `From ` (old mailboxes)."""
    if not _RISKY.search(encoded):
        return encoded
    return b"\r\n".join(_safe_line(line) for line in encoded.split(b"\r\n"))


def _safe_line(line: bytes) -> bytes:
    """One line with its first character encoded where it is risky, broken again if it became too long."""
    if not _RISKY.match(line):
        return line
    line = b"=%02X" % line[0] + line[1:]
    if len(line) < LINE or (len(line) == LINE and line.endswith(b"=")):
        return line
    cut = LINE - 4
    while b"=" in line[cut - 2 : cut]:
        cut -= 1
    return line[:cut] + SOFT + _safe_line(line[cut:])
