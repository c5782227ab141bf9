"""Which topics a text may be about, by the words of `topics.py`. Hints with their reasons; staff decide."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from publisher.items.text import without_controls
from publisher.items.topics import TopicRule

LONGEST_TEXT: Final = 60_000
_MOST_HITS: Final = 3  # a text that says “water” fifty times is about water, not fifty times so
_IN_TITLE: Final = 3.0
_IN_TEXT: Final = 1.0
# An agency is named once and meant; the words of goals are everyday words.
_WEIGHT: Final = {"sdg": 1.0, "agency": 2.0}
_MOST_WORDS: Final = 8
_MOST_WORDS_KEPT: Final = 20_000
_KEY: Final = 3  # needles are looked up by the first letters of their first word
_ENDING: Final = 12  # what `*` stands for, at most
_WORD: Final = re.compile(r"(?<![\w-])\w+")
UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af]"
)
"""Writing in which a word is found wherever its signs stand together: Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer."""
_MORE: Final = re.compile(r"\w*")


@dataclass(frozen=True)
class Suggestion:
    """A topic that the text may be about. `words` as they stand in the text, those of the title first, at most eight."""

    slug: str
    score: float
    words: tuple[str, ...]


def suggest(
    rules: Sequence[TopicRule], title: str, text: str, *, most: int = 6, least: float = 2.0
) -> list[Suggestion]:
    """The topics that words of title and text speak for, best first, at most `most`, none below `least` points.

    A word in the title gives 3 points, in the text 1 each time, up to three times; for agencies twice that. One pass over
    the text, of which the first 60,000 characters are read.
    """
    index = _index(tuple(rules))
    tallies = [_Tally() for _ in rules]
    for number, word in _hits(index, without_controls(title)):
        tallies[number].add(word, _IN_TITLE)
    for number, word in _hits(index, without_controls(text[:LONGEST_TEXT])):
        tallies[number].add(word, _IN_TEXT)
    found = [
        Suggestion(rule.slug, tally.points * _WEIGHT[rule.kind], tally.shown())
        for rule, tally in zip(rules, tallies, strict=True)
        if tally.points * _WEIGHT[rule.kind] >= least
    ]
    return sorted(found, key=lambda each: -each.score)[:most]


@dataclass(frozen=True)
class _Needle:
    """A word of a rule: its beginning, whether any ending may follow, whether capitals count."""

    rule: int
    stem: str
    open_end: bool
    exact: bool
    first: str

    def begins_with(self, word: str) -> bool:
        """`first` is the stem's first word in lower case; where the stem is that word only, an ending may follow."""
        return word == self.first or (
            self.open_end and len(self.first) == len(self.stem) and word.startswith(self.first)
        )


@dataclass(frozen=True)
class _Index:
    by_start: dict[str, tuple[_Needle, ...]]
    expressions: re.Pattern[str] | None
    chinese: tuple[tuple[int, str], ...]
    words: dict[str, tuple[_Needle, ...]]

    def of_word(self, word: str) -> tuple[_Needle, ...]:
        """The needles that may begin with this word of a text. Texts share their words, so the answers are kept."""
        found = self.words.get(word)
        if found is None:
            found = tuple(needle for needle in self.by_start.get(word[:_KEY], ()) if needle.begins_with(word))
            if len(self.words) >= _MOST_WORDS_KEPT:
                self.words.clear()
            self.words[word] = found
        return found


@dataclass
class _Tally:
    points: float = 0.0
    words: dict[str, str] = field(default_factory=dict)
    hits: dict[str, int] = field(default_factory=dict)

    def add(self, word: str, points: float) -> None:
        key = word.casefold()
        self.words.setdefault(key, word)
        if points == _IN_TEXT:
            self.hits[key] = self.hits.get(key, 0) + 1
        self.points += points if self.hits.get(key, 0) <= _MOST_HITS else 0

    def shown(self) -> tuple[str, ...]:
        return tuple(word[:80] for word in list(self.words.values())[:_MOST_WORDS])


def _hits(index: _Index, text: str) -> Iterator[tuple[int, str]]:
    """Number of the rule and the word found, for every place in the text; of overlapping words of a rule the first."""
    written = text.replace("’", "'")
    lowered = _lower(written)
    behind: dict[int, int] = {}
    for start, needles in _places(index, lowered):
        for needle in needles:
            end = _end(needle, written if needle.exact else lowered, start)
            if end and start >= behind.get(needle.rule, 0):
                behind[needle.rule] = end
                yield needle.rule, text[start:end]
    if index.expressions is not None:
        for found in index.expressions.finditer(text):
            yield int((found.lastgroup or "r0")[1:]), found.group()
    for number, word in index.chinese if UNSPACED.search(text) else ():
        for _ in range(min(text.count(word), _MOST_HITS)):
            yield number, word


def _places(index: _Index, lowered: str) -> list[tuple[int, tuple[_Needle, ...]]]:
    """Where words stand that a needle may begin with, in order. A text has far fewer different words than words."""
    found = []
    for word in set(_WORD.findall(lowered)):
        needles = index.of_word(word)
        start = lowered.find(word) if needles else -1
        while start >= 0:
            end = start + len(word)
            if not _is_inside(lowered[start - 1 : start], "-_") and not _is_inside(
                lowered[end : end + 1], "_"
            ):
                found.append((start, needles))
            start = lowered.find(word, end)
    return sorted(found, key=lambda place: place[0])


def _is_inside(neighbour: str, marks: str) -> bool:
    """Whether a word goes on there, as `_WORD` sees it. Empty at the ends of the text."""
    return neighbour != "" and (neighbour.isalnum() or neighbour in marks)


def _end(needle: _Needle, text: str, start: int) -> int:
    """Where the word ends that begins here, 0 if it is another word."""
    if not text.startswith(needle.stem, start):
        return 0
    end = start + len(needle.stem)
    more = _MORE.match(text, end, end + _ENDING + 1)
    length = len(more.group()) if more else 0
    if needle.open_end:
        return end + length if length <= _ENDING else 0
    return 0 if length else end


def _lower(text: str) -> str:
    """Lower case of the same length: a few letters would become two."""
    lowered = text.lower()
    return (
        lowered
        if len(lowered) == len(text)
        else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    )


@lru_cache(maxsize=4)
def _index(rules: tuple[TopicRule, ...]) -> _Index:
    by_start: dict[str, list[_Needle]] = {}
    expressions = []
    for number, rule in enumerate(rules):
        for word in rule.words_en:
            stem, exact = word.removesuffix("*").replace("’", "'"), word == word.upper()
            first = _WORD.match(_lower(stem))
            needle = _Needle(
                number,
                stem if exact else _lower(stem),
                word.endswith("*"),
                exact,
                first.group() if first else "",
            )
            by_start.setdefault(needle.first[:_KEY], []).append(needle)
        if rule.expressions:
            expressions.append(f"(?P<r{number}>{'|'.join(rule.expressions)})")
    return _Index(
        {key: tuple(sorted(needles, key=lambda n: -len(n.stem))) for key, needles in by_start.items()},
        re.compile(r"(?<!\w)(?:" + "|".join(expressions) + ")") if expressions else None,
        tuple((number, word) for number, rule in enumerate(rules) for word in rule.words_zh),
        {},
    )
