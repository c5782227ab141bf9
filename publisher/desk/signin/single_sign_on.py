"""Signing in through an OpenID Connect provider: there (authorization code with PKCE), and back with a checked ID token.

django-allauth trusts an ID token that came over TLS; here its signature, audience, issuer, age and nonce are always checked.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from typing import Any, Final, cast

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET
from requests import RequestException

from publisher.desk.signin import half_way
from publisher.desk.signin.login import end_earlier
from publisher.desk.signin.machinery import STATES_KEY
from publisher.desk.signin.pages import NOT_VIA_PROVIDER, login_form, safe_target

log = logging.getLogger(__name__)

NONCE_KEY: Final = "desk_sso_nonce"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a public key only: one with the client's secret, or none at all, would be no proof."""
AGAIN: Final = "again."
"""How the nonce of a sign-in begins by which somebody who is in shows once more who they are."""
LEEWAY: Final = 60
NEEDED: Final = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class CheckedAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Talks to the provider; says OAuth2Error for whatever it answers that is not as it must be."""

    @property
    def openid_config(self) -> dict[str, Any]:
        found = super().openid_config
        if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in NEEDED):
            raise OAuth2Error("The provider's description of itself is incomplete.")
        if found["issuer"].rstrip("/") != settings.OIDC:
            raise OAuth2Error("The provider calls itself by another name than PUBLISHER_OIDC.")
        return found

    def get_callback_url(self, _request: HttpRequest, _app: SocialApp) -> str:
        return f"{settings.BASE_URL}{reverse('desk:sso-callback')}"

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **given: Any) -> Any:
        """The person of the ID token. What only the user-info address tells (some keep the mail address there) is added."""
        claims = self._checked(app, str(given["response"].get("id_token") or ""))
        nonce = request.session.pop(NONCE_KEY, "")
        if not nonce or not hmac.compare_digest(nonce.encode(), str(claims.get("nonce", "")).encode()):
            raise OAuth2Error("The ID token was not made for this sign-in.")
        if nonce.startswith(AGAIN) and not _fresh(claims.get("auth_time")):
            raise OAuth2Error("The provider did not ask anew who it is.")
        if "email" not in claims and "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("The user-info address tells of somebody else.")
            # Whether an address is verified is said by whoever tells the address.
            claims = {**more, **claims, "email_verified": more.get("email_verified")}
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _checked(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """The claims of a good ID token. Raises OAuth2Error."""
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=self._key(jwt.get_unverified_header(id_token)),
                algorithms=list(ALGORITHMS),
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise OAuth2Error(f"The ID token is not good: {type(error).__name__}.") from error
        if "azp" in claims and claims["azp"] != app.client_id:
            raise OAuth2Error("The ID token was made for another client.")
        return claims

    def _key(self, header: dict[str, Any]) -> Any:
        """The provider's key with which the token says that it was signed; the only one when it does not say."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        named = [key for key in keys if key.key_id == header.get("kid")] if header.get("kid") else keys
        if len(named) != 1 or header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidTokenError("no such key")
        return named[0].key


class CheckedProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """Uses `CheckedAdapter` for the way there, too."""

    oauth2_adapter_class = CheckedAdapter

    def get_oauth2_adapter(self, request: HttpRequest) -> CheckedAdapter:
        return CheckedAdapter(request, self.app.provider_id)


@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider, with a state, a nonce and a PKCE challenge that only this session knows.

    With `again` the provider is asked to have the person show anew who they are (`account/proving.py`).
    """
    target = safe_target(request)
    adapter = _adapter(request)
    half_way.be_brief(request)
    again = "again" in request.GET and request.user.is_authenticated
    request.session[NONCE_KEY] = nonce = f"{AGAIN if again else ''}{secrets.token_urlsafe(32)}"
    asked = {"nonce": nonce}
    if again:
        asked |= {"prompt": "login", "max_age": str(settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)}
    provider = CheckedProvider(request, app=adapter.get_provider().app)
    try:
        answer = provider.redirect(request, process="login", next_url=target, auth_params=asked)
    except (RequestException, OAuth2Error) as error:
        log.warning("single_sign_on.unreachable", extra={"reason": str(error)[:300]})
        return login_form(request, target, error=NOT_VIA_PROVIDER, status=502)
    return cast(HttpResponse, answer)


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    states = request.session.get(STATES_KEY) or {}
    if request.GET.get("state", "") in states:  # else anybody could log people out by a link
        nonce = request.session.get(NONCE_KEY, "")
        end_earlier(request)
        request.session[NONCE_KEY], request.session[STATES_KEY] = nonce, states
    return cast(HttpResponse, OAuth2CallbackView.adapter_view(_adapter(request))(request))


def _fresh(auth_time: Any) -> bool:
    """Whether the person showed the provider lately who they are. One that does not say when is believed: it was asked to ask."""
    if not isinstance(auth_time, int | float):
        return True
    return time.time() - auth_time <= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + LEEWAY


def _adapter(request: HttpRequest) -> CheckedAdapter:
    if not settings.OIDC:
        raise Http404
    return CheckedAdapter(
        request, settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["provider_id"]
    )
