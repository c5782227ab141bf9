"""How every page of the archive is answered: in its language, with validators, and cacheable by whoever stands between."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date, quote_etag

from publisher.render.words import base, direction
from publisher.site.page import DEFAULT
from publisher.site.words import WORDS

MINUTES: Final = 5
"""How long a page may be kept: so soon a correction or a withdrawal reaches everybody."""
CACHE: Final = f"public, max-age={MINUTES * 60}"


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    language: str,
    updated_at: datetime | None = None,
    varies: bool = False,
) -> HttpResponse:
    """A page in `language`; the words around it in English where we have none. `varies`: by the languages of the browser."""
    code = base(language) if base(language) in WORDS else DEFAULT
    frame = {
        "language": "zh-Hans" if code == "zh" else code,
        "direction": direction(code),
        "w": WORDS[code],
        "absolute": absolute,
    }
    response = render(request, template, frame | context)
    if varies:
        patch_vary_headers(response, ["Accept-Language"])
    return fresh(request, response, updated_at=updated_at)


def fresh(
    request: HttpRequest, response: HttpResponse, *, updated_at: datetime | None = None
) -> HttpResponse:
    """The response with its validators, or 304. Only the content decides that, since not everything that changes a page has a
    time: `updated_at` is said as Last-Modified, and nobody is answered by it."""
    mark = hashlib.sha256(response.content).hexdigest()
    answer = answered(request, response, mark=mark, updated_at=updated_at)
    return answer if isinstance(answer, HttpResponse) else response


def answered(
    request: HttpRequest, response: HttpResponseBase, *, mark: str, updated_at: datetime | None
) -> HttpResponseBase:
    """The same for a response whose content is not looked at: `mark` stands for it."""
    etag = quote_etag(mark[:32])
    response["ETag"] = etag
    response["Cache-Control"] = CACHE
    response["Referrer-Policy"] = "no-referrer"
    if updated_at:
        response["Last-Modified"] = http_date(updated_at.timestamp())
    # Which type it has is all the same to the function. None: it is not to be answered otherwise.
    answer = get_conditional_response(request, etag=etag, response=cast(HttpResponse, response))
    if answer is not None and answer is not response:
        answer["Cache-Control"] = CACHE
    return response if answer is None else answer


def absolute(name: str, *args: object) -> str:
    """The whole address of a page."""
    return settings.BASE_URL + reverse(name, args=args or None)


def plain(body: bytes, content_type: str) -> HttpResponse:
    """A file that a program reads."""
    response = HttpResponse(body, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    return response
