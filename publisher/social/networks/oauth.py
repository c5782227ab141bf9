"""How a person gives Publisher access to an account by the network's own pages (OAuth): what a folder's `oauth.py` brings.

`begin` gives the page to go to, and what the second half needs; `finish` turns what the network sends back into accounts to
choose from. Whoever calls them keeps the `state`, knows whose browser it is, and stores the result (`social/connecting.py`).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from publisher.core.errors import ChannelDown, OtherSideError, UserError
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account
from publisher.social.networks.fields import Field
from publisher.social.networks.wire import Request, ask, time_left

SECONDS = 20.0
"""Of one request: a person waits for it."""


class NotGiven(UserError):
    """The network gave no access: the message says why, the hint what to do."""


@dataclass(frozen=True)
class Begun:
    """`url`: the network's page that asks the person. `kept` survives JSON and is secret."""

    url: str
    kept: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Offer:
    """An account that the access is good for. `name` is "" where only the check of the credentials tells it."""

    name: str
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


class OAuth(Protocol):
    """One network's way. `app` are the keys of our application there, by the names of `app_fields`."""

    @property
    def app_fields(self) -> tuple[Field, ...]:
        """The keys that a person enters once; none where Publisher registers itself at the account's server."""

    def begin(self, account: Account, app: Mapping[str, str], *, back: str, state: str) -> Begun:
        """Where to send the person, who comes back to the address `back` with `state`. Raises `NotGiven`, `OtherSideError`."""

    def finish(
        self,
        account: Account,
        app: Mapping[str, str],
        *,
        back: str,
        kept: Mapping[str, Any],
        answer: Mapping[str, str],
    ) -> tuple[Offer, ...]:
        """The accounts, one or more. `answer` is the query that came back. Raises `NotGiven`, `OtherSideError`."""


@runtime_checkable
class Connecting(Protocol):
    """Of a network that has such pages."""

    @property
    def oauth(self) -> OAuth:
        """Its way."""


def oauth_of(network: object) -> OAuth | None:
    """The network's way; None where credentials are copied by hand only."""
    return network.oauth if isinstance(network, Connecting) else None


def proof_key() -> tuple[str, str]:
    """PKCE (RFC 7636): the verifier to keep, and its challenge S256 to send."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def page(base: str, **query: str) -> str:
    """The network's page with what it must be told."""
    return f"{base}?{urlencode(query)}"


def code_in(answer: Mapping[str, str]) -> str:
    """The code that came back. Raises `NotGiven` with the network's reason where there is none."""
    if answer.get("error") in ("access_denied", "user_cancelled_login", "user_cancelled_authorize"):
        raise denied()
    if answer.get("error"):
        said = (answer.get("error_description") or answer["error"])[:200]
        raise NotGiven(
            _("The network gave no access: %(reason)s") % {"reason": said}, _("Press Connect again.")
        )
    code = answer.get("code", "")
    if not code or len(code) > 4000:
        raise NotGiven(_("The network’s answer holds no code."), _("Press Connect again."))
    return code


def denied() -> NotGiven:
    """The person said no."""
    return NotGiven(
        _("Access was not given: somebody pressed Cancel on the network’s page."),
        _("Press Connect again to give it. The channel has what it had before."),
    )


def lacks(scopes: list[str]) -> NotGiven:
    """The person left out a right that posting needs."""
    return NotGiven(
        _("The access lacks the right %(scopes)s.") % {"scopes": ", ".join(scopes)},
        _("Press Connect again, and leave every right ticked that the network’s page shows."),
    )


def exchanged(
    url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """POST a form; the JSON object of a success. Raises `NotGiven` where the network refuses, `OtherSideError` for no answer."""
    answer = ask(Request("POST", url, headers or {}, form=form), until=time_left(SECONDS))
    found = answer.json() or {}
    if answer.status >= 400:
        raise refusal(answer)
    return found


def refusal(answer: Answer) -> NotGiven:
    """What a refused exchange means (RFC 6749, 5.2). Its text is the network's, which is not told our secrets back."""
    found = answer.json() or {}
    error = found.get("error")
    if isinstance(error, dict):  # as Facebook says it
        said, code = str(error.get("message") or ""), str(error.get("code") or "")
    else:
        said, code = str(found.get("error_description") or ""), str(error or "")
    if code == "invalid_grant" or "expired" in said.lower():
        return NotGiven(
            _("The code from the network is no longer good: it lasts some minutes, and works once."),
            _("Press Connect again."),
        )
    if code in ("invalid_client", "unauthorized_client"):
        return NotGiven(
            _("The network does not know our application, or its secret."),
            _("Enter the keys of the application again, under Connect."),
        )
    told = " ".join((said or code or f"HTTP {answer.status}").split())[:200]
    return NotGiven(_("The network gave no access: %(reason)s") % {"reason": told}, _("Press Connect again."))


def server_of(settings: Mapping[str, Any], name: str, usual: str) -> str:
    """The address of a server in the channel's settings, without a slash at its end. Raises `ChannelDown`."""
    url = str(settings.get(name) or usual).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ChannelDown(
            gettext_noop("The channel's setting `%(name)s` must be the address of a server.") % {"name": name}
        )
    return url


def no_answer(error: OtherSideError) -> NotGiven:
    """The network could not be asked."""
    return NotGiven(
        _("The network could not be asked: %(reason)s") % {"reason": error.reason},
        _("Try again in some minutes."),
    )
