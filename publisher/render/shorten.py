"""Cuts a text to what fits, at a good place: never inside a grapheme or word, best at a sentence's end.

`fits` is whatever the caller measures by. Places are found by halving, so it should say no to a longer text
once it said no to a shorter; what is handed back has fitted in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import regex

ELLIPSIS: Final = "…"

BEYOND: Final = 4
"""How many times the length that fits is looked at: what comes later changes no cut."""

# A whole sentence is preferred to more words when it holds at least this share of what would fit.
_SENTENCE_SHARE: Final = 0.6

# A cut may come before a space, or beside a character of a script that is written without spaces …
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}、。，；：！？"
# … but closing marks stay with what they close, and opening marks with what they open.
_BOUNDARY: Final = regex.compile(
    rf"\s+|(?<=[{_UNSPACED}])(?![\p{{Pe}}\p{{Pf}}\p{{Po}}\p{{M}}])|(?<![\p{{Ps}}\p{{Pi}}])(?=[\p{{Han}}])"
)
_SENTENCE_END: Final = regex.compile(
    r"(?<!\b\p{Lu}|\b(?:Mr|Ms|Dr|No|St|vs|cf))[.!?؟۔]+[\p{Pe}\p{Pf}\"']*(?=\s)|[。！？]+[\p{Pe}\p{Pf}]*"
)
_NO_END: Final = " \n,;:.…、，；：،؛-–—([{“‘«‹（［《〈「『【"
_BLANK_LINE: Final = regex.compile(r"\n\s*\n")
_GRAPHEME: Final = regex.compile(r"\X")


def shorten(text: str, fits: Callable[[str], bool]) -> str:
    """The longest good beginning of `text` that fits, or all of it; empty if not even a word fits. Paragraphs stay apart."""
    text = paragraphs(text)
    if fits(text):
        return text
    ends = graphemes_ends(text)
    words = _longest(boundaries(text), lambda place: _with_ellipsis(text[:place]), fits)
    sentence_ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() in ends]
    sentence = _longest(sentence_ends, lambda place: text[:place], fits)
    return sentence if len(sentence) >= _SENTENCE_SHARE * len(words) else words


def paragraphs(text: str) -> str:
    """`text` with one blank between words and one blank line between paragraphs, which is what a blank line parts."""
    parts = (" ".join(part.split()) for part in _BLANK_LINE.split(text))
    return "\n\n".join(filter(None, parts))


def boundaries(text: str) -> list[int]:
    """Where a text may be cut, in order: between words, or between characters of scripts without spaces."""
    ends = graphemes_ends(text)
    places = {match.start() for match in _BOUNDARY.finditer(text)}
    return sorted(place for place in places if place in ends)


def graphemes_ends(text: str) -> set[int]:
    """The offsets at which a grapheme (what a reader sees as one character, UAX 29) ends."""
    return {match.end() for match in _GRAPHEME.finditer(text)}


def one_line(text: str, most: int) -> str:
    """`text` on one line, of at most `most` code points: for subjects and previews."""
    text = " ".join(text.split())
    return shorten(text[: BEYOND * most], lambda candidate: len(candidate) <= most)


def _with_ellipsis(beginning: str) -> str:
    """The beginning without the comma, dash or bracket that it would end in, and an ellipsis; nothing of nothing."""
    kept = beginning.rstrip(_NO_END)
    return kept + ELLIPSIS if kept else ""


def _longest(places: list[int], cut: Callable[[int], str], fits: Callable[[str], bool]) -> str:
    """The cut at the last of `places` at which it fits, found by halving; empty when none does."""
    low, high, best = 0, len(places), ""
    while low < high:
        middle = (low + high) // 2
        candidate = cut(places[middle])
        if fits(candidate):
            low, best = middle + 1, candidate
        else:
            high = middle
    return best
