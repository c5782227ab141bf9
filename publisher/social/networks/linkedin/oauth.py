"""Connecting a page on LinkedIn: the authorization code flow, then the pages of which the person is an administrator.

After Microsoft's pages “Authorization Code Flow” and “Organization Access Control”. LinkedIn takes a proof key from native
apps only; here the app's secret and the `state` stand for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.core import clock
from publisher.social.networks.base import Account
from publisher.social.networks.fields import Field
from publisher.social.networks.linkedin.account import NEEDED
from publisher.social.networks.linkedin.account import OAUTH as WWW
from publisher.social.networks.linkedin.errors import error_of
from publisher.social.networks.linkedin.wire import Wire
from publisher.social.networks.oauth import Begun, NotGiven, Offer, code_in, exchanged, lacks, page, server_of

SCOPES = (NEEDED, "r_organization_social", "rw_organization_admin")
MOST_PAGES = 50
_URN = re.compile(r"urn:li:organization:([0-9]{1,20})")


@dataclass(frozen=True)
class LinkedInOAuth:
    """See `OAuth`."""

    app_fields: tuple[Field, ...] = field(
        default=(
            Field("client_id", gettext_lazy("Client ID"), required=True),
            Field("client_secret", gettext_lazy("Client secret"), secret=True, required=True),
        )
    )

    def begin(self, account: Account, app: Mapping[str, str], *, back: str, state: str) -> Begun:
        url = page(
            server_of(account.settings, "oauth", WWW) + "/oauth/v2/authorization",
            response_type="code",
            client_id=app["client_id"],
            redirect_uri=back,
            state=state,
            scope=" ".join(SCOPES),
        )
        return Begun(url)

    def finish(
        self,
        account: Account,
        app: Mapping[str, str],
        *,
        back: str,
        kept: Mapping[str, Any],  # noqa: ARG002 - nothing is kept
        answer: Mapping[str, str],
    ) -> tuple[Offer, ...]:
        given = exchanged(
            server_of(account.settings, "oauth", WWW) + "/oauth/v2/accessToken",
            {
                "grant_type": "authorization_code",
                "code": code_in(answer),
                "client_id": app["client_id"],
                "client_secret": app["client_secret"],
                "redirect_uri": back,
            },
        )
        token = given.get("access_token")
        if not isinstance(token, str) or not token:
            raise NotGiven(_("LinkedIn’s answer holds no token."), _("Press Connect again."))
        scopes = str(given.get("scope") or "").replace(",", " ").split()
        if scopes and NEEDED not in scopes:
            raise lacks([NEEDED])
        credentials = {
            "access_token": token,
            "issued_at": int(clock.now().timestamp()),
            **({"expires_in": given["expires_in"]} if isinstance(given.get("expires_in"), int) else {}),
            **app,
        }
        wire = Wire(Account(0, account.name, credentials, account.settings))
        pages = _pages(wire)
        if not pages:
            raise NotGiven(
                _("This person is no administrator of a page on LinkedIn."),
                _("Sign in there as one who is, and press Connect again."),
            )
        return tuple(
            Offer(_name(wire, number) or number, credentials, {"organization": number}) for number in pages
        )


def _pages(wire: Wire) -> list[str]:
    """The numbers of the pages that the person administers."""
    answer = wire.ask("GET", f"/rest/organizationAcls?q=roleAssignee&state=APPROVED&count={MOST_PAGES}")
    if error := error_of(answer, now=datetime.now(UTC)):
        raise error
    rows = answer.fields.get("elements")
    found: list[str] = []
    for row in rows if isinstance(rows, list) else []:
        role = row.get("role") if isinstance(row, dict) else ""
        urn = _URN.fullmatch(str(row.get("organization") or "")) if isinstance(row, dict) else None
        if (
            urn
            and role in ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN")
            and urn[1] not in found
        ):
            found.append(urn[1])
    return found


def _name(wire: Wire, number: str) -> str:
    """The page's name; "" where LinkedIn does not tell it."""
    answer = wire.ask("GET", f"/rest/organizations/{number}")
    name = answer.fields.get("localizedName") if answer.status < 400 else None
    return str(name)[:200] if isinstance(name, str) else ""


OAUTH = LinkedInOAuth()
