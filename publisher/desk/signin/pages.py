"""The sign-in page, which several ways in lead back to, and where a sign-in leads."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publisher.core.errors import UserError
from publisher.desk.page import show
from publisher.people.passwords import LONGEST

WRONG = _("This name and password do not belong together. Try again.")
TOO_MANY = _("Too many tries. Wait a quarter of an hour, then try again.")
NOT_VIA_PROVIDER = _("Signing in at the provider did not work. Try again, or use your password.")


def login_form(
    request: HttpRequest, target: str, *, name: str = "", error: object = "", status: int = 200
) -> HttpResponse:
    """The page, with what was typed (never the password) and what went wrong."""
    values = {
        "target": target or reverse("desk:home"),
        "name": name,
        "error": error,
        "provider": settings.OIDC_LABEL if settings.OIDC else "",
    }
    return show(request, "desk/signin/login.html", values, status=status)


def typed_twice(request: HttpRequest, first: str, again: str) -> str:
    """A new password that was typed twice. Raises UserError when the two differ."""
    password = request.POST.get(first, "")[:LONGEST]
    if password != request.POST.get(again, "")[:LONGEST]:
        raise UserError(gettext("The two passwords differ."), gettext("Type the same one twice."))
    return password


def safe_target(request: HttpRequest) -> str:
    """Where to go after the login: a path of this host, else the start. Never somebody else's site, nor the name of a view."""
    given = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        given, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return given if allowed and given.startswith("/") else reverse("desk:home")
