"""The form of a letter's text, and how it is filled. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

DIGESTS: Final = "{digests}"
"""The paragraph in whose place those of the single digests come."""

_PLACE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Text:
    """A letter: its subject, its paragraphs, and the lines that each digest gets."""

    subject: str
    paragraphs: tuple[str, ...]
    each: str = ""


@dataclass(frozen=True)
class Language:
    """The letters in one language by kind. `quote` puts `{title}` in quotes, `between` stands between several."""

    quote: str
    between: str
    texts: Mapping[str, Text] = field(default_factory=dict)

    def titles(self, titles: Sequence[str]) -> str:
        """Titles of digests as they stand in a sentence."""
        return self.between.join(filled(self.quote, {"title": title}) for title in titles)


def written(text: Text, values: Mapping[str, str], digests: Sequence[Mapping[str, str]] = ()) -> str:
    """The whole text: paragraphs with an empty line between. `digests`: the values of each."""
    paragraphs: list[str] = []
    for paragraph in text.paragraphs:
        if paragraph == DIGESTS:
            paragraphs += [_lines(text.each, {**values, **own}) for own in digests]
        else:
            paragraphs.append(_lines(paragraph, values))
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def filled(text: str, values: Mapping[str, str]) -> str:
    """Each place filled once: what stands in a value is no place."""
    return _PLACE.sub(lambda place: values[place[1]], text)


def _lines(paragraph: str, values: Mapping[str, str]) -> str:
    """A line goes with its value."""
    kept = [line for line in paragraph.split("\n") if all(values[name] for name in _PLACE.findall(line))]
    return "\n".join(filled(line, values) for line in kept)
