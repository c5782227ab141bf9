"""Bringing in a list of others, and what became of the last ones."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from publisher.audience.models import SuppressionImport
from publisher.audience.suppressing import importing
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.page import show
from publisher.desk.paging import newest


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The form, and the imports so far, newest first."""
    if request.method != "POST":
        return _page(request)
    try:
        name, file = _file(request)
        done = importing.import_list(file, name, user=user_of(request), now=clock.now())
    except UserError as error:
        return _page(request, error=error, status=422)
    told = {"added": done.added, "changed": done.changed, "refused": done.refused}
    messages.success(
        request,
        _("%(added)s addresses added, %(changed)s changed; %(refused)s rows could not be used.") % told,
    )
    return redirect("desk:suppression-imports")


@require_GET
def refused(request: HttpRequest, import_id: int) -> HttpResponse:
    """The rows that could not be used, each with its reason, to be mended and brought in again."""
    done = get_object_or_404(SuppressionImport, pk=import_id)
    content = importing.fetched(done, user=user_of(request))
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{done.pk}.csv"'
    return response


def _file(request: HttpRequest) -> tuple[str, BinaryIO]:
    """The chosen file. Raises UserError."""
    file = request.FILES.get("file")
    if file is None or file.file is None:
        raise UserError(_("No file was chosen."), _("Choose a CSV file."))
    if (file.size or 0) > importing.LARGEST:
        raise UserError(
            _("The file is too large to be brought in here."),
            _("Bring it in on the server: publisher suppression import FILE."),
        )
    return (file.name or "")[:200], cast("BinaryIO", file.file)


def _page(request: HttpRequest, *, error: UserError | None = None, status: int = 200) -> HttpResponse:
    listing = newest(request, importing.imports())
    kept = {row.pk for row in listing.rows if row.is_held}
    context = {"listing": listing, "kept": kept, "error": error}
    return show(request, "desk/suppressions/imports.html", context, status=status)
