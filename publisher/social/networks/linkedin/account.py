"""Is a LinkedIn token good, how long still, and whose is it? Asks LinkedIn; `token.py` counts the days."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from publisher.core.errors import ChannelDown, Rejected, Retry
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, Standing
from publisher.social.networks.linkedin.errors import error_of
from publisher.social.networks.linkedin.payload import author
from publisher.social.networks.linkedin.token import ends_at, moment
from publisher.social.networks.linkedin.wire import Wire, address

OAUTH = "https://www.linkedin.com"
NEEDED = "w_organization_social"


def verified(account: Account) -> Standing:
    """The page's name, and when the token ends. Raises `ChannelDown`, `Retry`."""
    try:
        page = author(account)
    except Rejected as error:
        raise ChannelDown(error.reason) from error
    wire = Wire(account)
    with publishes_nothing():
        ends = _introspected(wire) or ends_at(account.credentials)
        now = datetime.now(UTC)
        if ends and ends <= now:
            raise ChannelDown(
                gettext_noop(
                    "The access token ended on %(ends)s: make a new one and store it with the channel."
                )
                % {"ends": f"{ends:%Y-%m-%d}"}
            )
        name = _name(wire, page) or account.name
    return Standing(name, credentials_end_at=ends)


def _introspected(wire: Wire) -> datetime | None:
    """When the token ends, as LinkedIn says; None without the app's `client_id` and `client_secret`."""
    credentials = wire.account.credentials
    if not credentials.get("client_id") or not credentials.get("client_secret"):
        return None
    form = {
        "client_id": str(credentials["client_id"]),
        "client_secret": str(credentials["client_secret"]),
        "token": str(credentials.get("access_token") or ""),
    }
    url = address(wire.account.settings.get("oauth"), OAUTH) + "/oauth/v2/introspectToken"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = wire.send("POST", url, content=urlencode(form).encode(), headers=headers, bearer=False)
    if 400 <= answer.status < 500 and answer.status != 429:
        raise ChannelDown(gettext_noop("LinkedIn does not know the app's `client_id` and `client_secret`."))
    if error := error_of(answer, now=datetime.now(UTC)):
        raise error
    said = answer.fields
    if not isinstance(said.get("active"), bool):
        raise Retry(gettext_noop("LinkedIn's answer about the token cannot be read."))
    if not said["active"]:
        state = str(said.get("status") or gettext_noop("no longer valid"))[:40]
        raise ChannelDown(
            gettext_noop("The access token is %(state)s: make a new one and store it with the channel.")
            % {"state": state}
        )
    scopes = str(said.get("scope") or "").replace(",", " ").split()
    if scopes and NEEDED not in scopes:
        raise ChannelDown(
            gettext_noop("The access token may not post for a page: make one with the permission %(needed)s.")
            % {"needed": NEEDED}
        )
    return moment(said.get("expires_at")) if isinstance(said.get("expires_at"), int) else None


def _name(wire: Wire, page: str) -> str:
    """The page's name; "" when this token may not ask for it, which posting does not need."""
    answer = wire.ask("GET", f"/rest/organizations/{page.rpartition(':')[2]}")
    if answer.status == 403:
        return ""
    if answer.status == 404:
        raise ChannelDown(
            gettext_noop("LinkedIn knows no page of this number: check the setting `organization`.")
        )
    if error := error_of(answer, now=datetime.now(UTC)):
        raise error
    name = answer.fields.get("localizedName")
    if not isinstance(name, str):
        raise Retry(gettext_noop("LinkedIn's answer about the page cannot be read."))
    return name
