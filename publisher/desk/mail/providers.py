"""What mail providers tell back: the address of each, how to set it up there, what came lately, and what was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery.consequences import Consequence
from publisher.delivery.email.providers import Account
from publisher.delivery.email.setting import read
from publisher.desk.access import user_of
from publisher.desk.account.proving import proved
from publisher.desk.log.asking import is_sure
from publisher.desk.page import show
from publisher.feedback.models import ProviderDoor
from publisher.feedback.webhooks import doors
from publisher.feedback.webhooks.calls import MOST_TRIES
from publisher.feedback.webhooks.proofs import USER
from publisher.feedback.webhooks.table import INTAKES, PASSWORD, name_of

REFUSALS_SHOWN = 5


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every provider that may tell something."""
    now = clock.now()
    context = {
        "rows": [_row(door, now) for door in ProviderDoor.objects.order_by("provider")],
        "present": present(),
        "name_of": name_of,
    }
    return show(request, "desk/mail/providers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@proved
def new(request: HttpRequest) -> HttpResponse:
    """Make an address for a provider. A password that is made for it stands on the answer and nowhere else."""
    given = request.POST if request.method == "POST" else request.GET
    provider = given.get("provider", "") or present()
    if request.method != "POST":
        return _form(request, provider)
    try:
        door, secret = doors.make(
            provider, secret=given.get("secret", "")[:4000], user=user_of(request), now=clock.now()
        )
    except UserError as error:
        return _form(request, provider, error=error)
    return _made(request, door, secret, is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@proved
def secret(request: HttpRequest, door_id: int) -> HttpResponse:
    """Another secret; the former one is good for three days more."""
    door = get_object_or_404(ProviderDoor, pk=door_id)
    if request.method != "POST":
        return _form(request, door.provider, door=door)
    given = request.POST.get("secret", "")[:4000]
    try:
        door, made = doors.rotate(door.pk, secret=given, user=user_of(request), now=clock.now())
    except UserError as error:
        return _form(request, door.provider, door=door, error=error)
    return _made(request, door, made, is_new=False)


@require_POST
def remove(request: HttpRequest, door_id: int) -> HttpResponse:
    """Remove it, once the person has read what that means."""
    door = get_object_or_404(ProviderDoor, pk=door_id)
    name = name_of(door.provider)
    if not is_sure(request):
        facts = (
            _("Its address answers nobody any more: remove it at %(name)s, too.") % {"name": name},
            _("What it told stays. Calls whose events are not taken yet are lost."),
        )
        context = {
            "about": Consequence(_("Remove the address for %(name)s?") % {"name": name}, facts, 1),
            "carried": {"sure": "yes"},
            "yes": _("Yes, remove it"),
            "back": reverse("desk:mail-providers"),
            "danger": True,
        }
        return show(request, "desk/ask.html", context)
    doors.remove(door.pk, user=user_of(request))
    messages.success(request, _("The address for %(name)s was removed.") % {"name": name})
    return redirect("desk:mail-providers")


def present() -> str:
    """The provider that mail leaves by, if it can tell what becomes of it; else empty."""
    try:
        found = read(settings.MAIL) if settings.MAIL else None
    except UserError:
        return ""
    return found.scheme if isinstance(found, Account) and found.scheme in INTAKES else ""


def told() -> dict[str, Any]:
    """For the page of mail servers: the providers that tell something, and the present one if it does not."""
    rows = list(ProviderDoor.objects.order_by("provider"))
    silent = present()
    return {
        "doors": [{"door": door, "name": name_of(door.provider)} for door in rows],
        "silent": name_of(silent) if silent and silent not in {door.provider for door in rows} else "",
    }


def _row(door: ProviderDoor, now: datetime) -> dict[str, Any]:
    return {
        "door": door,
        "name": name_of(door.provider),
        "intake": INTAKES[door.provider],
        "address": doors.address(door),
        "overlaps": door.old_secret_until is not None and door.old_secret_until > now,
        "waiting": door.calls.filter(tries__lt=MOST_TRIES).count(),
        "stuck": door.calls.filter(tries__gte=MOST_TRIES).count(),
        "refusals": door.refusals.order_by("-pk")[:REFUSALS_SHOWN],
        "password": PASSWORD,
    }


def _form(
    request: HttpRequest, provider: str, *, door: ProviderDoor | None = None, error: UserError | None = None
) -> HttpResponse:
    taken = set(ProviderDoor.objects.values_list("provider", flat=True))
    known = provider if provider in INTAKES and (door or provider not in taken) else ""
    context = {
        "door": door,
        "provider": known,
        "name": name_of(known) if known else "",
        "intake": INTAKES[known] if known else None,
        "free": sorted(((each, name_of(each)) for each in INTAKES if each not in taken), key=lambda pair: pair[1]),
        "error": error,
    }  # fmt: skip
    return show(request, "desk/mail/provider_form.html", context, status=422 if error else 200)


def _made(request: HttpRequest, door: ProviderDoor, made: str, *, is_new: bool) -> HttpResponse:
    """The page with the secret; where there is none to show, the list."""
    name = name_of(door.provider)
    if not made:
        said = _("%(name)s can tell Publisher now: enter the address there.") if is_new else _(
            "The new secret of %(name)s is stored. The former one is good for three days more."
        )  # fmt: skip
        messages.success(request, said % {"name": name})
        return redirect("desk:mail-providers")
    context = {
        "name": name,
        "user": USER,
        "secret": made,
        "whole": doors.address(door).replace("://", f"://{USER}:{made}@", 1),
        "is_new": is_new,
    }
    return show(request, "desk/mail/provider_made.html", context)
