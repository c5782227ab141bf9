"""What changed between two texts, as pieces to show. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any, Literal

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


LABELS = {
    "body_text": "Body",
    "body_html": "Body (markup)",
    "url": "Address",
    "image_url": "Image",
    "image_alt": "Image description",
    "published_at": "Published",
    "embargo_until": "Embargo until",
    "translation_of": "Translation of",
    "links": "Links by region",
}
SAME_AS_ANOTHER = {"body_html": "body_text", "url_key": "url"}
"""Fields that change together with another that is easier to read; shown only when they change alone."""


def field_changes(old: dict[str, Any], new: dict[str, Any], changed: list[str]) -> tuple[FieldChange, ...]:
    """The changed fields with their pieces, in the order given."""
    shown = [name for name in changed if SAME_AS_ANOTHER.get(name) not in changed]
    return tuple(
        FieldChange(
            LABELS.get(name, name.replace("_", " ").capitalize()),
            pieces(_as_text(old.get(name)), _as_text(new.get(name))),
        )
        for name in shown
    )


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
