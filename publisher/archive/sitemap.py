"""Sitemaps (sitemaps.org, with the alternates of other languages): an index, and one file for each digest. No personal page.

The file of a digest with thousands of editions is asked for by one statement, which loads no edition and no item, and is known
again by what it answered; its text is written while it leaves.
"""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from django.contrib.postgres.expressions import ArraySubquery

from publisher.archive import editions
from publisher.digests.models import Digest
from publisher.items.languages import primary

SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML: Final = "http://www.w3.org/1999/xhtml"
MOST: Final = 50_000
"""Addresses of a file. Older editions are found by the pages of the archive."""
PIECE: Final = 500
"""Editions whose text leaves at once."""
DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>\n'


def index(addresses: Sequence[str]) -> ET.Element:
    """The file that names the others."""
    root = ET.Element("sitemapindex", {"xmlns": SITEMAP})
    for address in addresses:
        ET.SubElement(ET.SubElement(root, "sitemap"), "loc").text = address
    return root


class Page(NamedTuple):
    """An edition: its number, when it was sent, and the languages that it has a page in."""

    number: int
    at: datetime | None
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Pages:
    """The pages of a digest and of its editions, newest first. `address` is that of its archive, before any language."""

    digest: Digest
    address: str
    editions: tuple[Page, ...]

    @property
    def mark(self) -> str:
        """What tells this file from every other: the same as long as the same would be written."""
        told = [self.address, *self.digest.languages]
        told += [f"{number} {at and at.timestamp()} {languages}" for number, at, languages in self.editions]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    @property
    def updated_at(self) -> datetime | None:
        """When the last of the editions was sent."""
        return max((each.at for each in self.editions if each.at), default=None)

    def pieces(self) -> Iterator[bytes]:
        """The file, a piece at a time."""
        begin = f'{DECLARATION}<urlset xmlns="{SITEMAP}" xmlns:xhtml="{XHTML}">'
        yield (begin + self._urls(editions.languages_of(self.digest)) % {"number": "", "at": ""}).encode()
        known: dict[tuple[str, ...], str] = {}
        for first in range(0, len(self.editions), PIECE):
            some = self.editions[first : first + PIECE]
            yield "".join(self._of_edition(each, known) for each in some).encode()
        yield b"</urlset>"

    def _of_edition(self, page: Page, known: dict[tuple[str, ...], str]) -> str:
        urls = known.get(page.languages) or known.setdefault(page.languages, self._urls(page.languages))
        at = page.at.astimezone(UTC).strftime("<lastmod>%Y-%m-%dT%H:%M:%SZ</lastmod>") if page.at else ""
        return urls % {"number": f"/{page.number}", "at": at}

    def _urls(self, languages: tuple[str, ...]) -> str:
        """One page in its languages, each of which names all of them; with places for its number and time."""
        start = _safe(self.address) + "%(number)s/"
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{_safe(editions.tag_of(self.digest, each))}" '
            f'href="{start}{_safe(each)}" />'
            for each in languages
            if len(languages) > 1
        )
        return "".join(f"<url><loc>{start}{_safe(each)}</loc>%(at)s{links}</url>" for each in languages)


def of_digest(digest: Digest, address: str) -> Pages:
    """What stands in a digest's file, by one statement. `address` is that of its archive."""
    spoken = editions.languages_of(digest)
    room = MOST - len(spoken)
    pages: list[Page] = []
    tags = ArraySubquery(editions.held().values("item__language").distinct())
    rows = editions.sent(digest).annotate(tags=tags).values_list("number", "finished_at", "tags")
    for number, at, found in rows[:MOST]:
        held = {primary(tag) for tag in found}
        page = Page(number or 0, at, tuple(each for each in spoken if each in held))
        room -= len(page.languages)
        if room < 0:
            break
        if page.languages:
            pages.append(page)
    return Pages(digest, address, tuple(pages))


def _safe(text: str) -> str:
    """As text or attribute of XML, in a template that is filled by `%`."""
    return escape(text, {'"': "&quot;"}).replace("%", "%%")
