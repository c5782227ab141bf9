"""Characters: what a text from outside may hold, and its one normal form.

`find_bad_character` is for producers who can be told (entries); `one_line` and `paragraphs` repair what cannot be
sent back (feeds, pages, HTML). Markup is in `cleaning.py`.
"""

from __future__ import annotations

import re
import unicodedata

# C0 and C1 controls except tab, line feed and carriage return.
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
# Bidi embeddings, overrides and isolates (can make a text read other than it is), zero-width space, word joiner,
# byte order mark, noncharacters. Zero-width joiners and the two direction marks stay: Persian, emoji and Arabic use them.
_INVISIBLE = "\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\ufffe\uffff"
_REMOVED = re.compile(f"[{_CONTROLS}{_INVISIBLE}]")
_BAD = re.compile(f"[{_CONTROLS}\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n{3,}")


def find_bad_character(value: str) -> str | None:
    """The first lone surrogate or control character as “U+D800 at character 12”, or None."""
    found = _BAD.search(value)
    if found is None:
        return None
    return f"U+{ord(found.group()):04X} at character {found.start() + 1}"


def one_line(value: str) -> str:
    """NFC, on one line: controls and bidi overrides removed, every run of white space one space, ends stripped."""
    return " ".join(without_controls(value).split())


def paragraphs(value: str) -> str:
    """NFC text whose paragraphs are parted by one blank line; single line ends inside a paragraph stay."""
    lines = [" ".join(line.split()) for line in without_controls(value).split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def split_lines(value: str) -> list[str]:
    """The lines as an editor numbers them (CR, LF, CRLF), each in the form of `one_line`; blank ones are kept empty."""
    return [one_line(line) for line in re.split("\r\n|[\r\n]", value)]


def shorten(value: str, limit: int) -> str:
    """At most `limit` characters for showing to a person, “…” where something was left out."""
    return value if len(value) <= limit else value[: max(limit - 1, 0)].rstrip() + "…"


def without_controls(value: str) -> str:
    """NFC with every line end as LF; controls, bidi overrides and invisible characters removed. White space stays."""
    if value.isascii() and value.isprintable():
        return value
    value = _SURROGATES.sub("\ufffd", _LINE_END.sub("\n", value))
    return unicodedata.normalize("NFC", _REMOVED.sub("", value))


def words(table: str) -> frozenset[str]:
    """A table of words, written with spaces between them."""
    return frozenset(table.split())
