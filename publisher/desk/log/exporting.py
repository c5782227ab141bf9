"""Exports of the delivery log."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from publisher.delivery.models import Export
from publisher.desk import exporting
from publisher.desk.log import views
from publisher.desk.log.finding import asked_of

Form = Export.Form

PLACE: Final = exporting.Place(
    kind=Export.Kind.DELIVERIES,
    name="deliveries",
    deed="deliveries.exported",
    holds=_("Files of the delivery log. They hold addresses, and are deleted after a week."),
    empty=_(
        "Filter the delivery log and press Export. A few rows come at once; many are written to a file, which waits here."
    ),
    page="desk:deliveries",
    index="desk:exports",
    ask="desk:export-ask",
    file="desk:export-file",
)


@require_GET
def csv(request: HttpRequest) -> HttpResponseBase:
    """The filtered log as CSV (UTF-8 with a byte order mark, times in UTC), or the question whether to have a file written."""
    return _export(request, Form.CSV)


@require_GET
def json_lines(request: HttpRequest) -> HttpResponseBase:
    """The same as JSON, one object a line."""
    return _export(request, Form.JSON)


def _export(request: HttpRequest, form: Form) -> HttpResponseBase:
    asked = asked_of(request)
    if asked.wanted.errors or (asked.words and not asked.item):
        return views.index(request)
    return exporting.give(request, PLACE, query=_query_of(request), form=form)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Have a file written."""
    return exporting.ask(request, PLACE)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The exports of the last week."""
    return exporting.index(request, PLACE)


@require_GET
def fetch(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """The file of an export."""
    return exporting.fetch(request, PLACE, export_id)


def _query_of(request: HttpRequest) -> str:
    """The filter as a query string, with the item that its words meant."""
    given: QueryDict = request.GET.copy()
    given.pop("after", None)
    if item := asked_of(request).item:
        given["item"] = str(item.pk)
    return given.urlencode()
