"""An entry of any feed on its way to an item: what the kinds of feeds have in common. No parsing of feeds here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin

from django.utils.translation import gettext_noop as _

from publisher.items.cleaning import MarkupError, html_to_text
from publisher.items.envelope import Accepted, read_item
from publisher.items.languages import normalise_tag
from publisher.items.pages.words import KINDS, folded
from publisher.items.refusals import Problem, Refused, refuse
from publisher.items.schema import MAX_ALT, MAX_SUMMARY, ItemIn, Kind
from publisher.items.text import one_line, shorten, without_controls
from publisher.items.urls import url_key, url_problem

_MAX_NAMES: Final = 50
_BY_MEDIA: Final[dict[str, Kind]] = {"audio": "podcast", "video": "video"}
_IMAGE_SUFFIX = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:\?|$)", re.IGNORECASE)
_EMAIL = re.compile(r"[(<\[]?[^\s()<>]+@[^\s()<>]+[)>\]]?")


@dataclass(frozen=True)
class Markup:
    """A text of a feed and whether it is HTML."""

    value: str = ""
    html: bool = False

    def as_line(self) -> str:
        """As plain text on one line. Raises MarkupError."""
        return one_line(html_to_text(self.value) if self.html else self.value)


@dataclass(frozen=True)
class Enclosure:
    """A file that the entry points at: address, media type (may be ""), text for those who do not see it."""

    url: str
    media_type: str = ""
    alt: str = ""


@dataclass(frozen=True)
class FeedEntry:
    """One entry as its feed gives it; "" or None for what it leaves out. `date` is aware."""

    id: str
    url: str
    title: Markup
    summary: Markup
    body: Markup
    date: datetime | str | None
    language: str
    categories: tuple[str, ...]
    authors: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]


@dataclass(frozen=True)
class FeedItem:
    item: ItemIn
    position: int


@dataclass(frozen=True)
class FeedRejection:
    """An entry that was refused: its place in the feed from 1, why, and what it was called."""

    refusal: Refused
    position: int
    raw: str


@dataclass(frozen=True)
class FeedResult:
    """What a feed held. With `refused` the whole answer was no use, and the lists are empty; `broken` says why it could
    not be read to its end."""

    format: str
    title: str = ""
    language: str = ""
    accepted: tuple[FeedItem, ...] = ()
    rejected: tuple[FeedRejection, ...] = ()
    refused: Refused | None = None
    broken: str = ""


def read_entries(
    entries: Iterable[FeedEntry],
    *,
    feed_format: str,
    title: str,
    language: str,
    base: str,
    kind: Kind,
    now: datetime,
) -> FeedResult:
    """Entries of one feed to items. `kind` is that of entries which do not show theirs; `base` resolves addresses."""
    accepted: list[FeedItem] = []
    rejected: list[FeedRejection] = []
    seen: dict[str, int] = {}
    for position, entry in enumerate(entries, start=1):
        answer = to_item(entry, language=language, base=base, kind=kind, now=now)
        if not isinstance(answer, Refused) and seen.setdefault(answer.id, position) != position:
            answer = refuse("duplicate_id", position=str(seen[answer.id]), id=shorten(answer.id, 80))
        if isinstance(answer, Refused):
            rejected.append(FeedRejection(answer, position, _raw(entry)))
        else:
            accepted.append(FeedItem(answer, position))
    empty = None if accepted or rejected else refuse("feed_has_no_entries")
    name = normalise_tag(language) or ""
    return FeedResult(
        feed_format, shorten(one_line(title), 200), name, tuple(accepted), tuple(rejected), empty
    )


def to_item(entry: FeedEntry, *, language: str, base: str, kind: Kind, now: datetime) -> ItemIn | Refused:
    """An entry as an item, checked as one from the stream. What may be left out (image, tags) is, when it is unusable."""
    try:
        given = _given(entry, language, base, kind)
    except MarkupError as error:
        return refuse("bad_markup", [Problem("body", str(error), _("simple markup"))], detail=str(error))
    answer = read_item(given, now=now)
    return answer.item if isinstance(answer, Accepted) else answer


def _given(entry: FeedEntry, language: str, base: str, kind: Kind) -> dict[str, Any]:
    url = _absolute(entry.url, base)
    title = entry.title.as_line()
    body = entry.body if entry.body.value else entry.summary
    summary = entry.summary.as_line() if entry.body.value else ""
    by_word, topics = _by_categories(entry.categories)
    given: dict[str, Any] = {
        "id": _id(entry, url, title),
        "kind": _by_enclosure(entry.enclosures) or by_word or kind,
        "language": normalise_tag(entry.language) or normalise_tag(language),
        "title": title,
        "summary": shorten(summary, MAX_SUMMARY),
        "body": without_controls(body.value),
        "body_format": "html" if body.html else "text",
        "published_at": entry.date,
        "image": _image(entry.enclosures, base),
        "topics": topics,
        "authors": _names((_author(name) for name in entry.authors), 200),
    }
    return given | ({"url": url} if url else {})


def _id(entry: FeedEntry, url: str, title: str) -> str:
    """The feed's own id; else the address; else title and date, for feeds that give neither."""
    own = one_line(entry.id) or url_key(url) or url
    if own:
        return own if len(own) <= 500 else "long:" + hashlib.sha256(own.encode()).hexdigest()
    key = f"{title}\x1f{entry.date}" if title else _raw(entry)
    return "feed:" + hashlib.sha256(key.encode()).hexdigest()[:32]


def _raw(entry: FeedEntry) -> str:
    """What is kept of a refused entry."""
    texts = (entry.title.value, entry.summary.value[:500], entry.body.value[:500])
    return without_controls("\n".join(part for part in (entry.id, entry.url, *texts) if part))


def _absolute(url: str, base: str) -> str:
    """Against the feed's address; spaces, which feeds do not always encode, are encoded."""
    url = without_controls(url).strip().replace(" ", "%20")
    try:
        return urljoin(base, url) if url else ""
    except ValueError:
        return url


def _by_enclosure(enclosures: tuple[Enclosure, ...]) -> Kind | None:
    media = (_BY_MEDIA.get(each.media_type.partition("/")[0].lower()) for each in enclosures)
    return next((kind for kind in media if kind is not None), None)


def _by_categories(categories: tuple[str, ...]) -> tuple[Kind | None, list[str]]:
    """A category such as “Press release” is the kind; all others are hints at topics."""
    found: Kind | None = None
    topics: list[str] = []
    for category in categories:
        kinds = KINDS.get(folded(one_line(category)))
        if kinds is None:
            topics.append(category)
        else:
            found = found or next(iter(kinds.values()))
    return found, _names(topics, 120)


def _image(enclosures: tuple[Enclosure, ...], base: str) -> dict[str, str] | None:
    for each in enclosures:
        url = _absolute(each.url, base)
        media = each.media_type.partition("/")[0].lower()
        if (media == "image" or (not media and _IMAGE_SUFFIX.search(url))) and url_problem(url) is None:
            return {"url": url, "alt": shorten(one_line(each.alt), MAX_ALT)}
    return None


def _names(names: Iterable[str], longest: int) -> list[str]:
    lines = (one_line(name) for name in names)
    return list(dict.fromkeys(line for line in lines if 0 < len(line) <= longest))[:_MAX_NAMES]


def _author(name: str) -> str:
    """RSS writes “address@host (Name)”, others “Name <address@host>”; the address is not ours to publish."""
    return _EMAIL.sub("", name).strip(" ()<>[]") if "@" in name else name
