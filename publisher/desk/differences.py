"""What changed between two texts, as pieces to show. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Op = Literal["same", "added", "removed"]

# A word, one Chinese character, a run of spaces, or one other sign.
_TOKEN = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\u3000-\u303f\uff00-\uffef]|\w+?(?=[\u3400-\u9fff])|\w+|\s+|.", re.DOTALL
)
MOST_TOKENS = 4000
"""Above this, lines are compared instead of words: comparing grows with the square of the pieces."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text and what happened to it."""

    op: Op
    text: str


@dataclass(frozen=True)
class FieldChange:
    """One field of an item that a revision changed."""

    name: str
    pieces: tuple[Piece, ...]


LABELS: dict[str, str | Promise] = {
    "title": _("Title"),
    "kind": _("Kind"),
    "language": _("Language"),
    "summary": _("Summary"),
    "body_text": _("Body"),
    "body_html": _("Body (markup)"),
    "url": _("Address"),
    "image_url": _("Image"),
    "image_alt": _("Image description"),
    "published_at": _("Published"),
    "embargo_until": _("Embargo until"),
    "topics": _("Topics"),
    "agencies": _("Agencies"),
    "authors": _("Authors"),
    "contact": _("Contact"),
    "notes": _("Notes"),
    "attribution": _("Attribution"),
    "translation_of": _("Translation of"),
    "links": _("Links by region"),
}
SAME_AS_ANOTHER = {"body_html": "body_text", "url_key": "url"}
"""Fields that change together with another that is easier to read; shown only when they change alone."""


def field_changes(old: dict[str, Any], new: dict[str, Any], changed: list[str]) -> tuple[FieldChange, ...]:
    """The changed fields with their pieces, in the order given."""
    return tuple(
        FieldChange(field_name(name), pieces(_as_text(old.get(name)), _as_text(new.get(name))))
        for name in shown_of(changed)
    )


def shown_of(changed: list[str]) -> list[str]:
    """The changed fields that tell a person something, in the order given."""
    return [name for name in changed if SAME_AS_ANOTHER.get(name) not in changed]


def field_name(name: str) -> str:
    """What a field of an item is called, in the reader's language."""
    return str(LABELS.get(name) or name.replace("_", " ").capitalize())


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """`new` against `old`, word by word (long texts line by line)."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(before) + len(after) > MOST_TOKENS:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found: list[Piece] = []
    for op, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            found.append(Piece("same", "".join(before[a:b])))
            continue
        if a < b:
            found.append(Piece("removed", "".join(before[a:b])))
        if c < d:
            found.append(Piece("added", "".join(after[c:d])))
    return tuple(found)


def value_pieces(old: Any, new: Any) -> tuple[Piece, ...]:
    """What changed between two values of the audit trail."""
    return pieces(_as_text(old), _as_text(new))


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        parted = "\n\n" if any("\n" in str(each) or len(str(each)) > 60 for each in value) else ", "
        return parted.join(map(str, value))
    if isinstance(value, dict):
        return "\n".join(f"{key}: {each}" for key, each in value.items())
    return str(value)
