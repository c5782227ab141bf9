"""How a network's folder describes what its accounts need, so that a page can ask for it: `FORM` in its `form.py`.

A page shows a field by its `kind` and hands the text back to `clean`, which gives the value that the folder's code reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise

LONGEST = 4000


class Kind(Enum):
    """What a field takes."""

    TEXT = "text"
    ADDRESS = "url"
    NUMBER = "number"
    AMOUNT = "amount"
    SWITCH = "switch"
    CHOICE = "choice"


class Unfit(ValueError):
    """A text is not what a field takes; the message says what would be."""


@dataclass(frozen=True)
class Field:
    """One value. `secret`: never shown again once it is stored. `pattern` (the whole value) comes with `example`.
    `least` and `most` are for numbers. `choices` are (value, label)."""

    name: str
    label: Text
    help: Text = ""
    kind: Kind = Kind.TEXT
    secret: bool = False
    required: bool = False
    pattern: str = ""
    example: str = ""
    choices: tuple[tuple[str, Text], ...] = ()
    least: int = 1
    most: int = 2**31 - 1

    def clean(self, given: str) -> Any:
        """The value for the folder's code; None for nothing. Raises `Unfit`."""
        text = given.strip()
        if self.kind is Kind.SWITCH:
            return text in ("on", "true", "yes", "1")
        if not text:
            return None
        if len(text) > LONGEST or not text.isprintable():
            raise Unfit(_("This is too long, or holds line breaks or signs that cannot be seen."))
        return _READERS[self.kind](self, text)


def _text(asked: Field, text: str) -> str:
    if asked.pattern and not re.fullmatch(asked.pattern, text):
        raise Unfit(_("This does not look right. Example: %(example)s") % {"example": asked.example})
    return text


def _address(asked: Field, text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if not good:
        raise Unfit(
            _("This is no address. Example: %(example)s")
            % {"example": asked.example or "https://example.org"}
        )
    return _text(asked, text.rstrip("/") if not parts.query else text)


def _number(asked: Field, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or not asked.least <= int(text) <= asked.most:
        raise Unfit(
            _("Write a whole number from %(least)s to %(most)s.") % {"least": asked.least, "most": asked.most}
        )
    return int(text)


def _amount(_asked: Field, text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}([.][0-9]{1,4})?", text):
        raise Unfit(_("Write an amount such as 0.20."))
    return float(text)


def _choice(asked: Field, text: str) -> str:
    if text not in {value for value, _label in asked.choices}:
        raise Unfit(_("This is none of these. Choose from the list."))
    return text


_READERS = {
    Kind.TEXT: _text,
    Kind.ADDRESS: _address,
    Kind.NUMBER: _number,
    Kind.AMOUNT: _amount,
    Kind.CHOICE: _choice,
}


@dataclass(frozen=True)
class Form:
    """All that a page asks for an account. `steps`: how a person gets the credentials, a sentence each."""

    credentials: tuple[Field, ...] = ()
    settings: tuple[Field, ...] = ()
    steps: tuple[Text, ...] = field(default=())


@runtime_checkable
class Described(Protocol):
    """Of a network that says what its accounts need. Without it, a page can only name the publication file."""

    @property
    def form(self) -> Form:
        """The fields of its credentials and settings."""


def form_of(network: object) -> Form:
    """The network's form; an empty one of a network that has none."""
    return network.form if isinstance(network, Described) else Form()


def cleaned(fields: tuple[Field, ...], given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of what was given, None where a field was left empty; and what is wrong, by field."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for asked in fields:
        try:
            values[asked.name] = asked.clean(given.get(asked.name, ""))
        except Unfit as error:
            wrong[asked.name] = str(error)
    return values, wrong
