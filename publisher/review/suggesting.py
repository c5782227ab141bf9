"""Which clearance tags the words of an item speak for. Finding words is that of topics (`items/suggesting.py`); here one word is
enough, wherever it stands."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from publisher.core.errors import UserError
from publisher.items.suggesting import LONGEST_TEXT, UNSPACED, suggest
from publisher.items.topics import TopicRule

MOST_WORDS: Final = 60
LONGEST_WORD: Final = 80
_ALT: Final = re.compile(r'\balt="([^"]*)"')
_OVERLAP: Final = 400


@dataclass(frozen=True)
class Rule:
    """A tag by its id, and the words that suggest it."""

    tag_id: int
    words: tuple[str, ...]


def suggested(
    rules: Sequence[Rule], *, title: str, image_alt: str, summary: str, body: str, body_html: str = ""
) -> dict[int, tuple[str, ...]]:
    """By the tag's id: the words that were found, as they stand in the texts, eight at most. Pure.

    All of the text is read, and the descriptions of its pictures.
    """
    alts = [html.unescape(found) for found in _ALT.findall(body_html)]
    text = "\n".join((image_alt, *alts, summary, body))
    topics = tuple(_as_topic(rule) for rule in rules if rule.words)
    found: dict[int, dict[str, None]] = {}
    for start in range(0, max(len(text), 1), LONGEST_TEXT - _OVERLAP):
        stretch = text[start : start + LONGEST_TEXT]
        for each in suggest(topics, title, stretch, most=len(topics), least=1.0):
            found.setdefault(int(each.slug), {}).update(dict.fromkeys(each.words))
    return {tag_id: tuple(words)[:8] for tag_id, words in found.items()}


def checked_words(text: str) -> list[str]:
    """The words of a form: one a line, or parted by commas; each once. Raises `UserError` for what would match anything."""
    words = list(
        dict.fromkeys(" ".join(word.split()) for word in re.split(r"[\n,，、;]", text) if word.strip())
    )
    if len(words) > MOST_WORDS:
        raise UserError(f"A tag has at most {MOST_WORDS} words; these are {len(words)}.", "Leave some out.")
    for word in words:
        least = 1 if UNSPACED.search(word) else 2
        stem = word.removesuffix("*")
        if len(word) > LONGEST_WORD or len(stem) < least or "*" in stem or not stem[0].isalnum():
            raise UserError(
                f"“{word[:LONGEST_WORD]}” cannot be looked for.",
                "A word begins with a letter or digit, has at least two of them, and may end in one * for any ending.",
            )
    return words


def _as_topic(rule: Rule) -> TopicRule:
    unspaced = tuple(word.removesuffix("*") for word in rule.words if UNSPACED.search(word))
    spaced = tuple(word for word in rule.words if not UNSPACED.search(word))
    return TopicRule(str(rule.tag_id), "sdg", "", "", "", "", "", 0, spaced, unspaced, ())
