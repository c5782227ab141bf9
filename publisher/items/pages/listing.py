"""A “Latest” page as text: entries of kind, date, title and body, among counters, section heads and links.

Every non-blank line ends up in an entry, a refusal or the page's own furniture, with its number: nothing is dropped unseen.
The words are in `words.py`. `publisher import-page` calls `read_listing`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from django.utils.translation import gettext_noop as _

from publisher.items.cleaning import MarkupError, html_to_text, looks_like_html
from publisher.items.envelope import Accepted, read_item
from publisher.items.languages import guess_language, primary
from publisher.items.pages import words
from publisher.items.pages.dates import PageDate, looks_like_date, order_of, read_date
from publisher.items.refusals import Problem, Refused, refuse
from publisher.items.schema import ItemIn, Kind
from publisher.items.text import shorten, split_lines

MAX_PAGE: Final = 5_000_000
_MAX_LABEL = 40  # characters of a line that may be a kind
_MAX_DATE = 60
_BETWEEN = re.compile(r"\s*[|·•,:：/–—-]\s*|\s+")
# <time datetime="2026-11-20T08:00">three days ago</time>
_TIME = re.compile(
    r"<time\b[^>]{0,500}?\bdatetime\s*=\s*[\"']?(\d{4}-\d{2}-\d{2})[^>]{0,500}>[^<]{0,200}</time\s*>",
    re.IGNORECASE,
)
_BOXES = re.compile(r"</(?:span|time|small|label|td|th)\s*>", re.IGNORECASE)

Furnishing = Literal["introduction", "section_head", "counter", "teaser_end"]


@dataclass(frozen=True)
class ListedItem:
    """An entry and its lines in the page (numbered from 1, both ends included). `lines` are those that hold text of it."""

    item: ItemIn
    lines: tuple[int, ...]


@dataclass(frozen=True)
class ListedRejection:
    """Lines that look like an entry and are none, why, and their text as it stood."""

    refusal: Refused
    lines: tuple[int, ...]
    raw: str


@dataclass(frozen=True)
class Furniture:
    """A line of the page itself."""

    line: int
    what: Furnishing
    text: str


@dataclass(frozen=True)
class ListingResult:
    accepted: tuple[ListedItem, ...]
    rejected: tuple[ListedRejection, ...]
    furniture: tuple[Furniture, ...]


@dataclass(frozen=True)
class _Line:
    number: int
    text: str


@dataclass(frozen=True)
class _Entry:
    """From a kind to the next one: the label, its date (None if the line behind the label is none), and all behind them."""

    label: _Line
    date: PageDate | None
    date_line: _Line
    rest: tuple[_Line, ...]


def read_listing(text: str, *, source: str, default_language: str, now: datetime) -> ListingResult:
    """Reads the text (or HTML) of a page. `source` is part of the entries' ids; `now` (UTC) bounds their dates.

    An entry has no address, so its id is made of source, kind, date and title: a corrected body is a revision of the
    same item, a corrected kind, date or title makes a new one (case, punctuation and spacing of the title do not count).
    """
    if len(text) > MAX_PAGE:
        refusal = refuse("page_too_large", size=len(text), limit=MAX_PAGE)
        return ListingResult((), (ListedRejection(refusal, (), shorten(text, 1000)),), ())
    try:
        plain = html_to_text(_parted(text)) if _is_html(text) else text
    except MarkupError as error:
        refusal = refuse("bad_markup", [Problem("page", str(error), _("simple markup"))], detail=str(error))
        return ListingResult((), (ListedRejection(refusal, (), shorten(text, 1000)),), ())
    numbered = [_Line(number, line) for number, line in enumerate(split_lines(plain), start=1) if line]
    lines = [part for line in numbered for part in _label_and_date(line)]
    return _Reader(source, default_language, now).read(lines)


def entry_id(source: str, kind: Kind, date: datetime, title: str) -> str:
    """The id of an entry that has none: `page:` and 32 hexadecimal digits of SHA-256."""
    letters = "".join(
        c for c in unicodedata.normalize("NFKC", title).casefold() if unicodedata.category(c)[0] in "LMN"
    )
    key = "\x1f".join((source, kind, f"{date:%Y-%m-%d}", letters or title))
    return "page:" + hashlib.sha256(key.encode()).hexdigest()[:32]


class _Reader:
    """What was found so far; one pass over the entries."""

    def __init__(self, source: str, default_language: str, now: datetime) -> None:
        self.source, self.default_language, self.now = source, default_language, now
        self.accepted: list[ListedItem] = []
        self.rejected: list[ListedRejection] = []
        self.furniture: list[Furniture] = []
        self.seen: dict[str, int] = {}

    def read(self, lines: Sequence[_Line]) -> ListingResult:
        day_first = order_of(line.text for line in lines)
        starts = _entry_starts(lines)
        first = starts[0] if starts else len(lines)
        self.furnish(lines[:first])
        for start, end in pairwise([*starts, len(lines)]):
            date = read_date(lines[start + 1].text, day_first=day_first)
            self.read_entry(_Entry(lines[start], date, lines[start + 1], tuple(lines[start + 2 : end])))
        if not starts:
            beginning = shorten(lines[0].text, 200) if lines else ""
            self.rejected.append(ListedRejection(refuse("no_entries"), (), beginning))
        return ListingResult(tuple(self.accepted), tuple(self.rejected), tuple(self.furniture))

    def furnish(self, lines: Sequence[_Line]) -> None:
        self.furniture.extend(
            Furniture(line.number, _furnishing(line) or "introduction", line.text) for line in lines
        )

    def read_entry(self, entry: _Entry) -> None:
        body, outside = _without_furniture(entry.rest)
        self.furnish(outside)
        lines = [entry.label, entry.date_line, *body]
        numbers = tuple(line.number for line in lines)
        answer = self.item_of(entry, body)
        if isinstance(answer, Refused):
            self.rejected.append(ListedRejection(answer, numbers, "\n".join(line.text for line in lines)))
            return
        self.seen[answer.id] = entry.label.number
        self.accepted.append(ListedItem(answer, numbers))

    def item_of(self, entry: _Entry, body: Sequence[_Line]) -> ItemIn | Refused:
        kinds = words.KINDS.get(words.folded(entry.label.text))
        if kinds is None:
            return refuse("unknown_kind", found=entry.label.text)
        if entry.date is None or entry.date.instant is None:
            return _date_refused(entry)
        if not body:
            return refuse("no_title")
        kind = (
            kinds[spoken]
            if (spoken := primary(self.default_language)) in kinds
            else next(iter(kinds.values()))
        )
        title = body[0].text
        text = [line.text for line in body[1:]]
        producer_id = entry_id(self.source, kind, entry.date.instant, title)
        if producer_id in self.seen:
            return refuse("duplicate_entry", line=str(self.seen[producer_id]))
        answer = read_item(
            {
                "id": producer_id,
                "kind": kind,
                "language": self.language_of(entry, set(kinds), "\n".join([title, *text])),
                "title": title,
                "body": "\n\n".join(_without_inline_end(text)),
                "body_format": "text",
                "published_at": entry.date.instant,
            },
            now=self.now,
        )
        return answer.item if isinstance(answer, Accepted) else answer

    def language_of(self, entry: _Entry, kind_languages: set[str], text: str) -> str:
        """By the script of the text; among languages of Latin script by the words for kind and month; else the default."""
        guessed = guess_language(text, self.default_language)
        if guessed != self.default_language and primary(guessed) != "en":
            return guessed
        of_month = entry.date.languages if entry.date else frozenset()
        spoken = kind_languages & of_month if of_month else kind_languages
        latin = spoken - {"zh"}
        if primary(guessed) in spoken or len(latin) != 1:
            return guessed
        return next(iter(latin))


def _date_refused(entry: _Entry) -> Refused:
    found = f"“{shorten(entry.date_line.text, 80)}”"
    if entry.date is not None and entry.date.ambiguous:
        expected = _(
            "a day and month that cannot be taken for each other, such as 2026-08-10 or 10 August 2026"
        )
    else:
        expected = _("a day that exists, in a form of publisher/items/pages/dates.py")
    return refuse("bad_date", [Problem("date", found, expected)])


def _entry_starts(lines: Sequence[_Line]) -> list[int]:
    """Indexes of lines that begin an entry: a kind with a date on the next line; and what must be meant as such, so that
    it is refused and not taken for text of the entry before."""
    starts: list[int] = []
    for index in range(len(lines) - 1):
        label, following = lines[index].text, lines[index + 1].text
        if len(label) > _MAX_LABEL or read_date(label) is not None:
            continue
        is_kind = words.folded(label) in words.KINDS
        if read_date(following) is not None:
            if is_kind or (_may_be_label(lines, index) and (starts or _has_text(lines, index + 2))):
                starts.append(index)
        elif is_kind and _furnishing(lines[index]) is None and _must_be_date(lines, index, starts):
            starts.append(index)
    return starts


def _may_be_label(lines: Sequence[_Line], index: int) -> bool:
    """A short line without the end of a sentence, at the page's beginning, behind a counter, section head or teaser's end."""
    return (
        _furnishing(lines[index]) is None
        and (index == 0 or _furnishing(lines[index - 1]) is not None)
        and not lines[index].text.endswith((".", "!", "?", "。", "！", "？", ",", ":"))
    )


def _must_be_date(lines: Sequence[_Line], index: int, starts: Sequence[int]) -> bool:
    """What follows a kind is a date in a form that is unknown: it looks like one, or an entry must begin here."""
    following = lines[index + 1]
    if looks_like_date(following.text):
        return True
    behind_an_entry = bool(starts) and _furnishing(lines[index - 1]) is not None
    is_label = words.folded(following.text) in words.KINDS or _furnishing(following) is not None
    return behind_an_entry and not is_label


def _has_text(lines: Sequence[_Line], index: int) -> bool:
    """There is a line that may be a title."""
    return (
        index < len(lines)
        and _furnishing(lines[index]) is None
        and words.folded(lines[index].text) not in words.KINDS
    )


def _furnishing(line: _Line) -> Furnishing | None:
    text = words.folded(line.text)
    if words.COUNTER.fullmatch(text):
        return "counter"
    if text in words.TEASER_ENDS:
        return "teaser_end"
    return "section_head" if text in words.SECTION_HEADS else None


def _without_furniture(lines: Sequence[_Line]) -> tuple[list[_Line], list[_Line]]:
    """Lines of the entry, and lines of the page among and behind them.

    Counters and teaser ends are never text. A section head is one only at the end of the entry, or behind a counter or a
    teaser's end, which also makes all that follows it the page's: in the middle of a body it is a sub-head.
    """
    end = len(lines)
    while end and _furnishing(lines[end - 1]) is not None:
        end -= 1
    for index in range(1, end):
        if _furnishing(lines[index]) == "section_head" and _furnishing(lines[index - 1]) in {
            "counter",
            "teaser_end",
        }:
            end = index
            break
    body = [line for line in lines[:end] if _furnishing(line) not in {"counter", "teaser_end"}]
    kept = {line.number for line in body}
    return body, [line for line in lines if line.number not in kept]


def _without_inline_end(text: list[str]) -> list[str]:
    return [*text[:-1], words.INLINE_END.sub("", text[-1])] if text else text


def _label_and_date(line: _Line) -> tuple[_Line, ...]:
    """A line such as “Story | 19 November 2026” as the two that it stands for."""
    if len(line.text) > _MAX_LABEL + _MAX_DATE:
        return (line,)
    for found in _BETWEEN.finditer(line.text):
        label, date = line.text[: found.start()], line.text[found.end() :]
        if words.folded(label) in words.KINDS and (read_date(date) is not None or looks_like_date(date)):
            return _Line(line.number, label), _Line(line.number, date)
    return (line,)


def _parted(html: str) -> str:
    """Markup in which what stands beside each other in boxes of its own becomes lines; times say their day."""
    return _BOXES.sub(r"\g<0><br>", _TIME.sub(r"<br>\1<br>", html))


def _is_html(text: str) -> bool:
    start = text.lstrip()[:1]
    return start == "<" and looks_like_html(text[:20_000])
