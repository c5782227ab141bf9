"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1). Wrong types in optional fields count as absent, as its text advises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from publisher.items.envelope import decode_json
from publisher.items.feeds.entry import Enclosure, FeedEntry, FeedResult, Markup, read_entries
from publisher.items.refusals import Refused, refuse
from publisher.items.schema import Kind
from publisher.items.text import shorten

_VERSION: Final = "https://jsonfeed.org/version/"


def read_json(body: bytes, url: str, *, kind: Kind, now: datetime) -> FeedResult:
    """The feed in these bytes, or a refusal."""
    given = decode_json(body)
    if isinstance(given, Refused):
        return FeedResult("", refused=refuse("not_a_feed", detail=f" ({given.reason})"))
    version = _text(given, "version").replace("http://", "https://", 1)
    if not version.startswith(_VERSION) or not isinstance(given.get("items"), list):
        return FeedResult(
            "", refused=refuse("not_a_feed", detail=": the JSON has no version of JSON Feed or no items")
        )
    return read_entries(
        _entries(given),
        feed_format="json" + version.removeprefix(_VERSION).replace(".", "")[:4],
        title=shorten(_text(given, "title"), 200),
        language=_text(given, "language"),
        base=url or _text(given, "feed_url") or _text(given, "home_page_url"),
        kind=kind,
        now=now,
    )


def _entries(feed: dict[str, Any]) -> Iterator[FeedEntry]:
    for item in feed["items"]:
        entry = item if isinstance(item, dict) else {}
        html, text = _text(entry, "content_html"), _text(entry, "content_text")
        yield FeedEntry(
            id=_id(entry),
            url=_text(entry, "url") or _text(entry, "external_url"),
            title=Markup(_text(entry, "title")),
            summary=Markup(_text(entry, "summary")),
            body=Markup(html, html=True) if html else Markup(text),
            date=_date(_text(entry, "date_published") or _text(entry, "date_modified")),
            language=_text(entry, "language"),
            categories=tuple(tag for tag in _list(entry, "tags") if isinstance(tag, str)),
            authors=tuple(_authors(entry) or _authors(feed)),
            enclosures=tuple(_enclosures(entry)),
        )


def _id(entry: dict[str, Any]) -> str:
    """Numbers are ids too; the specification asks readers to take them as strings."""
    value = entry.get("id")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.0f}" if abs(value) < 1e18 else ""  # also false for NaN
    return value if isinstance(value, str) else ""


def _date(written: str) -> datetime | str | None:
    """A date without an offset is taken for UTC; one that cannot be read is handed on, to be refused with a reason."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return written or None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _authors(part: dict[str, Any]) -> list[str]:
    authors = [*_list(part, "authors"), part.get("author")]
    return [name for author in authors if isinstance(author, dict) and (name := _text(author, "name"))]


def _enclosures(entry: dict[str, Any]) -> Iterator[Enclosure]:
    for attachment in _list(entry, "attachments"):
        if isinstance(attachment, dict):
            title = _text(attachment, "title")
            yield Enclosure(_text(attachment, "url"), _text(attachment, "mime_type"), title)
    for name in ("image", "banner_image"):
        if _text(entry, name):
            yield Enclosure(_text(entry, name), "image/")


def _text(part: dict[str, Any], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""


def _list(part: dict[str, Any], name: str) -> list[Any]:
    value = part.get(name)
    return value if isinstance(value, list) else []
