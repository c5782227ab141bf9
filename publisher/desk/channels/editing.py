"""Making a channel, changing its rules, and switching it on and off."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import ValidationError

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.access import user_of
from publisher.desk.channels import form
from publisher.desk.conflicts import conflict
from publisher.desk.page import show
from publisher.items.models import Kind, Topic
from publisher.schedule.models import Schedule
from publisher.social import setting_up
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.networks.base import Grade, Network, Priced
from publisher.social.notes import of_channel


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The empty form; a channel that was made goes on to its access."""
    if request.method != "POST":
        values = form.values_of(None)
        first = Schedule.objects.order_by("name").first()
        return _page(
            request,
            None,
            values | {"network": request.GET.get("network", ""), "schedule": first.name if first else ""},
        )
    values = form.sent(request.POST)
    try:
        channel = setting_up.create(form.read(values), user=user_of(request), now=clock.now())
    except ValidationError as error:
        return _page(request, None, values, wrong=form.wrong_in(error), status=422)
    except UserError as error:
        return _page(request, None, values, error=error, status=422)
    messages.success(request, _("%(name)s was made. Now connect its account.") % {"name": channel.name})
    return redirect("desk:channel-access", channel.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The rules of one channel."""
    channel = get_object_or_404(Channel.objects.select_related("schedule"), pk=channel_id)
    if request.method != "POST":
        return _page(request, channel, form.values_of(channel))
    values = form.sent(request.POST)
    try:
        wanted = form.read(values, network=channel.network)
        setting_up.change(
            channel.pk, wanted, user=user_of(request), version=version_of(request), now=clock.now()
        )
    except ValidationError as error:
        return _page(request, channel, values, wrong=form.wrong_in(error), status=422)
    except setting_up.Stale as error:
        channel.refresh_from_db()
        return _page(request, channel, values, error=error, stale=True, status=409)
    except UserError as error:
        return _page(request, channel, values, error=error, status=422)
    messages.success(request, _("%(name)s was saved.") % {"name": values["name"]})
    return redirect(f"{reverse('desk:channels')}#channel-{channel.pk}")


@require_POST
def switch(request: HttpRequest, channel_id: int) -> HttpResponse:
    """On or off, as `on` says."""
    on = request.POST.get("on") == "yes"
    try:
        channel = setting_up.switch(
            channel_id, on=on, user=user_of(request), version=version_of(request), now=clock.now()
        )
    except setting_up.Stale as error:
        return stale(request, channel_id, error)
    said = (
        _("%(name)s is on.")
        if on
        else _("%(name)s is off: nothing new is drafted for it, and nothing leaves.")
    )
    messages.success(request, said % {"name": channel.name})
    return redirect(f"{reverse('desk:channels')}#channel-{channel.pk}")


def stale(request: HttpRequest, channel_id: int, error: UserError) -> HttpResponse:
    """409, with who changed the channel."""
    channel = get_object_or_404(Channel, pk=channel_id)
    address = reverse("desk:channel-edit", args=[channel.pk])
    return conflict(request, channel, url=address, message=error.message, hint=error.hint)


def version_of(request: HttpRequest) -> int:
    """The version that the person saw; 0, which none has, where the form lost it."""
    return number_in(request.POST.get("version", "")) or 0


def _page(
    request: HttpRequest,
    channel: Channel | None,
    values: form.Values,
    *,
    wrong: dict[str, str] | None = None,
    error: UserError | None = None,
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    wrong = defaultdict(str, wrong or {})
    if isinstance(error, setting_up.WrongField):
        wrong[error.field] = f"{error.message} {error.hint}".strip()
    context: dict[str, Any] = {
        "channel": channel,
        "values": values,
        "wrong": wrong,
        "error": error,
        "stale": stale,
        "now_values": form.values_of(channel) if stale else None,
        "networks": networks(),
        "schedule_choices": [
            (each.name, f"{each.name} ({each.zone})") for each in Schedule.objects.order_by("name")
        ],
        "kinds": Kind.choices,
        "topics": Topic.objects.filter(retired=False),
        "priced": channel is None or isinstance(registry.networks().get(channel.network), Priced),
        "notes": of_channel(channel) if channel else [],
    }
    return show(request, "desk/channels/form.html", context, status=status)


def networks() -> list[dict[str, str]]:
    """The networks to choose from, each with how sure it is that a post appears once."""
    rows = []
    for name, network in registry.networks().items():
        if registry.by_hand(name):
            grade = Grade.BY_HAND.value
        elif isinstance(network, Network):
            grade = network.grade.value
        else:
            grade = _("Drafts only: Publisher cannot send there yet.")
        rows.append({"name": name, "label": network.label, "grade": grade})
    return rows
