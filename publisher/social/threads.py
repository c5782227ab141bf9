"""Cuts a text into the messages of a thread: at paragraphs, else sentences, else words, never inside a link or a hashtag. Pure.

Lines of nothing but links and hashtags at the end of a text go below its first message: that is the one which timelines show and
people share, it bears the card and the pictures, and it is out even if the rest of the thread fails.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import regex

from publisher.items.sentences import sentence_ends
from publisher.render.shorten import boundaries, graphemes_ends
from publisher.render.social import CannotSplit
from publisher.social.networks.base import Ability, Account, Measuring, Network, Threading

MOST_MESSAGES: Final = 25

# CJK punctuation ends a link: Chinese text follows it without a blank.
_KEPT: Final = regex.compile(
    r"https?://[^\s<>，。！？；：、（）「」『』《》“”‘’]+|[#＃][^\s#＃]{1,100}[#＃]|[#＃@][\w@.\-]*\w"
)
_LOOSE: Final = regex.compile(r"(?:https?://|[#＃])\S+")
_PARAGRAPH: Final = regex.compile(r"\s*\n")


@dataclass(frozen=True)
class _Taste:
    """A message ends at a paragraph, or a sentence, that fills this share of what would fit; above 1: never for that alone."""

    paragraph: float
    sentence: float


_TASTES: Final = (_Taste(0.5, 0.0), _Taste(2, 0.5), _Taste(2, 2))
"""From whole thoughts to full messages: the next one is tried where the one before needs too many messages."""


def takes_threads(network: Measuring[Any], account: Account) -> bool:
    """Whether posts of several messages can leave on this account."""
    if isinstance(network, Threading):
        return network.threads(account)
    return isinstance(network, Network) and Ability.REPLY in network.abilities


def split(
    pieces: Sequence[str], *, fits: Callable[[str], bool], most: int, numbered: bool = True
) -> tuple[str, ...]:
    """The messages. Each of `pieces` begins a new one, as the template wanted it.

    Where one message is enough it is the text itself. `numbered`: each ends in a line such as 1/4, which is measured too. Joined,
    the messages are the text, but for blanks, numbers, and the link's place. Raises `CannotSplit`, also when more than `most` are
    needed.
    """
    if len(pieces) > most:
        raise CannotSplit(f"its template makes {len(pieces)} messages, and at most {most} are allowed")
    pieces = [piece.strip() for piece in pieces if piece.strip()]
    if not pieces:
        raise CannotSplit("the text is empty")
    if len(pieces) == 1 and fits(pieces[0]):
        return (pieces[0],)
    texts = [_Text.of(piece) for piece in pieces]
    for taste in _TASTES:
        for total in (9, 99) if most > 9 else (9,):
            bodies = list(_packed(texts, fits, taste, total if numbered else 0, most + 1))
            if len(bodies) > min(most, total):
                continue
            done = tuple(
                f"{body}{_number(n, len(bodies) if numbered else 0)}" for n, body in enumerate(bodies, 1)
            )
            if all(map(fits, done)):
                return done
    raise CannotSplit(f"it needs more than {most} messages" if most > 1 else "it needs more than one message")


def _number(place: int, total: int) -> str:
    return f"\n{place}/{total}" if total else ""


@dataclass(frozen=True)
class _Text:
    """One piece: what is cut, what goes below its first message, and where it may be cut, from the best places to the poorest."""

    whole: str
    body: str
    tail: str
    paragraphs: list[int]
    sentences: list[int]
    words: list[int]
    graphemes: list[int]

    @classmethod
    def of(cls, text: str) -> _Text:
        body, tail = _with_tail(text)
        kept = {place for found in _KEPT.finditer(body) for place in range(found.start() + 1, found.end())}
        graphemes = graphemes_ends(body) - kept
        paragraphs = {found.start() for found in _PARAGRAPH.finditer(body)} & graphemes
        sentences = paragraphs | (set(_sentences(body)) & graphemes)
        words = sentences | (set(boundaries(body)) & graphemes)
        return cls(text, body, tail, *map(sorted, (paragraphs, sentences, words, graphemes)))


def _with_tail(text: str) -> tuple[str, str]:
    """The text, and the lines of only links and hashtags that end it, with the blanks before them."""
    lines = text.split("\n")
    while lines and all(map(_LOOSE.fullmatch, lines[-1].split())):
        lines.pop()
    body = "\n".join(lines)
    return body, text[len(body) :].rstrip()


def _sentences(body: str) -> Iterator[int]:
    start = 0
    for line in body.split("\n"):
        yield from (start + end for end in sentence_ends(line))
        start += len(line) + 1


def _packed(
    texts: Sequence[_Text], fits: Callable[[str], bool], taste: _Taste, total: int, enough: int
) -> Iterator[str]:
    """Messages without their numbers; stops at `enough`. Raises `CannotSplit` where not a single character fits."""
    place = 0
    for text in texts:
        if fits(text.whole + _number(place + 1, total)):
            pieces: Iterator[str] = iter((text.whole,))
        else:
            pieces = _cut(text, fits, taste, place, total)
        for piece in pieces:
            place += 1
            yield piece
            if place == enough:
                return


def _cut(text: _Text, fits: Callable[[str], bool], taste: _Taste, place: int, total: int) -> Iterator[str]:
    start, tail = 0, text.tail
    if not text.body:
        raise CannotSplit("a link or hashtag is longer than a message")
    while start < len(text.body):
        place += 1

        def message(end: int, start: int = start, tail: str = tail) -> str:
            return text.body[start:end].strip() + tail

        def good(
            end: int, message: Callable[[int], str] = message, number: str = _number(place, total)
        ) -> bool:
            return fits(message(end) + number)

        end = len(text.body) if good(len(text.body)) else _best_end(text, start, good, taste)
        if not end:
            raise CannotSplit(
                "the link and hashtags leave no room for words"
                if tail
                else "a link or hashtag is longer than a message"
            )
        yield message(end)
        while end < len(text.body) and text.body[end].isspace():
            end += 1
        start, tail = end, ""


def _best_end(text: _Text, start: int, good: Callable[[int], bool], taste: _Taste) -> int:
    """Where the message that begins at `start` ends; 0 when nothing fits."""
    word = _furthest(text.words, start, good)
    if not word:
        return _furthest(text.graphemes, start, good)
    for places, share in ((text.paragraphs, taste.paragraph), (text.sentences, taste.sentence)):
        if share <= 1 and (end := _furthest(places, start, good)) and end - start >= share * (word - start):
            return end
    return word


def _furthest(places: Sequence[int], start: int, good: Callable[[int], bool]) -> int:
    """The last of the places behind `start` at which the message is good, found by halving; 0 when none is."""
    low, high, best = bisect_right(places, start), len(places), 0
    while low < high:
        middle = (low + high) // 2
        if good(places[middle]):
            low, best = middle + 1, places[middle]
        else:
            high = middle
    return best
