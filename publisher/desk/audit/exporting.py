"""Exports of the audit trail, for whoever may read it."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from publisher.delivery.models import Export
from publisher.desk import exporting
from publisher.desk.audit import views
from publisher.desk.audit.searching import Search

PLACE: Final = exporting.Place(
    kind=Export.Kind.AUDIT,
    name="audit",
    deed="audit.exported",
    holds=_("Files of the audit trail, for whoever may read it. They are deleted after a week."),
    empty=_(
        "Filter the audit trail and press Export. A few entries come at once; many are written to a file, which waits here."
    ),
    page="desk:audit",
    index="desk:audit-exports",
    ask="desk:audit-export-ask",
    file="desk:audit-export-file",
)


@require_GET
def export(request: HttpRequest, form: Export.Form) -> HttpResponseBase:
    """The filtered trail as CSV or JSON lines, or the question whether to have a file written."""
    if Search.of(request.GET, timezone.get_current_timezone()).errors:
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
