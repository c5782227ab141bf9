"""Subscribers as files, by the machinery of the log's exports."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery.exports import asking
from publisher.delivery.models import Export
from publisher.desk import exporting
from publisher.desk.access import user_of
from publisher.desk.audience import filtering

PLACE: Final = exporting.Place(
    kind=Export.Kind.SUBSCRIBERS,
    name="subscribers",
    deed="subscribers.exported",
    holds=gettext_lazy("Files of subscribers. They hold addresses, and are deleted after a week."),
    empty=gettext_lazy(
        "Filter the subscribers and press Export. The file is written in the background, and waits here."
    ),
    page="desk:subscribers",
    index="desk:subscriber-exports",
    ask="desk:subscribers-export",
    file="desk:subscriber-export-file",
)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Have the filtered subscribers written to a file."""
    asked = filtering.asked_of(request, QueryDict(exporting.query_of(request)))
    if asked.errors:
        raise UserError(next(iter(asked.errors.values())), _("Mend the filter first."))
    form = request.POST.get("form", "")
    asking.ask_readers(asked.groups, form=form, user=user_of(request), now=clock.now())
    messages.success(request, _("The file is being written. It is kept for a week."))
    return redirect(PLACE.index)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The exports of the last week."""
    return exporting.index(request, PLACE)


@require_GET
def fetch(request: HttpRequest, export_id: int) -> HttpResponseBase:
    """The file of an export."""
    return exporting.fetch(request, PLACE, export_id)
