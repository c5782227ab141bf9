"""Slots: the places in a rendered mail where each recipient's own words and links go.

A mail is rendered once per variant with a mark in each slot, cut at the marks once, and joined per recipient.
Who builds the message (delivery/email) relies on this contract:

- A mark is PREFIX and the slot's name padded with zeros: ASCII letters and digits only, always MARK_LENGTH
  long (32), no randomness. HTML escaping, MJML, URL quoting and both transfer encodings leave such
  characters alone, but an encoder may break a line inside one: so cut first, then encode each piece by
  itself.
- Quoted-printable: encode every part and every value alone, with a soft break (`=CRLF`) on either side of a
  value, for whose `=` a piece's last line leaves room (75 characters). Parts are encoded once per variant.
- Base64: its groups of three bytes run across the slots, so every part is needed in three phases.
- Content never holds PREFIX: templates pass every value through `neutralise`, so an item whose title looks
  like a mark is shown as text and nothing is cut there.
- `join` makes values safe for their surroundings: HTML is escaped for text and for quoted attributes alike,
  plain text loses line breaks and control characters, and a slot that ends in `_url` takes http, https and
  mailto only. Headers are not joined here: their builder folds and encodes them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["html", "text"]

SLOT_NAMES: Final = ("greeting", "preferences_url", "unsubscribe_url", "web_url", "reader")
PREFIX: Final = "Qz7SlotK9x"
MARK_LENGTH: Final = 32

# Controls, line separators, overrides of direction and lone surrogates: none belongs in a name or an address.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_URL = re.compile(r"(?:https?://|mailto:)[^\s\"<>\\^`{|}]+\Z", re.IGNORECASE)
_WORD_JOINER = "\u2060"


class Mark(str):
    """A slot's mark inside a template: the one string that templates write as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut at its marks: parts[0], value of names[0], parts[1], value of names[1], … parts[-1]."""

    kind: Kind
    parts: tuple[str, ...]
    names: tuple[str, ...]


class SlotError(ValueError):
    """A value is missing for a slot, or is not something that the slot can hold."""


def mark(name: str) -> Mark:
    """The mark that stands for slot `name` in a template."""
    return Mark(_MARKS[name])


def neutralise(value: str) -> str:
    """`value` without characters that XML and mail forbid, and with whatever looks like a mark broken."""
    value = _FORBIDDEN.sub("", value)
    return value.replace(PREFIX, PREFIX[:3] + _WORD_JOINER + PREFIX[3:]) if PREFIX in value else value


def cut(text: str, kind: Kind) -> Cut:
    """Cut a rendered text at its marks."""
    pieces = _PATTERN.split(text)
    return Cut(kind, tuple(pieces[::2]), tuple(_NAMES[mark] for mark in pieces[1::2]))


def join(pieces: Cut, values: Mapping[str, str]) -> str:
    """The text for one recipient. Raises SlotError when a slot has no value or an impossible one."""
    filled = fill(pieces, values)
    out = [pieces.parts[0]]
    for part, value in zip(pieces.parts[1:], filled, strict=True):
        out += (value, part)
    return "".join(out)


def fill(pieces: Cut, values: Mapping[str, str]) -> tuple[str, ...]:
    """The values of each slot in order, escaped, for a builder that encodes parts and values apart."""
    ready = {name: safe_value(pieces.kind, name, values) for name in set(pieces.names)}
    return tuple(ready[name] for name in pieces.names)


def safe_value(kind: Kind, name: str, values: Mapping[str, str]) -> str:
    """One value, checked and escaped for the kind of text that it goes into."""
    if name not in values:
        raise SlotError(f"no value for the slot {name!r}")
    value = " ".join(_CONTROLS.sub(" ", values[name]).split())
    if name.endswith("_url") and not _URL.match(value):
        raise SlotError(f"the slot {name!r} takes an http, https or mailto address, not {value[:80]!r}")
    return html.escape(value, quote=True) if kind == "html" else value


def _padded(name: str) -> str:
    letters = name.replace("_", "")
    return (PREFIX + letters).ljust(MARK_LENGTH, "0")


_MARKS = {name: _padded(name) for name in SLOT_NAMES}
_NAMES = {text: name for name, text in _MARKS.items()}
_PATTERN = re.compile("(" + "|".join(map(re.escape, _NAMES)) + ")")
