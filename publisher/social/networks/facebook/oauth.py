"""Connecting a page on Facebook: a person logs in, the code becomes their long-lived token, and that gives each page its own.

After developers.facebook.com, “Manually Build a Login Flow” and “Get a Page Access Token”.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.social.networks.base import Account
from publisher.social.networks.facebook.wire import API, VERSION
from publisher.social.networks.fields import Field
from publisher.social.networks.oauth import (
    SECONDS,
    Begun,
    NotGiven,
    Offer,
    code_in,
    exchanged,
    page,
    proof_key,
    refusal,
    server_of,
)
from publisher.social.networks.wire import Request, ask, time_left

WWW = "https://www.facebook.com"
SCOPES = ("pages_show_list", "pages_manage_posts", "pages_read_engagement", "pages_manage_engagement")
MOST_PAGES = 100
LONGEST = 1024 * 1024


@dataclass(frozen=True)
class FacebookOAuth:
    """See `OAuth`."""

    app_fields: tuple[Field, ...] = field(
        default=(
            Field("app_id", gettext_lazy("App ID"), required=True),
            Field("app_secret", gettext_lazy("App secret"), secret=True, required=True),
        )
    )

    def begin(self, account: Account, app: Mapping[str, str], *, back: str, state: str) -> Begun:
        verifier, challenge = proof_key()
        url = page(
            f"{server_of(account.settings, 'www', WWW)}/{_version(account)}/dialog/oauth",
            client_id=app["app_id"],
            redirect_uri=back,
            state=state,
            response_type="code",
            scope=",".join(SCOPES),
            code_challenge=challenge,
            code_challenge_method="S256",
        )
        return Begun(url, {"verifier": verifier})

    def finish(
        self,
        account: Account,
        app: Mapping[str, str],
        *,
        back: str,
        kept: Mapping[str, Any],
        answer: Mapping[str, str],
    ) -> tuple[Offer, ...]:
        graph = f"{server_of(account.settings, 'api', API)}/{_version(account)}"
        ours = {"client_id": app["app_id"], "client_secret": app["app_secret"]}
        code = {"code": code_in(answer), "redirect_uri": back, "code_verifier": str(kept["verifier"])}
        short = _token(exchanged(f"{graph}/oauth/access_token", {**ours, **code}))
        longer = {"grant_type": "fb_exchange_token", "fb_exchange_token": short}
        person = _token(exchanged(f"{graph}/oauth/access_token", {**ours, **longer}))
        offers = tuple(
            Offer(name, {"access_token": token, **app}, {"page": number})
            for number, name, token in _pages(graph, person, app["app_secret"])
        )
        if not offers:
            raise NotGiven(
                _("This person may not create content on any page that was chosen."),
                _("Press Connect again, and tick the page on Facebook’s own page."),
            )
        return offers


def _pages(graph: str, token: str, secret: str) -> list[tuple[str, str, str]]:
    """Number, name and token of each page on which the person may create content."""
    proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    url = page(
        f"{graph}/me/accounts",
        fields="id,name,access_token,tasks",
        limit=str(MOST_PAGES),
        appsecret_proof=proof,
    )
    request = Request("GET", url, {"Authorization": f"Bearer {token}"})
    answer = ask(request, until=time_left(SECONDS), longest=LONGEST)
    if answer.status >= 400:
        raise refusal(answer)
    rows = (answer.json() or {}).get("data")
    return [
        (str(row.get("id")), str(row.get("name") or row.get("id"))[:200], str(row["access_token"]))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("access_token") and "CREATE_CONTENT" in (row.get("tasks") or ())
    ]


def _token(given: Mapping[str, Any]) -> str:
    token = given.get("access_token")
    if not isinstance(token, str) or not token:
        raise NotGiven(_("Facebook’s answer holds no token."), _("Press Connect again."))
    return token


def _version(account: Account) -> str:
    return str(account.settings.get("graph_version") or VERSION)


OAUTH = FacebookOAuth()
