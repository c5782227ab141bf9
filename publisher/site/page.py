"""How every public page is answered: language, direction, and the words of that language."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation.trans_real import parse_accept_lang_header

from publisher.render.words import base, direction
from publisher.site.words import LANGUAGE_NAMES, WORDS, spoken

DEFAULT = "en"


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    language: str = DEFAULT,
    status: int = 200,
) -> HttpResponse:
    """Render a page in `language` (BCP 47) where its words exist, else in English. Never cached, never indexed.

    For its template: `switch` are the same page's links in other languages, `carry` keeps one that was chosen so.
    """
    code = base(language) if base(language) in WORDS else DEFAULT
    frame = {
        "language": "zh-Hans" if code == "zh" else code,
        "direction": direction(code),
        "w": WORDS[code],
        "switch": [
            (each, LANGUAGE_NAMES[each], f"{request.path}?lang={each}") for each in WORDS if each != code
        ],
        "carry": f"?lang={named}" if (named := named_language(request)) else "",
    }
    return private(render(request, template, frame | context, status=status))


def private(response: HttpResponse) -> HttpResponse:
    """An answer to a personal link: never cached, never indexed, its address told to nobody."""
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def stale(request: HttpRequest) -> HttpResponse:
    """404: the calm answer to a link that was not made by us."""
    return show(request, "site/stale.html", {}, language=asked_language(request), status=404)


def unknown(request: HttpRequest, *, status: int = 410) -> HttpResponse:
    """The answer to a link of ours whose reader is gone: the same whoever that was, with nothing to press."""
    return show(request, "site/unknown.html", {}, language=reader_language(request, ""), status=status)


def named_language(request: HttpRequest) -> str:
    """That of the link that switched to it; "" without one that we have words in."""
    named = request.GET.get("lang", "")
    return spoken(named) if base(named) in WORDS else ""


def reader_language(request: HttpRequest, own: str) -> str:
    """The language that a link names, else that of a reader's subscription where we have words in it, else the browser's."""
    return named_language(request) or (own if base(own) in WORDS else asked_language(request))


def asked_language(request: HttpRequest) -> str:
    """The first language of the browser that we have words in."""
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if base(code) in WORDS:
            return code
    return DEFAULT
