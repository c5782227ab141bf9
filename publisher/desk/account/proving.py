"""Proving again who one is, before something that an unattended browser must not give away."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from publisher.core import audit, clock
from publisher.desk.access import user_of
from publisher.desk.page import show
from publisher.desk.signin import machinery, throttle
from publisher.desk.signin.login import place_of
from publisher.desk.signin.pages import TOO_MANY, safe_target
from publisher.desk.signin.second_step import AgainForm, answer_of, ways_of
from publisher.people.passwords import LONGEST

View = Callable[..., HttpResponse]


def proved(view: View) -> View:
    """Only for who signed in, or proved it again, within ten minutes; others do so first.

    A form that was posted too late leads to “My account”, where it is a click away.
    """

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_proved(request):
            return view(request, *args, **kwargs)
        return to_prove(request)

    return asked


def is_proved(request: HttpRequest) -> bool:
    """Whether somebody showed who they are within ten minutes, in whatever way.

    Not asked of django-allauth, which takes whoever has neither password nor second step here for proved for ever.
    """
    taken = get_authentication_records(request)
    return bool(taken) and time.time() - taken[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def to_prove(request: HttpRequest, target: str = "") -> HttpResponse:
    """To the page that asks; from there to `target`, else back here, or after a form to “My account”."""
    if not target:
        target = request.get_full_path() if request.method == "GET" else reverse("desk:account")
    return redirect(f"{reverse('desk:account-prove')}?{urlencode({'next': target})}")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """By password, by a code, or by a passkey; or at the provider, by a sign-in there."""
    if request.method != "POST":
        return _form(request)
    user, who = user_of(request), place_of(request)
    if not throttle.begin_second_step(user.pk, who, now=clock.now()):
        return _form(request, error=TOO_MANY, status=429)
    password = request.POST.get("password", "")[:LONGEST]
    if password and user.check_password(password):
        machinery.note_password(request, user, again=True)
    elif password:
        return _wrong(request)
    else:
        form = answer_of(request, user, AgainForm, ReauthenticateWebAuthnForm)
        if not form.is_valid():
            return _wrong(request)
        form.save()
    throttle.second_step_succeeded(user.pk, who)
    return redirect(safe_target(request))


def came_by_provider(user: User) -> bool:
    """Whether the person is linked to the provider of today, and can show there who they are."""
    today = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["provider_id"]
    return bool(SocialAccount.objects.filter(user_id=user.pk, provider=today).exists())


def _wrong(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    audit.record(user, "person.proof_failed", user, after={"from_address": place_of(request).address})
    return _form(request, error=_("That was not right. Try again."), status=422)


def _form(request: HttpRequest, *, error: object = "", status: int = 200) -> HttpResponse:
    user = user_of(request)
    ways = ways_of(user)
    values = {
        "error": error,
        "target": safe_target(request),
        "has_password": user.has_usable_password(),
        "provider": settings.OIDC_LABEL if settings.OIDC and came_by_provider(user) else "",
        **ways,
    }
    return show(request, "desk/account/prove.html", values, status=status)
