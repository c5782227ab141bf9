"""Files of a list's rows, for every area that gives some: at once, or written by a worker; their list, and fetching one.

A `Place` says which list, and under which addresses. Only exports of its own list are seen and fetched there: who may read the
delivery log's addresses may not therefore read the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.core.masking import masked_query
from publisher.core.told import told
from publisher.delivery.exports import asking
from publisher.delivery.exports.forms import TYPES
from publisher.delivery.models import Export
from publisher.desk.access import user_of
from publisher.desk.page import show
from publisher.desk.paging import newest
from publisher.social.media.store import StoreAway

LONGEST_QUERY = 16_000


@dataclass(frozen=True)
class Place:
    """A list of which files are given. `page`, `index`, `ask`, `file`: names of addresses.

    `name` begins the files' names; `deed` stands in the audit trail when rows were given at once.
    """

    kind: Export.Kind
    name: str
    deed: str
    holds: Promise
    empty: Promise
    page: str
    index: str
    ask: str
    file: str


def give(request: HttpRequest, place: Place, *, query: str, form: Export.Form) -> HttpResponseBase:
    """The rows of a query string that was understood, or the question whether to have a file written."""
    pieces = asking.at_once(query, form=form, zone=timezone.get_current_timezone_name(), kind=place.kind)
    if pieces is None:
        values = {"place": place, "query": query, "form": form, "most": asking.AT_ONCE}
        return show(request, "desk/exports/too_many.html", values)
    after = {"query": masked_query(query), "form": form.value}
    audit.record_of(user_of(request), place.deed, "export", "", after=after)
    return _file(pieces, form, f"{place.name}-{clock.now():%Y-%m-%d-%H%M}")


def ask(request: HttpRequest, place: Place) -> HttpResponse:
    """Have a file written."""
    form = request.POST.get("form", "")
    zone = timezone.get_current_timezone_name()
    try:
        query = query_of(request)
        asking.ask(query, form=form, zone=zone, user=user_of(request), now=clock.now(), kind=place.kind)
        messages.success(request, _("The file is being written. It is kept for a week."))
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect(place.index)


def query_of(request: HttpRequest) -> str:
    """The filter that a form carries. Raises `UserError` for one that is too long: cut off, it would mean more rows than the
    person saw."""
    query = request.POST.get("query", "")
    if len(query) > LONGEST_QUERY:
        raise UserError(_("The filter is too long."), _("Take some of it away, then try again."))
    return query


def index(request: HttpRequest, place: Place) -> HttpResponse:
    """The exports of the last week."""
    listing = newest(request, Export.objects.filter(kind=place.kind).select_related("asked_by"))
    waits = any(row.state == Export.State.WAITING for row in listing.rows)
    return show(request, "desk/exports/exports.html", {"place": place, "listing": listing, "waits": waits})


def fetch(request: HttpRequest, place: Place, export_id: int) -> HttpResponseBase:
    """The file of an export of this list."""
    export = get_object_or_404(Export, pk=export_id, kind=place.kind, state=Export.State.READY)
    pieces = asking.content_of(export)
    try:  # what is gone, or a store that is away, is told as a page, and not as half a file
        first = next(pieces, b"")
    except StoreAway as error:
        raise UserError(told(error.reason), _("Try again in a moment.")) from error
    # What it holds stands in the entry of who asked for it.
    audit.record(user_of(request), "export.fetched", export, after={"of": export.kind})
    name = f"{place.name}-{export.created_at:%Y-%m-%d-%H%M}"
    response = _file(chain((first,), pieces), Export.Form(export.form), name)
    response["Content-Length"] = str(export.size)  # so that a browser notices a file that breaks off
    return response


def _file(pieces: Iterable[bytes], form: Export.Form, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(iter(pieces), content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form.value}"'
    return response
