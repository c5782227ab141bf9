"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.desk.overview import overview
from publisher.desk.page import show


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits, what goes out, what needs a person, what went out."""
    return show(request, "desk/home.html", {"overview": overview(now=clock.now())})
