"""The delivery log: the list with its filter, the history of one, and the export."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.delivery import log, mail_doubts, unclear
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.desk.explain import code_meaning, meaning
from publisher.desk.export import csv_lines
from publisher.desk.forms import local_input
from publisher.desk.page import show
from publisher.desk.paging import with_values
from publisher.digests.models import Edition
from publisher.social.models import Channel
from publisher.social.networks import registry

RECENT_EDITIONS = 100


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """One page of the log. What was not understood is said beside its field, and no rows are shown that nobody asked for."""
    wanted = log.LogFilter.from_query(request.GET, zone=timezone.get_current_timezone())
    after = log.Cursor.read(request.GET.get("after", ""))
    page = log.Page((), None) if wanted.errors else log.page(wanted, after)
    names = ("state", "channel", "edition", "address", "from", "to")
    given = {name: request.GET.get(name, "") for name in names}
    context = {
        "page": page,
        "wanted": given
        | {"from": _shown(given["from"], wanted.since), "to": _shown(given["to"], wanted.until)},
        "errors": wanted.errors,
        "filtered": any(given.values()),
        "at_first": after is None,
        "first": with_values(request.GET, after=""),
        "next": with_values(request.GET, after=str(page.next)) if page.next else "",
        "states": State.choices,
        "channels": [(str(channel.pk), channel.name) for channel in Channel.objects.order_by("name")],
        "editions": _editions(given["edition"]),
    }
    return show(request, "desk/deliveries.html", context, status=422 if wanted.errors else 200)


@require_GET
def detail(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """What became of one message, try by try, in plain words."""
    known = Delivery.objects.select_related(
        "edition__digest", "variant", "post__item", "channel", "subscriber"
    )
    row = get_object_or_404(known.defer("variant__html", "variant__text", "variant__message"), pk=delivery_id)
    tries = [(attempt, code_meaning(attempt.code, attempt.enhanced)) for attempt in row.tries.all()]
    was_unclear = any(attempt.outcome == State.UNKNOWN for attempt, _explained in tries)
    context = {
        "row": row,
        "meaning": meaning(row.state, is_mail=row.edition_id is not None, was_unclear=was_unclear),
        **_doubt(row),
        "by_hand": registry.by_hand(row.channel.network) if row.channel else None,
        "code_meaning": code_meaning(row.code, row.enhanced),
        "tries": tries,
        "amendments": row.amendments.order_by("-pk"),
    }
    return show(request, "desk/delivery.html", context)


def _doubt(row: Delivery) -> dict[str, Any]:
    """Why an unclear mail is unclear, and what happens to it next."""
    if row.state != State.UNKNOWN or row.edition is None:
        return {}
    why = unclear.WHY[unclear.cause_of(row.reason)]
    fate = unclear.fate_of(row)
    told = fate.said if row.reason.startswith(why) else f"{why} {fate.said}"
    return {
        "meaning": told,
        "again_by_itself": fate.by_itself,
        "may_send_again": mail_doubts.may(row.edition, arrived=False),
    }


@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The filtered log as CSV (UTF-8 with a byte order mark, times in UTC), streamed while it is read."""
    wanted = log.LogFilter.from_query(request.GET, zone=timezone.get_current_timezone())
    if wanted.errors:
        return index(request)
    response = StreamingHttpResponse(
        csv_lines(log.rows_for_export(wanted)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="deliveries-{clock.now():%Y-%m-%d-%H%M}.csv"'
    return response


def _shown(given: str, understood: datetime | None) -> str:
    """What the field shows again: the time as understood, or what was typed if it was not."""
    return local_input(understood) if understood else given


def _editions(chosen: str) -> list[tuple[str, str]]:
    """The recent editions, and the chosen one even if it is old."""
    rows = list(Edition.objects.select_related("digest").order_by("-pk")[:RECENT_EDITIONS])
    if chosen.isdigit() and len(chosen) < 18 and all(str(row.pk) != chosen for row in rows):
        rows += Edition.objects.select_related("digest").filter(pk=int(chosen))
    return [
        (
            str(row.pk),
            f"{row}, {row.due_at:%Y-%m-%d}" if row.number else f"{row.digest}, {row.due_at:%Y-%m-%d}",
        )
        for row in rows
    ]
