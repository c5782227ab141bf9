"""The pages: all archived digests, one digest's editions in a language, and one edition."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe
from markupsafe import Markup

from publisher.archive import editions, pictures, shown
from publisher.archive.editions import Gone
from publisher.archive.shown import Shown
from publisher.core import clock
from publisher.core.numbers import number_in
from publisher.digests.models import Digest
from publisher.items.languages import primary
from publisher.render.dates import long_date
from publisher.render.words import base, direction, kind_label
from publisher.site.archive.page import absolute, page
from publisher.site.page import asked_language, show
from publisher.site.sign_up.offered import open_digests
from publisher.site.words import LANGUAGE_NAMES, WORDS

A_PAGE: Final = 20
X_DEFAULT: Final = "x-default"
"""What search engines call the address that leads to the reader's own language."""
LONGEST_SEARCH: Final = 100
LOCALES: Final = {
    "en": "en_GB",
    "zh": "zh_CN",
    "ar": "ar_AR",
    "fr": "fr_FR",
    "es": "es_ES",
    "ru": "ru_RU",
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All digests with an archive."""
    given = request.GET.get("language", "")
    language = given if given in WORDS else base(asked_language(request))
    rows = []
    for digest in editions.digests():
        spoken = editions.languages_of(digest)
        chosen = language if language in spoken else spoken[0]
        newest = editions.sent_in(digest, chosen).first()
        rows.append(
            {
                "digest": digest,
                "language": chosen,
                "tag": editions.tag_of(digest, chosen),
                "direction": direction(chosen),
                "title": digest.text("title", chosen),
                "about": digest.text("about", chosen),
                "newest": long_date(newest.due_at, chosen, digest.zone) if newest else "",
                "languages": [(each, _name(each)) for each in spoken],
            }
        )
    here = absolute("site:archive")
    context = {
        "rows": rows,
        "code": language,
        "open": bool(open_digests()),
        "canonical": f"{here}?language={given}" if given in WORDS else here,
        "alternates": [*((each, f"{here}?language={each}") for each in WORDS), (X_DEFAULT, here)],
        "languages": [(each, _name(each), f"{reverse('site:archive')}?language={each}") for each in WORDS],
    }
    return page(request, "site/archive/index.html", context, language=language, varies=True)


@require_safe
def any_language(request: HttpRequest, slug: str) -> HttpResponse:
    """The digest in the first language of the browser that it speaks."""
    digest = editions.digest_of(slug)
    if digest is None:
        return missing(request)
    return _on(request, editions.languages_of(digest), "site:archive-digest", slug)


@require_safe
def digest(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Its editions, newest first, by `before` a number; those that have the words of `q`."""
    found = editions.digest_of(slug)
    if found is None or language not in editions.languages_of(found):
        return missing(request)
    now = clock.now()
    rows = editions.sent_in(found, language)
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    before = number_in(request.GET.get("before", "")) or 0
    if words:
        rows = editions.searched(rows, language, words, now=now)
    if 0 < before <= editions.MOST_NUMBER:
        rows = rows.filter(number__lt=before)
    listed = list(rows.select_related("digest")[: A_PAGE + 1])
    last = listed[A_PAGE - 1].number if len(listed) > A_PAGE else 0
    each = shown.shown_many(listed[:A_PAGE], language, now=now)
    title = found.text("title", language)
    spoken = editions.languages_of(found)
    canonical = absolute("site:archive-digest", slug, language)
    context = {
        **_frame(found, language),
        "title": title,
        "about": found.text("about", language),
        "rows": [(row, long_date(row.edition.due_at, language, found.zone)) for row in each],
        "q": words,
        "before": before,
        "older": last,
        "canonical": f"{canonical}?before={before}" if before else canonical,
        "is_listed": not words,
        "alternates": []
        if words or before
        else [
            *((editions.tag_of(found, code), absolute("site:archive-digest", slug, code)) for code in spoken),
            (X_DEFAULT, absolute("site:archive-any", slug)),
        ],
        "languages": [
            (code, _name(code), reverse("site:archive-digest", args=[slug, code])) for code in spoken
        ],
    }
    updated_at = max((row.updated_at for row in each), default=None)
    return page(request, "site/archive/digest.html", context, language=language, updated_at=updated_at)


@require_safe
def edition_any_language(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The edition in the first language of the browser in which it was sent."""
    found = editions.digest_of(slug)
    edition = editions.found(found, number) if found else Gone.NEVER_WAS
    if isinstance(edition, Gone):
        return missing(request, edition)
    now = clock.now()
    for language in editions.languages_of(edition.digest):
        if each := shown.shown(edition, language, now=now):
            return _on(request, each.languages, "site:archive-edition", slug, number)
    return missing(request)


@require_safe
def edition(request: HttpRequest, slug: str, number: int, language: str) -> HttpResponse:
    """One edition in one language, at its permanent address."""
    of = editions.digest_of(slug)
    row = editions.found(of, number) if of else Gone.NEVER_WAS
    if isinstance(row, Gone):
        return missing(request, row)
    now = clock.now()
    one = shown.shown(row, language, now=now) if language in editions.languages_of(row.digest) else None
    if one is None:
        return missing(request)
    have = pictures.stored([each.picture for each in one.items if each.picture])
    kept = [each.picture for each in one.items if each.picture in have]
    canonical = absolute("site:archive-edition", slug, number, language)
    image = absolute("site:archive-picture", slug, number, kept[0]) if kept else ""
    issued = long_date(row.due_at, language, row.digest.zone)
    context = {
        **_frame(row.digest, language),
        "one": one,
        "title": one.title,
        "digest_title": row.digest.text("title", language),
        "issued": issued,
        "items": [_item(each, have, language, row.digest.zone) for each in one.items],
        "image": image,
        "canonical": canonical,
        "other_locales": [LOCALES.get(each, each) for each in one.languages if each != language],
        "image_alt": _alternative(one, kept),
        "alternates": [
            *(
                (editions.tag_of(row.digest, code), absolute("site:archive-edition", slug, number, code))
                for code in one.languages
            ),
            (X_DEFAULT, absolute("site:archive-edition-any", slug, number)),
        ],
        "languages": [
            (code, _name(code), reverse("site:archive-edition", args=[slug, number, code]))
            for code in one.languages
        ],
        "structured": structured(one, canonical, image),
        **_beside(one, now),
    }
    return page(request, "site/archive/edition.html", context, language=language, updated_at=one.updated_at)


def structured(one: Shown, canonical: str, image: str) -> Markup:
    """The edition as schema.org calls it. Safe inside a script element: no `<`, `>` or `&` is left in it."""
    row = one.edition
    organisation = row.digest.text("organisation", one.language)
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "PublicationIssue",
        "@id": canonical,
        "url": canonical,
        "name": one.title,
        "description": one.summary,
        "issueNumber": str(row.number),
        "inLanguage": editions.tag_of(row.digest, one.language),
        "datePublished": one.sent_at.isoformat(),
        "dateModified": one.updated_at.isoformat(),
        "isPartOf": {"@type": "Periodical", "name": row.digest.text("title", one.language)},
        "hasPart": [
            {"@type": "CreativeWork", "name": each.view.title}
            | ({"url": each.view.url} if each.view.url else {})
            for each in one.items
        ],
    }
    if organisation:
        said["publisher"] = {"@type": "Organization", "name": organisation}
    if image:
        said["image"] = image
    text = json.dumps(said, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - what could end the element is escaped in the lines above


def missing(request: HttpRequest, why: Gone = Gone.NEVER_WAS) -> HttpResponse:
    """404, or 410 for an edition that was cancelled; in the language that the address names, else in the browser's."""
    template = "site/archive/missing.html" if why is Gone.NEVER_WAS else "site/archive/gone.html"
    named = str(request.resolver_match.kwargs.get("language", "")) if request.resolver_match else ""
    language = named if named in WORDS else asked_language(request)
    return show(request, template, {}, language=language, status=why.value)


def subscribe_address(digest: Digest) -> str:
    """Where somebody may subscribe to it; "" where not everybody may."""
    return reverse("site:sign-up-one", args=[digest.slug]) if digest.open_to_all else ""


def _on(request: HttpRequest, languages: Sequence[str], name: str, *args: object) -> HttpResponse:
    """To the page of the first of the browser's languages, else of the first language."""
    asked = (
        primary(code) for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    )
    chosen = next((code for code in asked if code in languages), languages[0])
    response = HttpResponseRedirect(reverse(name, args=[*args, chosen]))
    patch_vary_headers(response, ["Accept-Language"])
    response["Cache-Control"] = "public, max-age=300"
    return response


def _frame(digest: Digest, language: str) -> dict[str, Any]:
    return {
        "digest": digest,
        "code": language,
        "locale": LOCALES.get(language, language),
        "organisation": digest.text("organisation", language),
        "tag": editions.tag_of(digest, language),
        "way": direction(language),
        "subscribe": subscribe_address(digest),
        "feed": absolute("site:archive-feed", digest.slug, language),
    }


def _beside(one: Shown, now: datetime) -> dict[str, Any]:
    """The editions before and after it, in its language."""
    rows = editions.sent_in(one.edition.digest, one.language)
    number = one.edition.number or 0
    older = rows.filter(number__lt=number).values_list("number", flat=True).first()
    newer = rows.filter(number__gt=number).order_by("number").values_list("number", flat=True).first()
    return {"older": older, "newer": newer, "now": now}


def _item(
    each: shown.ShownItem, have: Mapping[str, tuple[int, int]], language: str, zone: str
) -> dict[str, Any]:
    view = each.view
    return {
        "view": view,
        "kind": kind_label(view.kind, language),
        "day": long_date(view.published_at, language, zone),
        "picture": each.picture if each.picture in have else "",
        "size": have.get(each.picture),
        "corrected": long_date(each.corrected_at, language, zone) if each.corrected_at else "",
        "way": direction(view.language),
    }


def _alternative(one: Shown, kept: Sequence[str]) -> str:
    """What the picture shows that networks are told of."""
    shows = (each.view.image_alt or each.view.title for each in one.items if each.picture in kept)
    return next(shows, "")


def _name(language: str) -> str:
    return LANGUAGE_NAMES.get(language, language)
