"""RSS 2.0 (and its older kinds), RSS 1.0 and Atom through feedparser, which sees bytes only, never an address."""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax import SAXException

import feedparser

from publisher.items.feeds.entry import Enclosure, FeedEntry, FeedResult, Markup, read_entries
from publisher.items.pages.dates import read_date
from publisher.items.refusals import refuse
from publisher.items.schema import Kind
from publisher.items.text import one_line, shorten

_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_ROOT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
# feedparser takes 20 µs a tag and 80 µs an entry: these bound one feed to a few seconds.
_MAX_TAGS: Final = 150_000
_MAX_ENTRIES: Final = 5_000
_ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_HTML_ROOT = re.compile(rb"<!doctype\s+html|<html\b|<head\b|<body\b", re.IGNORECASE)
# feedparser writes the description of a picture over the summary of its entry; under this name it keeps them apart.
_MEDIA_DESCRIPTION = re.compile(rb"(</?media:)description\b")
_DATES: Final = ("published", "updated", "created")
_ALT: Final = "media_alternative"
# What feedparser raises on input that it did not foresee.
_FAULTS: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    AssertionError,
    ArithmeticError,
)


def read_xml(body: bytes, content_type: str, url: str, *, kind: Kind, now: datetime) -> FeedResult:
    """The feed in these bytes. Broken XML is read as far as it goes; DTDs with entities and web pages are refused."""
    plain = body.replace(b"\0", b"")  # UTF-16 looks like ASCII then, enough to see what this is
    root = _ROOT.search(plain)
    prolog = plain[: root.start()] if root else plain
    if b"<!ENTITY" in prolog.upper():
        return FeedResult("", refused=refuse("feed_has_entities"))
    if _HTML_ROOT.search(prolog[:5000]):
        return FeedResult("", refused=refuse("feed_is_html"))
    entries, tags = len(_ENTRY.findall(plain)), plain.count(b"<")
    if entries > _MAX_ENTRIES or tags > _MAX_TAGS:
        return FeedResult("", refused=refuse("feed_too_long", entries=entries, tags=tags))
    try:
        parsed = feedparser.parse(
            io.BytesIO(_MEDIA_DESCRIPTION.sub(rb"\1alternative", body)),
            response_headers={"content-type": content_type} if content_type else {},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except _FAULTS as error:
        return FeedResult("", refused=refuse("not_a_feed", detail=f" ({shorten(one_line(str(error)), 120)})"))
    if not parsed.get("version"):
        return FeedResult("", refused=refuse("not_a_feed", detail=_broken(parsed)))
    result = read_entries(
        _entries(parsed["entries"]),
        feed_format=str(parsed["version"]),
        title=str(parsed["feed"].get("title", "")),
        language=str(parsed["feed"].get("language", "")),
        base=url or str(parsed["feed"].get("link", "")),
        kind=kind,
        now=now,
    )
    fault = parsed.get("bozo_exception")
    return (
        replace(result, broken=shorten(one_line(str(fault)), 120))
        if isinstance(fault, SAXException)
        else result
    )


def _broken(parsed: Mapping[str, Any]) -> str:
    fault = parsed.get("bozo_exception")
    return f" ({shorten(one_line(str(fault)), 120)})" if fault else ""


def _entries(entries: list[Mapping[str, Any]]) -> Iterator[FeedEntry]:
    for entry in entries:
        summary, content = _markup(entry.get("summary_detail")), _content(entry)
        yield FeedEntry(
            id=str(entry.get("id", "")),
            url=str(entry.get("link", "")),
            title=_markup(entry.get("title_detail")),
            summary=summary,
            body=content if content.value != summary.value else Markup(),
            date=_date(entry),
            language=str((entry.get("title_detail") or {}).get("language") or ""),
            categories=tuple(str(tag.get("label") or tag.get("term") or "") for tag in entry.get("tags", [])),
            authors=tuple(_authors(entry)),
            enclosures=tuple(_enclosures(entry)),
        )


def _markup(detail: Mapping[str, Any] | None) -> Markup:
    if not detail:
        return Markup()
    return Markup(str(detail.get("value") or ""), str(detail.get("type")) in _HTML_TYPES)


def _content(entry: Mapping[str, Any]) -> Markup:
    """The longest of the contents: some feeds give a short and a long one."""
    found = [_markup(detail) for detail in entry.get("content", [])]
    return max(found, key=lambda markup: len(markup.value), default=Markup())


def _authors(entry: Mapping[str, Any]) -> list[str]:
    """The only author as written: feedparser finds names behind addresses wrongly when the top-level domain is long."""
    authors = entry.get("authors", [])
    if len(authors) <= 1 and entry.get("author"):
        return [str(entry["author"])]
    return [str(author.get("name", "")) for author in authors]


def _date(entry: Mapping[str, Any]) -> datetime | str | None:
    """The first date that can be read. One that cannot is handed on as written, to be refused with a reason."""
    written = [str(entry[name]) for name in _DATES if entry.get(name)]
    for text in written:
        day = None if text.isascii() else read_date(text)  # feedparser reads 2023年8月12日 as November
        if day is not None and day.instant is not None:
            return day.instant
    for name in _DATES:
        try:
            if parsed := entry.get(f"{name}_parsed"):
                return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
        except (ValueError, TypeError, OverflowError, OSError):
            continue
    days = [day.instant for text in written if (day := read_date(text)) and day.instant]
    return days[0] if days else next(iter(written), None)


def _enclosures(entry: Mapping[str, Any]) -> Iterator[Enclosure]:
    images = [media for media in entry.get("media_content", []) if _media_type(media).startswith("image")]
    alt = str(entry.get(_ALT, "")) if len(images) <= 1 else ""
    for link in entry.get("links", []):
        if link.get("rel") == "enclosure":
            yield Enclosure(str(link.get("href", "")), str(link.get("type", "")), alt)
    for media in entry.get("media_content", []):
        yield Enclosure(str(media.get("url", "")), _media_type(media), alt)
    for media in entry.get("media_thumbnail", []):
        yield Enclosure(str(media.get("url", "")), "image/", alt)
    if entry.get("image"):
        yield Enclosure(str(entry["image"].get("href", "")), "image/", alt)


def _media_type(media: Mapping[str, Any]) -> str:
    return str(media.get("type") or (f"{media['medium']}/" if media.get("medium") else ""))
