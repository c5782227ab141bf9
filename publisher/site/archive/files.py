"""What programs read of the archive: feeds, the sitemap, robots.txt, pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from publisher.archive import editions, feeds, pictures, shown, sitemap
from publisher.archive.editions import Gone
from publisher.core import clock
from publisher.site.archive.page import absolute, answered, fresh, plain
from publisher.site.archive.views import missing

PRIVATE: Final = (
    *("/desk/", "/api/", "/hooks/", "/metrics"),
    *("/u/", "/p/", "/e/", "/c/", "/a/", "/d/", "/x/", "/l/", "/o/", "/personal-links"),
)
"""Pages of staff, of programs, and of one reader each."""


@require_safe
def feed(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The newest editions as Atom (RFC 4287)."""
    digest = editions.digest_of(slug)
    if digest is None or language not in editions.languages_of(digest):
        return missing(request)
    now = clock.now()
    rows = editions.sent_in(digest, language).select_related("digest")
    entries = shown.shown_many(list(rows[: feeds.MOST]), language, now=now)
    places = feeds.Places(
        itself=absolute("site:archive-feed", slug, language),
        page=absolute("site:archive-digest", slug, language),
        entry=lambda number: absolute("site:archive-edition", slug, number, language),
    )
    made = feeds.atom(digest, language, entries, places)
    response = plain(_bytes(made), "application/atom+xml; charset=utf-8")
    response["Content-Language"] = editions.tag_of(digest, language)
    return fresh(request, response, updated_at=feeds.updated(digest, entries))


@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """The sitemaps of all digests."""
    made = sitemap.index([absolute("site:archive-sitemap", digest.slug) for digest in editions.digests()])
    return fresh(request, plain(_bytes(made), "application/xml; charset=utf-8"))


@require_safe
def digest_site_map(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Every page of one digest's archive, with the same page in other languages."""
    digest = editions.digest_of(slug)
    if digest is None:
        return missing(request)
    pages = sitemap.of_digest(digest, absolute("site:archive-any", slug))
    response = StreamingHttpResponse(pages.pieces(), content_type="application/xml; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    return answered(request, response, mark=pages.mark, updated_at=pages.updated_at)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines may read: the archive and the open pages, nothing of one reader's or of staff."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    lines += ["Allow: /", "", f"Sitemap: {settings.BASE_URL}{reverse('site:sitemap')}", ""]
    return fresh(request, plain("\n".join(lines).encode(), "text/plain; charset=utf-8"))


@require_safe
def picture(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponse:
    """A picture that a page of this edition shows at present."""
    digest = editions.digest_of(slug)
    row = editions.found(digest, number) if digest else Gone.NEVER_WAS
    if isinstance(row, Gone):
        return missing(request, row)
    now = clock.now()
    pages = (shown.shown(row, language, now=now) for language in editions.languages_of(row.digest))
    if not any(each.picture == name for page in pages if page for each in page.items):
        return missing(request)
    made = pictures.fitted_picture(name)
    if made is None:
        return missing(request)
    response = plain(made.data, made.type)
    response["Content-Security-Policy"] = "default-src 'none'"
    return fresh(request, response)


def _bytes(root: ET.Element) -> bytes:
    return sitemap.DECLARATION.encode() + bytes(ET.tostring(root, encoding="utf-8", xml_declaration=False))
