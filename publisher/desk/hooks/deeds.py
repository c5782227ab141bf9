"""What a person does to a webhook: switch, test, replay, a new secret, remove."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery.consequences import Consequence
from publisher.desk.access import user_of
from publisher.desk.account.proving import proved
from publisher.desk.hooks import views
from publisher.desk.log.asking import is_sure
from publisher.desk.page import show
from publisher.hooks import asking, endpoints
from publisher.hooks.models import Endpoint, Message


@require_POST
def switch(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """On or off, as the button said."""
    endpoint = _found(endpoint_id)
    on = request.POST.get("on") == "yes"
    endpoints.switch(endpoint.pk, on=on, user=user_of(request), now=clock.now())
    said = _("%(name)s is on.") if on else _("%(name)s is off. What happens meanwhile is not told later.")
    messages.success(request, said % {"name": endpoint.name})
    return redirect("desk:webhook", endpoint.pk)


@require_POST
@proved
def rotate(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """A new secret; it stands on the answer and nowhere else."""
    endpoint, secret = endpoints.rotate(_found(endpoint_id).pk, user=user_of(request), now=clock.now())
    return show(request, "desk/hooks/made.html", {"endpoint": endpoint, "secret": secret, "is_new": False})


@require_POST
def test(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Send it a test; the page of the message says what came of it."""
    endpoint = _found(endpoint_id)
    try:
        row = asking.send_test(endpoint.pk, user=user_of(request), now=clock.database_now())
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
        return redirect("desk:webhook", endpoint.pk)
    messages.success(request, _("The test is on its way. Load this page again in a moment."))
    return redirect("desk:webhook-message", endpoint.pk, row.pk)


@require_POST
def replay(request: HttpRequest, endpoint_id: int, message_id: int) -> HttpResponse:
    """Send one message again."""
    endpoint = _found(endpoint_id)
    row = get_object_or_404(Message, pk=message_id, endpoint=endpoint)
    try:
        asking.replay(endpoint.pk, row.pk, user=user_of(request), now=clock.database_now())
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}")
    else:
        messages.success(request, _("It is sent again. Load this page again in a moment."))
    return redirect("desk:webhook-message", endpoint.pk, row.pk)


@require_POST
def replay_since(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Send again everything since a time, or what was given up."""
    endpoint = _found(endpoint_id)
    typed = request.POST.get("since", "")[:40]
    try:
        count = asking.replay_since(
            endpoint.pk,
            since=_moment(typed),
            failed_only=request.POST.get("which", "failed") != "all",
            user=user_of(request),
            now=clock.database_now(),
        )
    except UserError as error:
        return views.page(request, endpoint, error=f"{error.message} {error.hint}", since=typed, status=422)
    said = ngettext("%(num)s message is sent again.", "%(num)s messages are sent again.", count)
    messages.success(request, said % {"num": count})
    return redirect("desk:webhook", endpoint.pk)


@require_POST
def remove(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Remove it, once the person has read what that means."""
    endpoint = _found(endpoint_id)
    if not is_sure(request):
        facts = (
            _("It is told nothing more, and what waits for it is not sent."),
            _("Its log goes with it. This cannot be undone."),
        )
        context = {
            "about": Consequence(_("Remove %(name)s?") % {"name": endpoint.name}, facts, 1),
            "carried": {"sure": "yes"},
            "yes": _("Yes, remove it"),
            "back": reverse("desk:webhook", args=[endpoint.pk]),
            "danger": True,
        }
        return show(request, "desk/ask.html", context)
    endpoints.remove(endpoint.pk, user=user_of(request), now=clock.now())
    messages.success(request, _("%(name)s was removed.") % {"name": endpoint.name})
    return redirect("desk:webhooks")


def _found(endpoint_id: int) -> Endpoint:
    endpoint: Endpoint = get_object_or_404(endpoints.shown(), pk=endpoint_id)
    return endpoint


def _moment(typed: str) -> datetime:
    """A local time in the viewer's zone. Raises UserError."""
    try:
        at = parse_datetime(typed)
    except ValueError:
        at = None
    if at is None:
        raise UserError(_("This is not a time."), _("Choose a day and a time."))
    try:
        return at if at.tzinfo else timezone.make_aware(at)
    except (ValueError, OverflowError):
        raise UserError(_("This is not a time."), _("Choose a day and a time.")) from None
