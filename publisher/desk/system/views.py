"""The page that says of every part of the service how it is, and what to do about what is red."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.delivery.pulse import looking
from publisher.delivery.pulse.judging import Health, Part
from publisher.delivery.pulse.looking import Group
from publisher.desk.page import is_htmx, show
from publisher.feedback import health


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The whole page; for htmx, which asks every few seconds, what changes of it."""
    groups = health.everything(clock.now())
    context = {
        "groups": groups,
        "bad": _of(groups, Health.BAD),
        "warn": _of(groups, Health.WARN),
        "versions": looking.versions(),
    }
    return show(
        request, "desk/system/_parts.html" if is_htmx(request) else "desk/system/system.html", context
    )


def _of(groups: list[Group], health: Health) -> list[Part]:
    """Each once: a server that is away is told by every group that asks it."""
    return list(dict.fromkeys(part for group in groups for part in group.parts if part.health is health))
