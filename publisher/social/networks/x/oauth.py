"""Connecting an account on X: OAuth 1.0a in three steps, since that is what `wire.py` signs with. Its tokens do not expire.

After docs.x.com, “3-legged OAuth flow”: POST oauth/request_token, GET oauth/authorize, POST oauth/access_token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.social.networks.base import Account
from publisher.social.networks.fields import Field
from publisher.social.networks.oauth import SECONDS, Begun, NotGiven, Offer, denied, page, refusal, server_of
from publisher.social.networks.wire import Request, ask, time_left

HOST = "https://api.twitter.com"
"""What requests are signed for, also where the channel's `api_url` leads elsewhere."""
_KEY = r"[\x21-\x7e]{5,200}"


@dataclass(frozen=True)
class XOAuth:
    """See `OAuth`."""

    app_fields: tuple[Field, ...] = field(
        default=(
            Field(
                "consumer_key",
                gettext_lazy("API key"),
                secret=True,
                required=True,
                pattern=_KEY,
                example="xvz1evFS4…",
            ),
            Field(
                "consumer_secret",
                gettext_lazy("API key secret"),
                secret=True,
                required=True,
                pattern=_KEY,
                example="kAcSOqF21Fu8…",
            ),
        )
    )

    def begin(self, account: Account, app: Mapping[str, str], *, back: str, state: str) -> Begun:
        there = server_of(account.settings, "api_url", HOST)
        callback = f"{back}?{urlencode({'state': state})}"
        given = _signed(there, "/oauth/request_token", app, callback=callback)
        if given.get("oauth_callback_confirmed") != "true":
            raise NotGiven(
                _("X did not confirm the address to come back to."),
                _("Add %(address)s to the app’s callback addresses at developer.x.com.") % {"address": back},
            )
        url = page(f"{there}/oauth/authorize", oauth_token=given["oauth_token"], force_login="true")
        return Begun(url, {"token": given["oauth_token"], "token_secret": given["oauth_token_secret"]})

    def finish(
        self,
        account: Account,
        app: Mapping[str, str],
        *,
        back: str,  # noqa: ARG002 - said with the first request
        kept: Mapping[str, Any],
        answer: Mapping[str, str],
    ) -> tuple[Offer, ...]:
        if answer.get("denied"):
            raise denied()
        verifier = answer.get("oauth_verifier", "")
        if not verifier or answer.get("oauth_token") != kept["token"]:
            raise NotGiven(_("X’s answer belongs to another request."), _("Press Connect again."))
        there = server_of(account.settings, "api_url", HOST)
        given = _signed(
            there,
            "/oauth/access_token",
            app,
            token=str(kept["token"]),
            token_secret=str(kept["token_secret"]),
            verifier=verifier,
        )
        credentials = {
            **{name: app[name] for name in ("consumer_key", "consumer_secret")},
            "access_token": given["oauth_token"],
            "access_token_secret": given["oauth_token_secret"],
        }
        return (Offer("", credentials),)


def _signed(
    there: str,
    path: str,
    app: Mapping[str, str],
    *,
    callback: str | None = None,
    token: str | None = None,
    token_secret: str | None = None,
    verifier: str | None = None,
) -> dict[str, str]:
    """A signed POST; the fields of its answer, with a token among them. Raises `NotGiven`, `OtherSideError`."""
    from oauthlib.oauth1 import Client  # noqa: PLC0415 - large, and needed here only

    client = Client(
        app["consumer_key"],
        app["consumer_secret"],
        resource_owner_key=token,
        resource_owner_secret=token_secret,
        callback_uri=callback,
        verifier=verifier,
    )
    _url, headers, _body = client.sign(HOST + path, "POST")
    answer = ask(Request("POST", there + path, headers), until=time_left(SECONDS))
    if answer.status == 401:
        raise NotGiven(
            _("X does not take the keys of the app, or the code is no longer good."),
            _("Press Connect again; if it happens again, enter the app’s keys anew."),
        )
    if answer.status >= 400:
        raise refusal(answer)
    given = {name: values[-1] for name, values in parse_qs(answer.body.decode("utf-8", "replace")).items()}
    if not given.get("oauth_token") or not given.get("oauth_token_secret"):
        raise NotGiven(_("X’s answer holds no token."), _("Press Connect again."))
    return given


OAUTH = XOAuth()
