"""Who may open a page of the desk. Each view in an area's `urls.py` is wrapped by one of these; a test walks them all."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from publisher.core.errors import UserError
from publisher.desk.page import show
from publisher.people import second_step
from publisher.people.permissions import PERMISSIONS, SEE_DESK

View = Callable[..., HttpResponseBase]

ANYONE = "anyone"
ZONE_COOKIE = "desk_zone"
CHOSEN_ZONE_COOKIE = "desk_chosen_zone"
LANGUAGE_COOKIE = "desk_language"


def anyone(view: View) -> View:
    """Open to all: the login, and what leads to it."""
    return _page(view, ANYONE)


def may(permission: str, view: View) -> View:
    """Open to who has this permission (`people/permissions.py`)."""
    return _page(view, permission)


def own(view: View) -> View:
    """A person's own account: open to who may see the desk, even before they have the second step that their role must have."""
    return _page(view, SEE_DESK, before_second_step=True)


def user_of(request: HttpRequest) -> User:
    """The signed-in person, in a view that only such a person reaches."""
    return cast(User, request.user)


def _page(view: View, access: str, *, before_second_step: bool = False) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(viewer_zone(request)), translation.override(viewer_language(request)):
            response = _refusal(request, access, before_second_step=before_second_step)
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


def _refusal(request: HttpRequest, access: str, *, before_second_step: bool) -> HttpResponseBase | None:
    if access == ANYONE:
        return None
    user = request.user
    if not user.is_authenticated:
        return _to_login(request)
    if not user.has_perm(access):
        return forbidden(request, access)
    if not before_second_step and second_step.is_missing(user):
        return _elsewhere(request, reverse("desk:account"))
    return None


def forbidden(request: HttpRequest, permission: str) -> HttpResponse:
    """403, with what the person may not do; also for a view that finds it out only from the form's fields."""
    return show(request, "desk/forbidden.html", {"needed": PERMISSIONS[permission]}, status=403)


def _to_login(request: HttpRequest) -> HttpResponseBase:
    """A form that was posted cannot be repeated after the login, so that one comes back to the start."""
    if request.headers.get("HX-Request"):
        return _elsewhere(request, reverse("desk:login"))
    target = request.get_full_path() if request.method == "GET" else reverse("desk:home")
    return redirect_to_login(target, login_url=reverse("desk:login"))


def _elsewhere(request: HttpRequest, address: str) -> HttpResponseBase:
    """To another page; where htmx asked for a fragment, the whole page goes there."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return redirect(address)


def viewer_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The zone that the viewer chose, else the one that their browser named (desk.js sets the cookie), else UTC."""
    named = request.COOKIES.get(CHOSEN_ZONE_COOKIE) or request.COOKIES.get(ZONE_COOKIE, "UTC")
    try:
        return zoneinfo.ZoneInfo(named.replace("%2F", "/"))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


def viewer_language(request: HttpRequest) -> str:
    """The language that the viewer chose (`desk:language` sets the cookie), else what the browser asks for, else English."""
    known = dict(settings.LANGUAGES)
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in known else translation.get_language_from_request(request)
