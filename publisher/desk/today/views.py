"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.desk.access import user_of
from publisher.desk.page import show
from publisher.desk.today.overview import overview
from publisher.desk.today.reviews import reviews_of


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits, what goes out, what needs a person, what went out."""
    user = user_of(request)
    context = {"overview": overview(now=clock.now(), user=user), "reviews": reviews_of(user)}
    return show(request, "desk/today/home.html", context)
