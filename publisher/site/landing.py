"""The plain front page, and the page that explains personal links."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.archive import editions
from publisher.site.page import reader_language, show
from publisher.site.sign_up.offered import open_digests
from publisher.site.words import spoken


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, and the way to the desk."""
    language = reader_language(request, "")
    context = {
        "open": bool(open_digests()),
        "archive": editions.digests().exists(),
        "code": spoken(language),
    }
    return show(request, "site/landing.html", context, language=language)


@require_GET
def personal_links(request: HttpRequest) -> HttpResponse:
    """Why the links of a shared edition do not unsubscribe anybody."""
    return show(request, "site/personal_links.html", {}, language=reader_language(request, ""))
