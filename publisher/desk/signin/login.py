"""The first step at sign-in, by password or passkey, and logging out."""

from __future__ import annotations

import logging
from typing import cast

from allauth.account.authentication import get_authentication_records
from allauth.account.utils import perform_login
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from fido2.webauthn import AuthenticationResponse

from publisher.core import clock
from publisher.core.visitor import Visitor, visitor
from publisher.desk.signin import half_way, machinery, passkeys, throttle
from publisher.desk.signin.pages import TOO_MANY, WRONG, login_form, safe_target
from publisher.people.passwords import LONGEST
from publisher.people.permissions import SEE_DESK

log = logging.getLogger(__name__)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The form, and the login itself. What went wrong is never told apart: name, password or a closed account."""
    target = safe_target(request)
    if request.method in ("GET", "HEAD"):
        if request.user.is_authenticated and request.user.has_perm(SEE_DESK):
            return redirect(target)
        return login_form(request, target)
    name, password = (
        request.POST.get("username", "").replace("\0", "")[:150],
        request.POST.get("password", "")[:LONGEST],
    )
    who = place_of(request)
    if not throttle.begin(name, who, now=clock.now()):
        log.warning("login.throttled", extra={"address": who.address})
        return login_form(request, target, name=name, error=TOO_MANY, status=429)
    user = auth.authenticate(request, username=name, password=password)
    if user is None:
        log.info("login.failed", extra={"address": who.address})
        return login_form(request, target, name=name, error=WRONG, status=422)
    throttle.succeeded(name, who)
    end_earlier(request)
    machinery.note_password(request, user)
    return cast(HttpResponse, perform_login(request, user, redirect_url=target))


@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey alone: GET gives the browser its question, POST takes the answer."""
    target = safe_target(request)
    if request.method == "GET":
        half_way.be_brief(request)
        return JsonResponse(passkeys.plain(machinery.passkey_question(None)))
    who = place_of(request)
    if not throttle.begin("passkey", who, now=clock.now()):
        return login_form(request, target, error=TOO_MANY, status=429)
    credential = passkeys.readable(request.POST.get("credential", ""), AuthenticationResponse)
    form = LoginWebAuthnForm(data={"credential": credential})
    if not form.is_valid():
        log.info("login.passkey_failed", extra={"address": who.address})
        return login_form(request, target, error=_("This passkey is not known here. Try again."), status=422)
    if not passkeys.checked_its_person(credential):
        error = _(
            "This passkey did not check who you are. Sign in with your password; it then serves as the second step."
        )
        return login_form(request, target, error=error, status=422)
    throttle.succeeded("passkey", who)
    authenticator = form.cleaned_data["credential"]
    if not authenticator.user.is_active:
        return login_form(request, target, error=WRONG, status=422)
    end_earlier(request)
    form.save()
    return cast(HttpResponse, perform_login(request, authenticator.user, redirect_url=target))


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    auth.logout(request)
    return redirect("desk:login")


def end_earlier(request: HttpRequest) -> None:
    """Whoever signs in over another sign-in begins afresh: no step that somebody took before counts for them."""
    if get_authentication_records(request) or request.user.is_authenticated:
        auth.logout(request)


def place_of(request: HttpRequest) -> Visitor:
    """From where the request comes."""
    return visitor(request, proxies=settings.ENVIRONMENT.proxies)
