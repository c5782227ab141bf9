"""Sitemaps (sitemaps.org, with the alternates of other languages): an index, and one file for each digest. No personal page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from publisher.archive import editions
from publisher.digests.models import Digest, EditionItem
from publisher.items.languages import primary

SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML: Final = "http://www.w3.org/1999/xhtml"
MOST: Final = 50_000
"""Addresses of a file. Older editions are found by the pages of the archive."""

ET.register_namespace("xhtml", XHTML)


def index(addresses: Sequence[str]) -> ET.Element:
    """The file that names the others."""
    root = ET.Element("sitemapindex", {"xmlns": SITEMAP})
    for address in addresses:
        ET.SubElement(ET.SubElement(root, "sitemap"), "loc").text = address
    return root


def of_digest(digest: Digest, *, page: Callable[[str], str], entry: Callable[[int, str], str]) -> ET.Element:
    """The pages of a digest and of its editions, newest first."""
    root = ET.Element("urlset", {"xmlns": SITEMAP})
    spoken = editions.languages_of(digest)
    _group(root, digest, {language: page(language) for language in spoken}, None)
    held = _languages(digest)
    room = MOST - len(spoken)
    for pk, number, finished_at in editions.sent(digest).values_list("pk", "number", "finished_at"):
        places = {code: entry(number or 0, code) for code in spoken if code in held.get(pk, ())}
        if len(places) > room:
            break
        room -= len(places)
        _group(root, digest, places, finished_at)
    return root


def _languages(digest: Digest) -> dict[int, set[str]]:
    """By edition the languages in which it was sent."""
    rows = EditionItem.objects.filter(edition__in=editions.sent(digest)).order_by()
    found: dict[int, set[str]] = {}
    for pk, language in rows.values_list("edition_id", "item__language").distinct():
        found.setdefault(pk, set()).add(primary(language))
    return found


def _group(root: ET.Element, digest: Digest, places: dict[str, str], at: datetime | None) -> None:
    """One page in its languages: each names all of them."""
    for address in places.values():
        url = ET.SubElement(root, "url")
        ET.SubElement(url, "loc").text = address
        if at:
            ET.SubElement(url, "lastmod").text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if len(places) > 1:
            for language, other in places.items():
                tag = editions.tag_of(digest, language)
                ET.SubElement(url, f"{{{XHTML}}}link", {"rel": "alternate", "hreflang": tag, "href": other})
