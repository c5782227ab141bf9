"""The suppression list as files, by the machinery of the log's exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from publisher.audience.models import Suppression
from publisher.audience.suppressing.importing import as_row
from publisher.audience.suppressing.searching import Search, in_batches
from publisher.core import clock
from publisher.delivery.exports.kinds import Batch, Kind
from publisher.delivery.models import Export
from publisher.desk import exporting
from publisher.desk.suppressions import views


class EntryRow(NamedTuple):
    """An entry as a file holds it; the columns are those that an import reads."""

    email: str
    reason: str
    at: datetime
    until: datetime | None
    evidence: str


def _columns(_query: str) -> tuple[str, ...]:
    return EntryRow._fields


def _problem(query: str, _zone: str) -> str:
    return next(iter(Search.of(QueryDict(query)).errors.values()), "")


def _batches(query: str, _zone: str, cursor: str) -> Iterator[Batch]:
    rows = Search.of(QueryDict(query)).rows(now=clock.now())
    for entries in in_batches(rows, before=int(cursor) if cursor else None):
        yield [_row(entry) for entry in entries], str(entries[-1].pk)


def _row(entry: Suppression) -> EntryRow:
    return EntryRow(*as_row(entry))


KIND: Final = Kind(_columns, _problem, _batches)
PLACE: Final = exporting.Place(
    kind=Export.Kind.SUPPRESSIONS,
    name="suppressions",
    deed="suppressions.exported",
    holds=_("Files of the suppression list. They hold addresses, and are deleted after a week."),
    empty=_(
        "Filter the suppression list and press Export. A few entries come at once; many are written to a file, which waits here."
    ),
    page="desk:suppressions",
    index="desk:suppression-exports",
    ask="desk:suppression-export-ask",
    file="desk:suppression-export-file",
)


@require_GET
def export(request: HttpRequest, form: Export.Form) -> HttpResponseBase:
    """The filtered list as CSV or JSON lines, or the question whether to have a file written."""
    if Search.of(request.GET).errors:
        return views.index(request)
    query = request.GET.copy()
    query.pop("after", None)
    return exporting.give(request, PLACE, query=query.urlencode(), form=form)


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
