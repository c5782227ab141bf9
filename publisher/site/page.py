"""How every public page is answered: language, direction, and the words of that language."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation.trans_real import parse_accept_lang_header

from publisher.render.words import base, direction
from publisher.site.words import WORDS

DEFAULT = "en"


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    language: str = DEFAULT,
    status: int = 200,
) -> HttpResponse:
    """Render a page in `language` (BCP 47) where its words exist, else in English. Never cached, never indexed."""
    code = base(language) if base(language) in WORDS else DEFAULT
    frame = {
        "language": "zh-Hans" if code == "zh" else code,
        "direction": direction(code),
        "w": WORDS[code],
    }
    response = render(request, template, frame | context, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def stale(request: HttpRequest) -> HttpResponse:
    """404: the calm answer to a link that was not made by us."""
    return show(request, "site/stale.html", {}, language=asked_language(request), status=404)


def asked_language(request: HttpRequest) -> str:
    """The first language of the browser that we have words in."""
    for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if base(code) in WORDS:
            return code
    return DEFAULT
