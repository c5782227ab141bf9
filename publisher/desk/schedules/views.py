"""Schedules: when channels may post. A week as a grid to click in, or as lines of times; and what it comes to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of, viewer_zone
from publisher.desk.channels.editing import version_of
from publisher.desk.conflicts import conflict
from publisher.desk.page import show
from publisher.desk.schedules import form
from publisher.desk.schedules.form import WEEKDAYS, Meant
from publisher.schedule import outlook
from publisher.schedule.models import Schedule
from publisher.schedule.writing import Written
from publisher.social import scheduling
from publisher.social.models import Channel

NEXT, HOLIDAYS = 10, 5


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Each schedule with what it allows, who uses it, and its next slots."""
    now = clock.now()
    rows = []
    for schedule in Schedule.objects.annotate(channels=Count("channel")).order_by("name"):
        try:
            slots, problem = outlook.next_slots(schedule.rules(), now=now, count=3), ""
        except UserError as error:
            slots, problem = [], error.message
        rows.append({"schedule": schedule, "slots": slots, "problem": problem})
    return show(request, "desk/schedules/schedules.html", {"rows": rows, "now": now})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The empty form."""
    if request.method != "POST":
        return _page(request, None, form.meant(Written(zone=str(viewer_zone(request)))), wrong_shown=False)
    meant = form.meant(form.sent(request.POST))
    if request.POST.get("then") == "preview" or meant.rules is None:
        return _page(request, None, meant, status=200 if request.POST.get("then") == "preview" else 422)
    try:
        schedule = scheduling.create(
            meant.written.name, meant.read.data, names=meant.read.names, user=user_of(request)
        )
    except UserError as error:
        return _page(request, None, meant, error=error, status=422)
    messages.success(request, _("%(name)s was made.") % {"name": schedule.name})
    return redirect("desk:schedules")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """One schedule. Planned posts whose time it would no longer have are shown before it is saved."""
    schedule = get_object_or_404(Schedule, pk=schedule_id)
    if request.method != "POST":
        return _stored_page(request, schedule)
    meant, now = form.meant(form.sent(request.POST)), clock.now()
    if request.POST.get("then") == "preview" or meant.rules is None:
        return _page(request, schedule, meant, status=200 if request.POST.get("then") == "preview" else 422)
    moves = request.POST.get("moves", "")
    moved = scheduling.affected(schedule, meant.rules, now=now)
    if moved and moves not in ("keep", "reslot"):
        return _page(request, schedule, meant, moved=moved)
    try:
        count = scheduling.change(
            schedule.pk,
            meant.written.name,
            meant.read.data,
            names=meant.read.names,
            user=user_of(request),
            version=version_of(request),
            reslot=moves == "reslot",
            now=now,
        )
    except scheduling.Stale as error:
        schedule.refresh_from_db()
        return _page(request, schedule, meant, error=error, stale=True, status=409)
    except UserError as error:
        return _page(request, schedule, meant, error=error, status=422)
    said = _("%(name)s was saved.") % {"name": meant.written.name}
    if count:
        said += " " + ngettext(
            "%(num)s post waits for a new slot.", "%(num)s posts wait for new slots.", count
        ) % {"num": count}
    messages.success(request, said)
    return redirect("desk:schedules")


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the form comes to, for htmx; nothing is saved."""
    meant = form.meant(form.sent(request.POST))
    return show(request, "desk/schedules/_outlook.html", _outlook(request, meant))


@require_POST
def delete(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Delete one that no channel uses."""
    schedule = get_object_or_404(Schedule, pk=schedule_id)
    try:
        scheduling.delete(schedule.pk, user=user_of(request), version=version_of(request))
    except scheduling.Stale as error:
        address = reverse("desk:schedule", args=[schedule.pk])
        return conflict(request, schedule, url=address, message=error.message, hint=error.hint)
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
        return redirect("desk:schedule", schedule.pk)
    messages.success(request, _("%(name)s was deleted.") % {"name": schedule.name})
    return redirect("desk:schedules")


def _stored_page(request: HttpRequest, schedule: Schedule) -> HttpResponse:
    try:
        written = form.stored(schedule)
    except UserError as error:
        written = Written(name=schedule.name, zone=schedule.zone)
        return _page(request, schedule, form.meant(written), error=error)
    return _page(request, schedule, form.meant(written))


def _page(
    request: HttpRequest,
    schedule: Schedule | None,
    meant: Meant,
    *,
    error: UserError | None = None,
    moved: list[scheduling.Moved] | None = None,
    stale: bool = False,
    wrong_shown: bool = True,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "schedule": schedule,
        "written": meant.written,
        "rows": form.rows_of(meant.written),
        "weekdays": list(enumerate(WEEKDAYS)),
        "zones": sorted(available_timezones()),
        "wrong": defaultdict(str, meant.wrong if wrong_shown else {}),
        "error": error,
        "stale": stale,
        "stored": form.stored(schedule) if stale and schedule else None,
        "moved": moved or [],
        "users": Channel.objects.filter(schedule=schedule).order_by("name") if schedule else [],
        **_outlook(request, meant),
    }
    return show(request, "desk/schedules/schedule.html", context, status=status)


def _outlook(request: HttpRequest, meant: Meant) -> dict[str, Any]:
    """The next slots, holidays and change of the clocks; nothing of them while something is wrong."""
    rules, now = meant.rules, clock.now()
    if rules is None:
        return {"rules": None, "slots": [], "holidays": [], "change": None}
    today = now.astimezone(rules.zone).date()
    return {
        "rules": rules,
        "slots": outlook.next_slots(rules, now=now, count=NEXT),
        "holidays": outlook.next_holidays(rules.holiday_countries, today=today, count=HOLIDAYS),
        "change": outlook.next_clock_change(rules, now=now),
        "same_zone": str(viewer_zone(request)) == rules.zone.key,
    }
