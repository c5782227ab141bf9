"""The second step at sign-in: a code of an app, a recovery code, or a passkey."""

from __future__ import annotations

import logging
from typing import Any, cast

from allauth.account.stages import LoginStageController
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from django.contrib import auth
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from fido2.webauthn import AuthenticationResponse

from publisher.core import audit, clock
from publisher.desk.page import show
from publisher.desk.signin import half_way, machinery, passkeys, throttle
from publisher.desk.signin.login import place_of
from publisher.desk.signin.pages import TOO_MANY, safe_target

log = logging.getLogger(__name__)

GOOD_FOR_SECONDS = 120
"""Longer than a code of an app is taken, with the half minutes before and after it that count, too."""


class _Once:
    """A code is taken once. django-allauth forgets after half a minute which were, and takes them for longer."""

    user: User

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]  # of the form beside it
        if not cache.add(f"second-step:{self.user.pk}:{code}", "used", timeout=GOOD_FOR_SECONDS):
            raise get_adapter().validation_error("incorrect_code")
        return code


class FirstTimeForm(_Once, AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """At sign-in."""


class AgainForm(_Once, ReauthenticateForm):  # type: ignore[misc]
    """To prove it again."""


@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Only for who has just given the right password (or came through the provider), for a quarter of an hour."""
    if request.user.is_authenticated:
        return redirect(safe_target(request))
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None or not half_way.stands(request, stage.login.user):
        auth.logout(request)
        return redirect("desk:login")
    user = stage.login.user
    if request.method != "POST":
        return _form(request, user)
    who = place_of(request)
    if not throttle.begin_second_step(user.pk, who, now=clock.now()):
        log.warning("login.second_step_throttled", extra={"user_id": user.pk, "address": who.address})
        return _form(request, user, error=TOO_MANY, status=429)
    form = answer_of(request, user)
    if not form.is_valid():
        audit.record(user, "person.second_step_failed", user, after={"from_address": who.address})
        log.info("login.second_step_failed", extra={"user_id": user.pk, "address": who.address})
        return _form(request, user, error=_("That was not right. Try again."), status=422)
    throttle.second_step_succeeded(user.pk, who)
    form.save()
    return cast(HttpResponse, stage.exit())


def answer_of(
    request: HttpRequest,
    user: User,
    by_code: Any = FirstTimeForm,
    by_passkey: Any = AuthenticateWebAuthnForm,
) -> Any:
    """The form of what was sent: the answer of a passkey, else a code (blanks in it do not count)."""
    if "credential" in request.POST:
        credential = passkeys.readable(request.POST["credential"], AuthenticationResponse)
        return by_passkey(user=user, data={"credential": credential})
    code = "".join(request.POST.get("code", "")[:40].split()).replace("\0", "")
    return by_code(user=user, data={"code": code if code.isascii() else "-"})


def ways_of(user: User) -> dict[str, Any]:
    """What the page offers: a field for codes, and the question for passkeys if the person has any."""
    types = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    has_passkey = Authenticator.Type.WEBAUTHN in types
    return {
        "has_app": Authenticator.Type.TOTP in types,
        "has_codes": Authenticator.Type.RECOVERY_CODES in types,
        "question": passkeys.plain(machinery.passkey_question(user)) if has_passkey else None,
    }


def _form(request: HttpRequest, user: User, *, error: object = "", status: int = 200) -> HttpResponse:
    values = {"error": error, "name": user.get_username(), **ways_of(user)}
    return show(request, "desk/signin/second_step.html", values, status=status)
