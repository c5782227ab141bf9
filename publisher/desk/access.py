"""Who may open a page of the desk. Each view in `urls.py` is wrapped by exactly one of these; a test walks them all."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from publisher.core.errors import UserError
from publisher.desk.page import show

View = Callable[..., HttpResponseBase]

ZONE_COOKIE = "desk_zone"


def anyone(view: View) -> View:
    """Open to all: only the login."""
    return _page(view, "anyone")


def staff(view: View) -> View:
    """Open to accounts with `is_staff`."""
    return _page(view, "staff")


def admins(view: View) -> View:
    """Open to superusers."""
    return _page(view, "admins")


def user_of(request: HttpRequest) -> User:
    """The signed-in person, in a view that only such a person reaches."""
    return cast(User, request.user)


def _page(view: View, access: str) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(viewer_zone(request)):
            response = _refusal(request, access)
            if response is None:
                try:
                    response = view(request, *args, **kwargs)
                except UserError as error:
                    response = show(request, "desk/problem.html", {"error": error}, status=400)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    guarded.access = access  # type: ignore[attr-defined]  # read by the permission test
    return guarded


def _refusal(request: HttpRequest, access: str) -> HttpResponseBase | None:
    if access == "anyone":
        return None
    user = request.user
    if not user.is_authenticated:
        return _to_login(request)
    allowed = user.is_superuser if access == "admins" else user.is_staff
    return None if allowed else show(request, "desk/forbidden.html", {"access": access}, status=403)


def _to_login(request: HttpRequest) -> HttpResponseBase:
    """A form that was posted cannot be repeated after the login, so that one comes back to the start."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("desk:login")})
    target = request.get_full_path() if request.method == "GET" else reverse("desk:home")
    return redirect_to_login(target, login_url=reverse("desk:login"))


def viewer_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The zone that the viewer's browser named (desk.js sets the cookie), else UTC."""
    try:
        return zoneinfo.ZoneInfo(request.COOKIES.get(ZONE_COOKIE, "UTC").replace("%2F", "/"))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")
