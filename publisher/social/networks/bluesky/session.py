"""An account's login, kept encrypted between processes: a PDS lets nobody log in more than 30 times in five minutes.

What is kept is good for the very service, name and password that it was made with: other credentials begin anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.core.crypto import fingerprint
from publisher.core.errors import ChannelDown
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account

SERVICE = "https://bsky.social"
"""The entryway to Bluesky's own servers: it passes each request on to the account's."""


@dataclass(frozen=True)
class Login:
    """Where and as whom: `service` is the PDS's base address."""

    service: str
    identifier: str
    password: str = field(repr=False)

    @property
    def mark(self) -> str:
        """By which a session is known to belong to it."""
        return fingerprint("\0".join((self.service, self.identifier, self.password))).hex()


@dataclass(frozen=True)
class Session:
    """The account's permanent name (DID), its handle, the token for requests (two hours), the one that renews both (months)."""

    did: str
    handle: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)


def login_of(account: Account) -> Login:
    """Raises `ChannelDown` when the channel lacks something."""
    identifier = str(account.credentials.get("identifier") or "").strip().removeprefix("@")
    password = str(account.credentials.get("app_password") or "")
    if not identifier or not password:
        raise ChannelDown(
            gettext_noop(
                "The channel needs an `identifier` (such as office.example.org) and an "
                "`app_password`: make one in Bluesky's settings."
            )
        )
    service = str(account.settings.get("service") or SERVICE).strip().rstrip("/")
    return Login(service, identifier, password)


def stored(session: Session, login: Login) -> dict[str, str]:
    """What is kept."""
    return {
        "login": login.mark,
        "did": session.did,
        "handle": session.handle,
        "access": session.access,
        "refresh": session.refresh,
    }


def session_in(kept: Mapping[str, object], login: Login) -> Session | None:
    """The session in what was kept; None when there is none for this login."""
    if kept.get("login") != login.mark:
        return None
    return Session(*(str(kept.get(name) or "") for name in ("did", "handle", "access", "refresh")))
