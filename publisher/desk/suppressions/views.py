"""The suppression list: the addresses that nothing is sent to, why, since when, and until when."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.audience import by_staff
from publisher.audience.models import Erased, Subscriber, Suppression
from publisher.audience.suppressing.searching import EXPIRIES, SOURCES, Search, report_of
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.masking import masked
from publisher.core.models import AuditEntry
from publisher.desk.access import forbidden, user_of
from publisher.desk.page import show
from publisher.desk.paging import newest
from publisher.feedback.models import Report
from publisher.people.permissions import SEE_ADDRESSES

HISTORY = 20


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, last added first. Looking for an address needs the right to see addresses."""
    search, sees = Search.of(request.GET), user_of(request).has_perm(SEE_ADDRESSES)
    if search.given["email"] and not sees:
        return forbidden(request, SEE_ADDRESSES)
    now = clock.now()
    context = {
        "listing": newest(request, search.rows(now=now)),
        "wanted": search.given,
        "filtered": not search.is_empty,
        "errors": search.errors,
        "reasons": Suppression.Reason.choices,
        "sources": SOURCES.items(),
        "expiries": EXPIRIES.items(),
        "erased": Erased.objects.count(),
        "sees": sees,
        "shown": masked,
        "now": now,
    }
    return show(request, "desk/suppressions/suppressions.html", context, status=422 if search.errors else 200)


@require_GET
def detail(request: HttpRequest, suppression_id: int) -> HttpResponse:
    """One entry: its evidence, and what has been done with it."""
    return _page(request, get_object_or_404(Suppression, pk=suppression_id))


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Put one address on the list. What was typed stays, whatever is refused."""
    typed = {name: request.POST.get(name, "")[:2000] for name in ("email", "evidence", "until")}
    if request.method != "POST":
        return show(request, "desk/suppressions/new.html", {"typed": typed, "error": None})
    now = clock.now()
    try:
        row = by_staff.suppress(
            typed["email"],
            evidence=_reason(typed["evidence"]),
            until=_end_of(typed["until"]),
            user=user_of(request),
            now=now,
        )
    except UserError as error:
        return show(request, "desk/suppressions/new.html", {"typed": typed, "error": error}, status=422)
    said = _("It is on the list.") if row.at == now else _("It was on the list already, and stays as it was.")
    messages.success(request, said)
    return redirect("desk:suppression", row.pk)


@require_POST
def lift(request: HttpRequest, suppression_id: int) -> HttpResponse:
    """Let it be written to again, with the reason."""
    row = get_object_or_404(Suppression, pk=suppression_id)
    because = request.POST.get("because", "")[:500]
    try:
        by_staff.lift(row.pk, because=because, user=user_of(request), now=clock.now())
    except UserError as error:
        return _page(request, row, error=error, because=because, status=422)
    messages.success(
        request, _("The address may be written to again. Subscriptions that had ended stay ended.")
    )
    return redirect("desk:suppressions")


def _page(
    request: HttpRequest,
    row: Suppression,
    *,
    error: UserError | None = None,
    because: str = "",
    status: int = 200,
) -> HttpResponse:
    sees = user_of(request).has_perm(SEE_ADDRESSES)
    report_id = report_of(row)
    context: dict[str, Any] = {
        "row": row,
        "address": row.email_key if sees else masked(row.email_key),
        "evidence": row.evidence if sees else "",
        "report": Report.objects.filter(pk=report_id).defer("evidence").first() if report_id else None,
        "reader": Subscriber.objects.filter(email_key=row.email_key).first(),
        "sees": sees,
        "error": error,
        "because": because,
        "hard": row.reason in by_staff.HARD,
        "now": clock.now(),
        "history_entries": AuditEntry.objects.filter(
            object_type="suppression", object_id=str(row.pk)
        ).order_by("-pk")[:HISTORY],
    }
    return show(request, "desk/suppressions/suppression.html", context, status=status)


def _reason(evidence: str) -> str:
    if not evidence.strip():
        raise UserError(_("Say why nothing may be sent there."), _("Others will ask."))
    return evidence


def _end_of(day: str) -> datetime | None:
    """The end of a day where the viewer is. Raises UserError."""
    if not day.strip():
        return None
    try:
        found = parse_date(day.strip())
        end = timezone.make_aware(datetime.combine(found, time(23, 59, 59))) if found else None
    except (ValueError, OverflowError):
        end = None
    if end is None:
        raise UserError(_("This is not a day."), _("Choose a day, or leave it empty: for good."))
    return end
