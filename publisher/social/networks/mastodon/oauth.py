"""Connecting an account on Mastodon: Publisher registers itself at the account's server, then asks by its page (RFC 6749, 7636).

After docs.joinmastodon.org: POST /api/v1/apps, GET /oauth/authorize, POST /oauth/token. Servers before 4.3 know no proof key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from publisher.social.networks.base import Account
from publisher.social.networks.fields import Field
from publisher.social.networks.oauth import Begun, NotGiven, Offer, code_in, exchanged, lacks, page, proof_key

SCOPES = ("read:accounts", "read:statuses", "write:statuses", "write:media")


@dataclass(frozen=True)
class MastodonOAuth:
    """See `OAuth`."""

    app_fields: tuple[Field, ...] = ()

    def begin(self, account: Account, app: Mapping[str, str], *, back: str, state: str) -> Begun:  # noqa: ARG002 - it registers itself
        server = _server(account)
        made = exchanged(
            f"{server}/api/v1/apps",
            {"client_name": "Publisher", "redirect_uris": back, "scopes": " ".join(SCOPES)},
        )
        client_id, client_secret = str(made.get("client_id") or ""), str(made.get("client_secret") or "")
        if not client_id or not client_secret:
            raise NotGiven(
                _("The Mastodon server’s answer names no application."), _("See that the address is right.")
            )
        verifier, challenge = proof_key()
        url = page(
            f"{server}/oauth/authorize",
            response_type="code",
            client_id=client_id,
            redirect_uri=back,
            scope=" ".join(SCOPES),
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
            force_login="true",
        )
        return Begun(url, {"client_id": client_id, "client_secret": client_secret, "verifier": verifier})

    def finish(
        self,
        account: Account,
        app: Mapping[str, str],  # noqa: ARG002 - it registered itself
        *,
        back: str,
        kept: Mapping[str, Any],
        answer: Mapping[str, str],
    ) -> tuple[Offer, ...]:
        code = code_in(answer)
        given = exchanged(
            f"{_server(account)}/oauth/token",
            {
                "grant_type": "authorization_code",
                "code": code,
                "client_id": str(kept["client_id"]),
                "client_secret": str(kept["client_secret"]),
                "redirect_uri": back,
                "code_verifier": str(kept["verifier"]),
            },
        )
        token = given.get("access_token")
        if not isinstance(token, str) or not token:
            raise NotGiven(_("The Mastodon server’s answer holds no token."), _("Press Connect again."))
        scopes = str(given.get("scope") or "").split()
        if missing := [each for each in SCOPES if not _covered(each, scopes)]:
            raise lacks(missing)
        return (Offer("", {"access_token": token}),)


def _covered(scope: str, given: list[str]) -> bool:
    """`write` covers `write:media`."""
    return scope in given or scope.partition(":")[0] in given


def _server(account: Account) -> str:
    url = str(account.settings.get("url") or "").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise NotGiven(
            _("The channel does not know its server yet."),
            _("Enter the server’s address below and save it, then press Connect."),
        )
    return url


OAUTH = MastodonOAuth()
