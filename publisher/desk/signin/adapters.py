"""What django-allauth asks of the desk: where a sign-in leads, how secrets are kept, who may come in from elsewhere."""

from __future__ import annotations

import logging
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop

from publisher.core import audit, clock, crypto
from publisher.core.visitor import visitor
from publisher.desk.signin import cookies, half_way, pages
from publisher.people import persons, single_sign_on

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in is told to the audit trail; nobody signs up; allauth's own messages are not shown."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return visitor(request, proxies=settings.ENVIRONMENT.proxies).address

    def add_message(self, *_given: Any, **_named: Any) -> None:
        """Our views say what happened, in the desk's words."""

    def send_notification_mail(self, *_given: Any, **_named: Any) -> None:
        """The audit trail tells; nothing of allauth's is mailed."""

    def respond_user_inactive(self, request: HttpRequest, _user: User) -> HttpResponse:
        return pages.login_form(request, "", error=pages.WRONG, status=422)

    def pre_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse | None:
        """Before the second step, if there is one: what is begun here is good for a short while, and for this password only."""
        half_way.begin(request, user)
        refused: HttpResponse | None = super().pre_login(request, user, **given)
        return refused

    def post_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse:
        """After the last step."""
        half_way.end(request)
        response = cast(HttpResponse, super().post_login(request, user, **given))
        how = ", ".join(_method(entry) for entry in get_authentication_records(request))
        audit.record(user, "person.signed_in", user, after={"by_means_of": how})
        log.info("login", extra={"user_id": user.pk})
        cookies.keep_preferences(response, persons.profile_of(user))
        return response


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of the second step are encrypted like all stored credentials."""

    def encrypt(self, text: str) -> str:
        return crypto.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        return user.get_username()

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()

    def can_delete_authenticator(self, _authenticator: Authenticator) -> bool:
        return True


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Decides about people who come from the OpenID Connect provider (`people/single_sign_on.py`)."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        claims = single_sign_on.claims_of(sociallogin.account.extra_data["id_token"])
        linked = sociallogin.user if sociallogin.is_existing else None
        rules = single_sign_on.Rules(
            domains=settings.OIDC_DOMAINS,
            role_claim=settings.OIDC_ROLE_CLAIM,
            roles=settings.OIDC_ROLES,
            unknown_are_viewers=settings.OIDC_UNKNOWN == "viewer",
        )
        try:
            user = single_sign_on.come_in(claims, linked=linked, rules=rules, now=clock.now())
        except single_sign_on.Refused as refused:
            log.info("single_sign_on.refused", extra={"reason": refused.message})
            page = pages.login_form(request, "", error=f"{refused.message} {refused.hint}", status=403)
            raise ImmediateHttpResponse(page) from refused
        if linked is None:
            sociallogin.connect(request, user)

    def on_authentication_error(self, request: HttpRequest, _provider: Any, **given: Any) -> None:
        """Whatever went wrong between the provider and us: the person is told so and can try again."""
        log.warning(
            "single_sign_on.failed", extra={"reason": str(given.get("exception") or given.get("error"))[:300]}
        )
        raise ImmediateHttpResponse(pages.login_form(request, "", error=pages.NOT_VIA_PROVIDER, status=401))


def _method(entry: dict[str, Any]) -> str:
    """How one step was taken, for the trail: password, totp, webauthn, recovery_codes, single sign-on."""
    if entry.get("method") == "socialaccount":
        return gettext_noop("single sign-on")
    return str(entry.get("type") or entry.get("method", ""))
