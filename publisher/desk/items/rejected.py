"""Entries that were refused: the list and the page of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from publisher.desk.content import payload_text
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import latest
from publisher.items import rejections
from publisher.items.models import Origin, Rejection
from publisher.items.refusals import told_reason


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All refused entries, the latest first."""
    wanted = asked(request, "q", "origin")
    errors = unknown(wanted, origin=Origin.choices)
    rows = rejections.with_beginning(Rejection.objects.none() if errors else Rejection.objects.all())
    if wanted["q"]:
        rows = rows.filter(source_name__icontains=wanted["q"])
    if wanted["origin"]:
        rows = rows.filter(origin=wanted["origin"])
    context = {
        "listing": latest(request, rows, "last_at"),
        "wanted": wanted,
        "errors": errors,
        "filtered": any(wanted.values()),
        "origins": Origin.choices,
        "beginning": rejections.beginning,
        "told_of": told_of,
    }
    return show(request, "desk/items/rejected.html", context, status=422 if errors else 200)


@require_GET
def detail(request: HttpRequest, rejection_id: int) -> HttpResponse:
    """One refused entry: why, what to do, and what came, as text."""
    row = get_object_or_404(Rejection, pk=rejection_id)
    context = {"row": row, "reason": told_of(row), "payload": payload_text(bytes(row.payload))}
    return show(request, "desk/items/rejection.html", context)


def told_of(row: Rejection) -> str:
    """Why it was refused, in the reader's language."""
    return told_reason(row.code, row.reason, row.fields)
