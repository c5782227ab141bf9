"""“My account”: what a person sees and changes of themselves."""

from __future__ import annotations

import zoneinfo

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.account.proving import is_proved, to_prove
from publisher.desk.page import show
from publisher.desk.signin import cookies, throttle
from publisher.desk.signin.login import place_of
from publisher.desk.signin.pages import TOO_MANY, typed_twice
from publisher.people import passwords, preferences, second_step, sessions
from publisher.people.persons import profile_of
from publisher.people.roles import role_of


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _page(request)


@require_POST
def prefer(request: HttpRequest) -> HttpResponse:
    """Language and zone: kept for every browser, and in this one from the next page on."""
    language, zone = request.POST.get("language", ""), request.POST.get("zone", "").replace("\0", "").strip()
    try:
        profile = preferences.prefer(user_of(request), language=language, zone=zone)
    except UserError as error:
        return _page(
            request, wrong={"preferences": error}, typed={"language": language, "zone": zone}, status=422
        )
    messages.success(request, _("Your preferences are saved."))
    response = redirect("desk:account")
    cookies.keep_preferences(response, profile)
    return response


@sensitive_post_parameters("old", "new", "again")
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """All other sessions end; this one stays. Who has no password to type here proves otherwise who they are."""
    user, who = user_of(request), place_of(request)
    if not user.has_usable_password() and not is_proved(request):
        return to_prove(request)
    if not throttle.begin_second_step(user.pk, who, now=clock.now()):
        return _page(request, wrong={"password": UserError(str(TOO_MANY))}, status=429)
    try:
        new = typed_twice(request, "new", "again")
        passwords.change(
            user,
            old=request.POST.get("old", ""),
            new=new,
            now=clock.now(),
            session_key=request.session.session_key or "",
        )
    except UserError as error:
        return _page(request, wrong={"password": error}, status=422)
    throttle.second_step_succeeded(user.pk, who)
    update_session_auth_hash(request, user)
    messages.success(request, _("Your password is changed. All other sessions are over."))
    return redirect("desk:account")


@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out in one other browser."""
    if sessions.end_one(session_id, user=user_of(request)):
        messages.success(request, _("The session is over."))
    else:
        messages.warning(request, _("That session was over already."))
    return redirect("desk:account")


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    user, key = user_of(request), request.session.session_key or ""
    count = sessions.end_all(user, actor=user, now=clock.now(), but=key)
    text = ngettext("%(num)s other session is over.", "%(num)s other sessions are over.", count)
    messages.success(request, text % {"num": count})
    return redirect("desk:account")


def _page(
    request: HttpRequest,
    *,
    wrong: dict[str, UserError] | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = user_of(request)
    profile, role = profile_of(user), role_of(user)
    steps = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((step for step in steps if step.type == Authenticator.Type.RECOVERY_CODES), None)
    values = {
        "role": role,
        "app": next((step for step in steps if step.type == Authenticator.Type.TOTP), None),
        "passkeys": [step for step in steps if step.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "must_set_up": second_step.is_missing(user),
        "must_have": second_step.must_have(user, settings.REQUIRE_MFA),
        "sessions": sessions.of(user, now=clock.now()),
        "this_session": request.session.session_key,
        "browser": sessions.browser,
        "chosen": typed or {"language": profile.language, "zone": profile.zone},
        "zones": sorted(zoneinfo.available_timezones()),
        "wrong": wrong or {},
        "secure": request.is_secure() or request.get_host().partition(":")[0] == "localhost",
    }
    return show(request, "desk/account/account.html", values, status=status)
