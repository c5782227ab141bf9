"""Cuts a text into the messages of a thread: at paragraphs, else sentences, else words, never inside a link or a hashtag. Pure.

Lines of nothing but links and hashtags at the end of a text go below its first message: that is the one which timelines show and
people share, it bears the card and the pictures, and it is out even if the rest of the thread fails.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import regex
from django.utils.translation import ngettext

from publisher.core.marking import gettext_noop
from publisher.items.sentences import sentence_ends
from publisher.render.shorten import boundaries, graphemes_ends
from publisher.render.social import CannotSplit
from publisher.social.networks.base import Ability, Account, Measuring, Network, Threading

MOST_MESSAGES: Final = 25
NO_ROOM: Final = gettext_noop("the link and hashtags leave no room for words")
TOO_LONG: Final = gettext_noop("a link or hashtag is longer than a message")

# CJK punctuation ends a link: Chinese text follows it without a blank.
_KEPT: Final = regex.compile(
    r"https?://[^\s<>，。！？；：、（）「」『』《》“”‘’]+|[#＃][^\s#＃]{1,100}[#＃]|[#＃]\w{1,100}|@[A-Za-z0-9_@.\-]+"
)
_LOOSE: Final = regex.compile(r"(?:https?://|[#＃])\S+")
_PARAGRAPH: Final = regex.compile(r"\s*\n")


@dataclass(frozen=True)
class _Taste:
    """A message ends at a paragraph, or a sentence, that fills this share of what would fit; above 1: never for that alone."""

    paragraph: float
    sentence: float


_TASTES: Final = (_Taste(2, 2), _Taste(0.5, 0.0), _Taste(2, 0.5))
"""Full messages, then from whole thoughts to fuller ones: the first of these to need few enough messages is taken."""


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
        raise CannotSplit(
            gettext_noop("its template makes %(pieces)s messages, and at most %(most)s are allowed")
            % {"pieces": len(pieces), "most": most}
        )
    pieces = [piece.strip() for piece in pieces if piece.strip()]
    if not pieces:
        raise CannotSplit(gettext_noop("the text is empty"))
    if len(pieces) == 1 and fits(pieces[0]):
        return (pieces[0],)
    texts = [_Text.of(piece) for piece in pieces]
    fullest, *nicer = (partial(_messages, texts, fits, taste, most, numbered) for taste in _TASTES)
    tight = fullest()
    if not tight:  # most texts that are tried while one is shortened end here
        raise CannotSplit(
            ngettext("it needs more than %(num)s message", "it needs more than %(num)s messages", most)
            % {"num": most}
        )
    return next(filter(None, (attempt() for attempt in nicer)), tight)


def _messages(
    texts: Sequence[_Text], fits: Callable[[str], bool], taste: _Taste, most: int, numbered: bool
) -> tuple[str, ...]:
    """The messages with their numbers; none when they would be more than `most`. Raises `CannotSplit`."""
    for total in (9, 99) if most > 9 else (9,):  # totals of one and of two digits are measured alike
        bodies = list(_packed(texts, fits, taste, total if numbered else 0, most + 1))
        if len(bodies) > min(most, total):
            continue
        last = len(bodies) if numbered else 0
        done = tuple(f"{body}{_number(place, last)}" for place, body in enumerate(bodies, 1))
        if all(map(fits, done)):
            return done
    return ()


def _number(place: int, total: int) -> str:
    return f"\n{place}/{total}" if total else ""


@dataclass(frozen=True)
class _Text:
    """One piece: what is cut, what goes below its first message, and where it may be cut, from the best places to the poorest."""

    body: str
    tail: str
    paragraphs: list[int]
    sentences: list[int]
    words: list[int]
    graphemes: list[int]

    @classmethod
    def of(cls, text: str) -> _Text:
        body, tail = with_tail(text)
        kept = {place for found in _KEPT.finditer(body) for place in range(found.start() + 1, found.end())}
        graphemes = graphemes_ends(body) - kept
        paragraphs = ({found.start() for found in _PARAGRAPH.finditer(body)} & graphemes) | {len(body)}
        sentences = paragraphs | (set(_sentences(body)) & graphemes)
        words = sentences | (set(boundaries(body)) & graphemes)
        return cls(body, tail, *map(sorted, (paragraphs, sentences, words, graphemes)))


def with_tail(text: str) -> tuple[str, str]:
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
    place = length = 0
    for text in texts:
        start, tail = 0, text.tail
        while start < len(text.body) or tail:
            place += 1

            def message(end: int, text: _Text = text, start: int = start, tail: str = tail) -> str:
                return (text.body[start:end] + tail).strip()

            def good(
                end: int, message: Callable[[int], str] = message, number: str = _number(place, total)
            ) -> bool:
                return fits(message(end) + number)

            end = _best_end(text, start, length, good, taste)
            length = end - start
            yield message(end)
            if place == enough:
                return
            start, tail = _behind_blanks(text.body, end), ""


def _best_end(text: _Text, start: int, guess: int, good: Callable[[int], bool], taste: _Taste) -> int:
    """Where the message that begins at `start` ends, about `guess` characters later. Raises `CannotSplit` when nothing fits."""
    if not text.body and good(0):
        return 0
    word = _furthest(text.words, start, guess, good)
    if not word:
        if end := _furthest(text.graphemes, start, guess, good):
            return end
        no_room = bool(text.body and text.tail and not start)
        raise CannotSplit(NO_ROOM if no_room else TOO_LONG)
    if word == len(text.body):
        return word
    for places, share in ((text.paragraphs, taste.paragraph), (text.sentences, taste.sentence)):
        end = _last(places, word)
        if end > start and end - start >= share * (word - start) and good(end):
            return end
    return word


def _last(places: Sequence[int], most: int) -> int:
    """The last of the places up to `most`; 0 when there is none."""
    found = bisect_right(places, most)
    return places[found - 1] if found else 0


def _furthest(places: Sequence[int], start: int, guess: int, good: Callable[[int], bool]) -> int:
    """The last of the places behind `start` at which the message is good; 0 when none is.

    Looked for from the guess on, in ever longer steps, then by halving: few messages are measured, none of them much longer than
    one that fits, and the same ones whatever follows in the text.
    """
    end = high = len(places)
    low, probe, step, best = bisect_right(places, start), bisect_right(places, start + guess) - 1, 1, 0
    while low < high:
        probe = min(max(probe, low), high - 1)
        if good(places[probe]):
            low, best, probe = probe + 1, places[probe], probe + step
        else:
            high, probe = probe, probe - step
        step *= 2
        if best and high < end:  # it lies between two that were tried
            probe = (low + high) // 2
    return best


def _behind_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place
