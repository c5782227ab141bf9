"""What came back: the list of reports with its filter, one report with the rule that decided and its evidence."""

from __future__ import annotations

import re
import zlib

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from publisher.audience.models import Suppression
from publisher.core import audit
from publisher.delivery.models import Delivery
from publisher.desk.access import user_of
from publisher.desk.forms import local_input
from publisher.desk.page import show
from publisher.desk.paging import newest
from publisher.desk.reports.searching import CHOICES, Search
from publisher.digests.models import Digest
from publisher.feedback.models import Report

SHOWN_BYTES = 60_000
"""Of the evidence; the file has it whole."""
LONGEST_EVIDENCE = 2_000_000
HIDDEN = "…"
# What acts in a reader's name: the token of a link, of an address to leave by, of a return path.
_TOKENS = re.compile(
    r"(?<=/[upe]/)[0-9a-z]+\.[0-9a-z]+~[\w-]{20,64}|(?<=\+)[0-9a-z]+(?:-[0-9a-z]+)?-[a-z2-7]{16}\b",
    re.IGNORECASE,
)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Reports, newest first."""
    search = Search.of(request.GET, timezone.get_current_timezone())
    rows = search.rows()
    shown = {name: local_input(at) for name in ("from", "to") if (at := search.moment(name))}
    context = {
        "listing": newest(request, rows),
        "wanted": search.given | shown,
        "filtered": not search.is_empty,
        "errors": search.errors,
        **{f"{name}s": choices for name, choices in CHOICES.items()},
    }
    return show(request, "desk/reports/reports.html", context, status=422 if search.errors else 200)


@require_GET
def detail(request: HttpRequest, report_id: int) -> HttpResponse:
    """One report: what it says, what followed and by which rule, and what it was read from."""
    report = get_object_or_404(Report, pk=report_id)
    known = Delivery.objects.select_related("edition__digest")
    text = _evidence(report).decode("utf-8", "replace")
    others = Report.objects.defer("evidence").exclude(pk=report.pk).filter(address_key=report.address_key)
    context = {
        "report": report,
        "delivery": known.filter(pk=report.delivery_id).first() if report.delivery_id else None,
        "digest": Digest.objects.filter(pk=report.digest_id).first() if report.digest_id else None,
        "suppression": Suppression.objects.filter(email_key=report.address_key).first(),
        "evidence": _TOKENS.sub(HIDDEN, text[:SHOWN_BYTES]),
        "size": len(text.encode()),
        "is_cut": len(text) > SHOWN_BYTES,
        "others": others.order_by("-pk")[:10] if report.address_key else [],
    }
    return show(request, "desk/reports/report.html", context)


@require_POST
def evidence(request: HttpRequest, report_id: int) -> HttpResponse:
    """The evidence as a file. By POST, since it is written down who took it: links in it may act in a reader's name."""
    report = get_object_or_404(Report, pk=report_id)
    data = _evidence(report)
    if not data:
        raise Http404
    audit.record(user_of(request), "report.taken", report)
    response = HttpResponse(data, content_type="application/octet-stream")
    ending = "json" if data.lstrip()[:1] in (b"{", b"[") else "eml"
    response["Content-Disposition"] = f'attachment; filename="report-{report.pk}.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _evidence(report: Report) -> bytes:
    if report.evidence is None:
        return b""
    try:
        return zlib.decompressobj().decompress(bytes(report.evidence), LONGEST_EVIDENCE)
    except zlib.error:
        return b""
