"""API keys: made here, shown once, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.account.proving import proved
from publisher.desk.badges import Badge
from publisher.desk.page import show, unknown
from publisher.desk.paging import newest
from publisher.people import api_keys
from publisher.people.models import ApiKey
from publisher.people.permissions import PERMISSIONS, codename

ENDS: Final = (
    ("30", gettext_lazy("in 30 days")),
    ("90", gettext_lazy("in 90 days")),
    ("365", gettext_lazy("in a year")),
    ("", gettext_lazy("never")),
)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All keys, and the form for a new one."""
    return _list(request)


@require_POST
@proved
def make(request: HttpRequest) -> HttpResponse:
    """Make one; its secret stands on the answer and nowhere else."""
    user, now = user_of(request), clock.now()
    name, scopes, days = (
        request.POST.get("name", ""),
        request.POST.getlist("scope"),
        request.POST.get("days", ""),
    )
    try:
        ends = _end(days, now)
        key, secret = api_keys.make(
            name, scopes, user=user, held=api_keys.held_by(user), expires_at=ends, now=now
        )
    except UserError as error:
        typed: dict[str, object] = {"name": name[:100], "scopes": scopes, "days": days}
        return _list(request, error=error, typed=typed, status=422)
    return show(request, "desk/keys/made.html", {"key": key, "secret": secret})


@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """End one at once."""
    try:
        key = api_keys.revoke(key_id, user=user_of(request), now=clock.now())
    except ApiKey.DoesNotExist:
        raise UserError(_("There is no such key."), _("Look at the list again.")) from None
    messages.success(request, _("The key %(name)s is revoked.") % {"name": key.name})
    return redirect("desk:api-keys")


def state_of(key: ApiKey, now: datetime) -> Badge:
    """Whether the key still opens anything."""
    if key.revoked_at:
        return Badge(_("Revoked"), "quiet", "dash")
    if key.expires_at and key.expires_at <= now:
        return Badge(_("Ended"), "quiet", "dash")
    if not key.created_by.is_active:
        return Badge(_("Owner’s account closed"), "warn", "triangle")
    return Badge(_("Active"), "good", "check")


def _end(days: str, now: datetime) -> datetime | None:
    if unknown({"days": days}, days=ENDS):
        raise UserError(_("Choose when the key ends."), _("No key was made."))
    return now + timedelta(days=int(days)) if days else None


def _list(
    request: HttpRequest,
    *,
    error: UserError | None = None,
    typed: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    held = api_keys.held_by(user_of(request))
    now = clock.now()
    values = {
        "listing": newest(request, ApiKey.objects.select_related("created_by")),
        "state_of": lambda key: state_of(key, now),
        "lives": lambda key: api_keys.lives(key, now),
        "shown_prefix": api_keys.shown_prefix,
        "scopes": [(codename(name), label) for name, label in PERMISSIONS.items() if name in held],
        "ends": ENDS,
        "error": error,
        "typed": typed or {"name": "", "scopes": [], "days": "365"},
    }
    return show(request, "desk/keys/keys.html", values, status=status)
