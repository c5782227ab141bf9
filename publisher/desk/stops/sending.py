"""The page about all sending: whether it stands still, what would leave, and the buttons to stop it, to let it go on, and to
have a mail server that had failed tried at once.

Whoever may stop (`people.stop`) stops; letting it go on and having the mail server tried takes `people.publish`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock, standstill
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.delivery import outage, stopping
from publisher.delivery.outlook import outlook
from publisher.delivery.reslotting import How
from publisher.desk.access import user_of
from publisher.desk.forms import how_of
from publisher.desk.page import show
from publisher.digests.models import Edition
from publisher.people.permissions import PUBLISH, STOP

MAY_STOP, MAY_GO_ON = STOP, PUBLISH
HISTORY = 20
ABOUT = ("standstill", "mail_server")


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What stands, what would leave at once, what waits for a person even then."""
    stands = standstill.current()
    context = {
        "stands": stands,
        "outage": outage.current(),
        "now": clock.now(),
        "ahead": outlook(now=clock.now(), stood_since=stands.since if stands else None),
        "may_stop": user_of(request).has_perm(MAY_STOP),
        "may_go_on": user_of(request).has_perm(MAY_GO_ON),
        "may_try": user_of(request).has_perm(MAY_GO_ON),
        "history_entries": AuditEntry.objects.filter(object_type__in=ABOUT).order_by("-pk")[:HISTORY],
    }
    return show(request, "desk/stops/sending.html", context)


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop everything that leaves."""
    user = user_of(request)
    reason = request.POST.get("reason", "").replace("\0", "")
    try:
        stopping.stop(user=user, by=user.get_username(), reason=reason, now=clock.now())
        messages.success(request, _("Stopped. What a server or network has already taken has left."))
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
    return redirect("desk:sending")


@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """Let it go on, if it is still the standstill that the person saw."""
    user = user_of(request)
    try:
        how = how_of(request, unsaid=How.NEW_SLOTS)
        outcome = stopping.go_on(
            user=user, by=user.get_username(), now=clock.now(), since=_seen(request), how=how
        )
        said = sentences(_("Sending goes on."), outcome.posts.said, too_old(outcome.paused))
        messages.success(request, said)
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
    return redirect("desk:sending")


@require_POST
def try_now(request: HttpRequest) -> HttpResponse:
    """Have the mail server tried at once. `edition`: on whose page the button was."""
    user = user_of(request)
    given = request.POST.get("edition", "")
    edition = get_object_or_404(Edition, pk=number_in(given)) if number_in(given) is not None else None
    try:
        stopping.try_now(user=user, by=user.get_username(), now=clock.now())
        if waits := stopping.not_tried_yet():
            messages.warning(request, waits)
        else:
            messages.success(
                request, _("The mail server is tried now, if mail is due. Look again in a moment.")
            )
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
    return redirect(reverse("desk:edition", args=[edition.pk]) if edition else "desk:sending")


def too_old(editions: Sequence[Edition]) -> str:
    """Which editions did not go on; empty when all did."""
    if not editions:
        return ""
    names = ", ".join(map(str, editions))
    return _("Paused, since their time passed long ago: %(editions)s.") % {"editions": names}


def sentences(*said: str) -> str:
    """In one line, without those that are empty."""
    return " ".join(filter(None, said))


def _seen(request: HttpRequest) -> datetime:
    """When the standstill began that the form showed."""
    try:
        seen = parse_datetime(request.POST.get("since", ""))
    except ValueError:
        seen = None
    if seen is None or seen.tzinfo is None:
        raise UserError(_("It is not clear which standstill shall end."), _("Load the page again."))
    return seen
