"""The Atom feed (RFC 4287) of a digest's archive in one language. Pure.

Ids never change: they are made of what never changes, not of the address of this service. An entry's `updated` is when it was
sent or, later, visibly corrected.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from publisher.archive.editions import tag_of
from publisher.archive.shown import Shown
from publisher.digests.models import Digest
from publisher.render.slots import neutralise
from publisher.render.words import direction

ATOM: Final = "http://www.w3.org/2005/Atom"
XML: Final = "http://www.w3.org/XML/1998/namespace"
MOST: Final = 30
_SPACE: Final = uuid.UUID("7d7c1f0e-4a0b-5c53-9a43-3a5a0f7d2f11")
"""The name space of our ids; never to be changed."""

ET.register_namespace("", ATOM)


@dataclass(frozen=True)
class Places:
    """The whole addresses of the feed, of the page it belongs to, and of an edition's page by its number."""

    itself: str
    page: str
    entry: Callable[[int], str]


def atom(digest: Digest, language: str, entries: Sequence[Shown], places: Places) -> ET.Element:
    """The feed's root element."""
    feed = _of("feed")
    feed.set(f"{{{XML}}}lang", tag_of(digest, language))
    title = digest.text("title", language) or digest.slug
    organisation = digest.text("organisation", language) or title
    _add(feed, "id", feed_id(digest, language))
    _add(feed, "title", title)
    if about := digest.text("about", language):
        _add(feed, "subtitle", about)
    _add(feed, "updated", _time(updated(digest, entries)))
    _link(feed, "self", places.itself, "application/atom+xml")
    _link(feed, "alternate", places.page, "text/html")
    author = ET.SubElement(feed, f"{{{ATOM}}}author")
    _add(author, "name", organisation)
    for each in entries:
        feed.append(_entry(digest, language, each, places))
    return feed


def feed_id(digest: Digest, language: str) -> str:
    return _urn(digest, language)


def entry_id(digest: Digest, number: int, language: str) -> str:
    return _urn(digest, str(number), language)


def updated(digest: Digest, entries: Sequence[Shown]) -> datetime:
    """When anything of it changed last; when the digest was made while there is nothing in it."""
    return max((each.updated_at for each in entries), default=digest.created_at)


def _entry(digest: Digest, language: str, each: Shown, places: Places) -> ET.Element:
    number = each.edition.number or 0
    entry = _of("entry")
    _add(entry, "id", entry_id(digest, number, language))
    _add(entry, "title", each.title or str(number))
    _add(entry, "updated", _time(each.updated_at))
    _add(entry, "published", _time(each.sent_at))
    _link(entry, "alternate", places.entry(number), "text/html")
    if each.summary:
        _add(entry, "summary", each.summary)
    _add(entry, "content", _content(each), kind="html")
    return entry


def _content(each: Shown) -> str:
    """The items as HTML, which the feed holds escaped."""
    parts = [f'<div dir="{direction(each.language)}">']
    if each.intro:
        parts.append(f"<p>{escape(each.intro)}</p>")
    for item in each.items:
        title, url = escape(item.view.title), escape(item.view.url, quote=True)
        parts.append(f'<h2><a href="{url}">{title}</a></h2>' if url else f"<h2>{title}</h2>")
        if item.view.summary:
            parts.append(f"<p>{escape(item.view.summary)}</p>")
    return "".join([*parts, "</div>"])


def _of(name: str) -> ET.Element:
    return ET.Element(f"{{{ATOM}}}{name}")


def _add(parent: ET.Element, name: str, text: str, *, kind: str = "") -> None:
    """A child with a text, without characters that XML forbids."""
    child = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    child.text = neutralise(text)
    if kind:
        child.set("type", kind)


def _link(parent: ET.Element, rel: str, href: str, kind: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", {"rel": rel, "href": href, "type": kind})


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _urn(digest: Digest, *parts: str) -> str:
    name = "/".join((digest.slug, digest.created_at.astimezone(UTC).isoformat(), *parts))
    return uuid.uuid5(_SPACE, name).urn
