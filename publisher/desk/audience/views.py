"""Subscribers: the list with its filter, how many they are, and an export."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.views.decorators.http import require_GET

from publisher.audience.models import Subscriber
from publisher.audience.segments import matching
from publisher.audience.segments.matching import TooLong
from publisher.core import clock
from publisher.desk.audience import filtering
from publisher.desk.audience.filtering import Asked
from publisher.desk.audience.showing import rows_of
from publisher.desk.page import show
from publisher.desk.paging import Listing, newest, with_values
from publisher.people.permissions import SEE_ADDRESSES


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Subscribers, newest first; with `count=yes` also how many there are, which htmx asks for once the page is there."""
    asked, now = filtering.asked_of(request), clock.now()
    counting, problem = request.GET.get("count") == "yes", None
    listing, counted = _none(request), None
    try:
        if not asked.errors:
            listing = _listing(request, asked)
            counted = matching.count(asked.groups, now=now) if counting else None
    except TooLong as error:
        problem = error
    sees = request.user.has_perm(SEE_ADDRESSES)
    context = {
        "listing": listing,
        "rows": rows_of(listing.rows, sees=sees, now=now),
        "asked": asked,
        "wanted": asked.wanted,
        "errors": asked.errors,
        "options": filtering.options(),
        "query": with_values(request.GET, after="", count=""),
        "counted": counted,
        "problem": problem,
        "sees": sees,
    }
    return show(request, "desk/audience/subscribers.html", context, status=422 if asked.errors else 200)


def _listing(request: HttpRequest, asked: Asked) -> Listing[Subscriber]:
    """One page. Its links do not count again."""
    rows = matching.matching(asked.groups, now=clock.now())
    with matching.limited(matching.PAGE_SECONDS):
        found = newest(request, rows.prefetch_related("tags", "subscriptions__selection"))
    return replace(found, next=_uncounted(found.next), first=_uncounted(found.first))


def _uncounted(query: str) -> str:
    return with_values(QueryDict(query), count="")


def _none(request: HttpRequest) -> Listing[Subscriber]:
    return newest(request, Subscriber.objects.none())
