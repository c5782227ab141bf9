"""The plain front page, and the page that explains personal links."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.site.page import asked_language, show


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, and the way to the desk."""
    return show(request, "site/landing.html", {}, language=asked_language(request))


@require_GET
def personal_links(request: HttpRequest) -> HttpResponse:
    """Why the links of a shared edition do not unsubscribe anybody."""
    return show(request, "site/personal_links.html", {}, language=asked_language(request))
