"""Setting up and removing second steps: an app for codes, passkeys, recovery codes. Each is written to the audit trail."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from fido2.webauthn import RegistrationResponse

from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.account.proving import proved
from publisher.desk.page import show
from publisher.desk.signin import machinery, passkeys, throttle
from publisher.desk.signin.login import place_of
from publisher.people import second_step

LONGEST_NAME = 60


@require_http_methods(["GET", "HEAD", "POST"])
@proved
def app(request: HttpRequest) -> HttpResponse:
    """Connect an app that shows codes: scan the picture, type the first code."""
    user = user_of(request)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        return redirect("desk:account")
    if request.method != "POST":
        return _app_form(request, ActivateTOTPForm(user=user))
    who = place_of(request)
    if not throttle.begin_second_step(user.pk, who, now=clock.now()):
        raise UserError(_("Too many tries."), _("Wait a quarter of an hour, then try again."))
    code = "".join(request.POST.get("code", "")[:40].split())
    form = ActivateTOTPForm(user=user, data={"code": code if code.isascii() and code.isdigit() else "-"})
    if not form.is_valid():
        return _app_form(request, form, status=422)
    throttle.second_step_succeeded(user.pk, who)
    with transaction.atomic():
        codes = machinery.connect_app(request, form)
        audit.record(user, "person.mfa_added", user, after={"second_step": "app"})
    return _after_adding(request, _("The app is connected."), codes)


@require_POST
@proved
def remove_app(request: HttpRequest) -> HttpResponse:
    """Disconnect the app."""
    found = get_object_or_404(Authenticator, user=user_of(request), type=Authenticator.Type.TOTP)
    _remove(request, found, "app")
    messages.success(request, _("The app is disconnected."))
    return redirect("desk:account")


@require_http_methods(["GET", "HEAD", "POST"])
@proved
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Let the browser make a passkey, and keep its public half."""
    user = user_of(request)
    if request.method != "POST":
        return _passkey_form(request)
    name = request.POST.get("name", "").replace("\0", "").strip()[:LONGEST_NAME]
    credential = passkeys.readable(request.POST.get("credential", ""), RegistrationResponse)
    form = AddWebAuthnForm(user=user, data={"name": name or _("Passkey"), "credential": credential})
    if not form.is_valid():
        return _passkey_form(
            request, name=name, error=_("The browser made no passkey. Try again."), status=422
        )
    with transaction.atomic():
        codes = machinery.add_passkey(
            request, name=form.cleaned_data["name"], credential=form.cleaned_data["credential"]
        )
        audit.record(
            user,
            "person.mfa_added",
            user,
            after={"second_step": "passkey", "called": form.cleaned_data["name"]},
        )
    return _after_adding(request, _("The passkey is added."), codes)


@require_http_methods(["GET", "HEAD", "POST"])
@proved
def passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Rename one, or (`remove` in the form) remove it."""
    found = get_object_or_404(
        Authenticator, user=user_of(request), type=Authenticator.Type.WEBAUTHN, pk=passkey_id
    )
    if request.method != "POST":
        return show(request, "desk/account/passkey.html", {"passkey": found, "error": ""})
    if "remove" in request.POST:
        _remove(request, found, "passkey")
        messages.success(request, _("The passkey is removed."))
        return redirect("desk:account")
    name = request.POST.get("name", "").replace("\0", "").strip()[:LONGEST_NAME]
    form = EditWebAuthnForm(instance=found, data={"name": name})
    if not form.is_valid():
        values = {"passkey": found, "error": _("A passkey needs a name.")}
        return show(request, "desk/account/passkey.html", values, status=422)
    form.save()
    messages.success(request, _("The passkey is renamed."))
    return redirect("desk:account")


@require_POST
@proved
def make_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes; the old ones are dead."""
    user = user_of(request)
    if not second_step.has(user):
        raise UserError(
            _("Recovery codes stand in for a second step, and you have none."),
            _("Set up an app or a passkey first."),
        )
    with transaction.atomic():
        machinery.make_codes(request)
        audit.record(user, "person.recovery_codes_made", user)
    return redirect("desk:account-codes")


@require_GET
@proved
def codes(request: HttpRequest) -> HttpResponse:
    """The codes, shown once."""
    found, may_see = machinery.see_codes(request)
    if found is None:
        raise Http404
    if not may_see:
        messages.warning(
            request, _("Recovery codes are shown once only. Make new ones if you have lost them.")
        )
        return redirect("desk:account")
    return show(request, "desk/account/codes.html", {"codes": found.get_unused_codes()})


def _app_form(request: HttpRequest, form: Any, *, status: int = 200) -> HttpResponse:
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(user_of(request), form.secret))
    values = {
        "secret": " ".join(form.secret[at : at + 4] for at in range(0, len(form.secret), 4)),
        "picture": "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode(),
        "error": _("This code does not fit. Type the one that the app shows now.") if status != 200 else "",
        "must_have": second_step.must_have(user_of(request), settings.REQUIRE_MFA),
    }
    return show(request, "desk/account/app.html", values, status=status)


def _passkey_form(
    request: HttpRequest, *, name: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    options = passkeys.plain(machinery.new_passkey_question(user_of(request)))
    values = {"options": options, "name": name, "error": error}
    return show(request, "desk/account/passkey_add.html", values, status=status)


def _after_adding(request: HttpRequest, text: str, codes: Authenticator | None) -> HttpResponse:
    messages.success(request, text)
    return redirect("desk:account-codes" if codes else "desk:account")


def _remove(request: HttpRequest, found: Authenticator, kind: str) -> None:
    """Refused where it is the last one of somebody whose role needs one."""
    user = user_of(request)
    others = Authenticator.objects.filter(user=user, type__in=second_step.REAL).exclude(pk=found.pk)
    if second_step.must_have(user, settings.REQUIRE_MFA) and not others.exists():
        raise UserError(
            _("Your role needs a second step, and this is your last one."), _("Set up another one first.")
        )
    with transaction.atomic():
        machinery.remove(request, found)
        audit.record(user, "person.mfa_removed", user, after={"second_step": kind, "called": str(found)})
