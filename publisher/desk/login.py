"""Login and logout."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from publisher.core import clock
from publisher.core.visitor import visitor
from publisher.desk import throttle
from publisher.desk.page import show

log = logging.getLogger(__name__)

WRONG = "This name and password do not belong together. Try again."
TOO_MANY = "Too many tries. Wait a quarter of an hour, then try again."
LONGEST = 1000  # hashing a password of megabytes would be a way to keep us busy


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The form, and the login itself. What went wrong is never told apart: name, password or a closed account."""
    target = _safe_target(request)
    if request.method in ("GET", "HEAD"):
        if request.user.is_authenticated and request.user.is_staff:
            return redirect(target)
        return _form(request, target)
    name, password = (
        request.POST.get("username", "").replace("\0", "")[:150],
        request.POST.get("password", "")[:LONGEST],
    )
    who = visitor(request, proxies=settings.ENVIRONMENT.proxies)
    address = who.address
    if not throttle.begin(name, who, now=clock.now()):
        log.warning("login.throttled", extra={"address": address})
        return _form(request, target, name=name, error=TOO_MANY, status=429)
    user = auth.authenticate(request, username=name, password=password)
    if user is None:
        log.info("login.failed", extra={"address": address})
        return _form(request, target, name=name, error=WRONG, status=422)
    throttle.succeeded(name, who)
    auth.login(request, user)
    log.info("login", extra={"user_id": user.pk})
    return redirect(target)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    auth.logout(request)
    return redirect("desk:login")


def _form(
    request: HttpRequest, target: str, *, name: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    values = {"target": target, "name": name, "error": error}
    return show(request, "desk/login.html", values, status=status)


def _safe_target(request: HttpRequest) -> str:
    """Where to go after the login: an address of this host, else the start. Never somebody else's site."""
    given = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        given, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return given if allowed else reverse("desk:home")
