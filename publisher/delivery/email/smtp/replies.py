"""Reading SMTP replies (RFC 5321 section 4.2) out of bytes, in whatever pieces they come. No socket here."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.translation import gettext_noop

MAX_LINE = 4096
"""Bytes of one reply line; RFC 5321 allows 512, real servers send more in error texts."""

MAX_LINES = 200
_SHOWN = 80

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: +|$)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SIMPLE = re.compile(rb"([2-5][0-9][0-9]) ([ -~]{0,500})\r\n")
"""A reply of one line, as most are."""
_START = re.compile(rb"[2-5][0-9][0-9](?:[ -]|$)")


class Garbage(Exception):
    """What came is no SMTP reply; the text says what it was. The stream cannot be trusted any more."""


class Reply(NamedTuple):
    """One reply: its code, and what stands behind it in each line. Most replies' texts are never looked at."""

    code: int
    raw: tuple[bytes, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The text of each line, cleaned of control characters."""
        return tuple(map(readable, self.raw))

    @property
    def said(self) -> tuple[str, str]:
        """The enhanced status code (RFC 3463) such as `5.1.1`, or nothing; and the lines in one, without the codes that
        each of them may repeat."""
        if len(self.raw) == 1:
            line = readable(self.raw[0])
            code = _ENHANCED.match(line)
            return (code[1], line[code.end() :].strip()) if code else ("", line)
        lines = self.lines
        found = [_ENHANCED.match(line) for line in lines]
        text = " ".join(line[code.end() :] if code else line for line, code in zip(lines, found, strict=True))
        return found[0].group(1) if found[0] else "", text.strip()


class ReplyReader:
    """Takes bytes as they come, gives replies as they become whole."""

    __slots__ = ("_buffer", "_code", "_lines")

    def __init__(self) -> None:
        self._buffer = b""
        self._code = 0
        self._lines: list[bytes] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits: no reply, no part of one."""
        return not self._buffer and not self._lines

    def feed(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data

    def skip(self, expected: re.Pattern[bytes]) -> bool:
        """Pass over what has come when it begins with `expected`, whole replies that say nothing; whether it did."""
        found = None if self._lines else expected.match(self._buffer)
        if found is None:
            return False
        self._buffer = self._buffer[found.end() :]
        return True

    def next(self) -> Reply | None:
        """The next whole reply, or None when more bytes are needed. Raises Garbage."""
        if not self._lines and (simple := _SIMPLE.match(self._buffer)):
            self._buffer = self._buffer[simple.end() :]
            return Reply(int(simple[1]), (simple[2],))
        while self._buffer:
            line, newline, rest = self._buffer.partition(b"\n")
            if len(line) > MAX_LINE:
                raise Garbage(
                    gettext_noop("a line of more than %(most)s bytes, beginning with %(line)s")
                    % {"most": MAX_LINE, "line": _shown(line)}
                )
            if not newline:
                return None
            self._buffer = rest
            if self._add(line.rstrip(b"\r")):
                reply = Reply(self._code, tuple(self._lines))
                self._lines = []
                return reply
        return None

    def _add(self, line: bytes) -> bool:
        """Take one line; whether it ends a reply."""
        if not _START.match(line):
            raise Garbage(_shown(line))
        code = int(line[:3])
        if self._lines and code != self._code:
            raise Garbage(
                gettext_noop("lines that begin with %(code)s and then with %(code2)s")
                % {"code": self._code, "code2": code}
            )
        if len(self._lines) >= MAX_LINES:
            raise Garbage(
                gettext_noop("more than %(most)s lines, the last of them %(line)s")
                % {"most": MAX_LINES, "line": _shown(line)}
            )
        self._code = code
        self._lines.append(line[4:])
        return line[3:4] != b"-"


def _shown(line: bytes) -> str:
    text = readable(line[:_SHOWN])
    return f"“{text}”" if text else gettext_noop("an empty line")


def readable(raw: bytes) -> str:
    """What a server wrote as text that is safe to store and show."""
    text = raw.decode("utf-8", "replace")
    return (text if text.isprintable() else _CONTROLS.sub(" ", text)).strip()
