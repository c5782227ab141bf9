"""The page about all sending: whether it stands still, what would leave, and the buttons to stop it and to let it go on.

Whoever may add a standstill may stop, whoever may delete one may let it go on (Django's permissions of `core.Standstill`).
"""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock, standstill
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import stopping
from publisher.delivery.outlook import outlook
from publisher.desk.access import user_of
from publisher.desk.page import show

MAY_STOP, MAY_GO_ON = "core.add_standstill", "core.delete_standstill"
HISTORY = 20


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What stands, what would leave at once, what waits for a person even then."""
    stands = standstill.current()
    context = {
        "stands": stands,
        "ahead": outlook(now=clock.now(), stood_since=stands.since if stands else None),
        "may_stop": user_of(request).has_perm(MAY_STOP),
        "may_go_on": user_of(request).has_perm(MAY_GO_ON),
        "history_entries": AuditEntry.objects.filter(object_type="standstill").order_by("-pk")[:HISTORY],
    }
    return show(request, "desk/sending.html", context)


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop everything that leaves."""
    user = _with(request, MAY_STOP)
    reason = request.POST.get("reason", "").replace("\0", "")
    try:
        stopping.stop(user=user, by=user.get_username(), reason=reason, now=clock.now())
        messages.success(request, "Stopped. What a server or network has already taken has left.")
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
    return redirect("desk:sending")


@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """Let it go on, if it is still the standstill that the person saw."""
    user = _with(request, MAY_GO_ON)
    try:
        paused = stopping.go_on(user=user, by=user.get_username(), now=clock.now(), since=_seen(request))
        old = f" Paused, since their time passed long ago: {', '.join(map(str, paused))}." if paused else ""
        messages.success(request, f"Sending goes on.{old}")
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
    return redirect("desk:sending")


def _with(request: HttpRequest, permission: str) -> User:
    user = user_of(request)
    if not user.has_perm(permission):
        raise UserError("Your account may not stop sending or let it go on.", "Ask an admin.")
    return user


def _seen(request: HttpRequest) -> datetime:
    """When the standstill began that the form showed."""
    try:
        seen = parse_datetime(request.POST.get("since", ""))
    except ValueError:
        seen = None
    if seen is None or seen.tzinfo is None:
        raise UserError("It is not clear which standstill shall end.", "Load the page again.")
    return seen
