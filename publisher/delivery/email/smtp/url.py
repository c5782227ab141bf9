"""The address of a mail server as people write it in `PUBLISHER_MAIL`, and as the client uses it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal, cast, get_args
from urllib.parse import urlsplit

from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop
from publisher.delivery.email import urls

StartTLS = Literal["auto", "required", "off"]
Auth = Literal["auto", "plain", "login", "xoauth2"]

HINT: Final = "Example: smtp://user:password@mail.example.org:587?starttls=required"
OAUTH_HINT: Final = "Example: smtp://user:REFRESH_TOKEN@mail.example.org?auth=xoauth2&token_url=https://…&client_id=…&client_secret=…"
PORTS: Final = {"smtp": 25, "smtps": 465}
SUBMISSION_PORT: Final = 587
OPTIONS: Final = {
    "starttls": get_args(StartTLS),
    "verify": ("on", "off"),
    "ca": (),
    "cert": (),
    "helo": (),
    "auth": get_args(Auth),
    "token_url": (),
    "client_id": (),
    "client_secret": (),
    "scope": (),
}
OAUTH_OPTIONS: Final = ("token_url", "client_id", "client_secret", "scope")
# A host name, or an address in brackets (RFC 5321 section 4.1.3).
_GREETING = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)*[A-Za-z0-9-]{1,63}|\[(?:IPv6:)?[0-9A-Fa-f.:]+\])\Z"
)


@dataclass(frozen=True)
class OAuth:
    """Where access tokens come from: for a refresh token (the password of the address), or without one for the client itself."""

    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scope: str = ""


@dataclass(frozen=True)
class MailServer:
    """Where mail goes.

    `starttls` auto: when offered. No password leaves without TLS, unless `starttls` is off or the host is this one.
    `ca`, `cert`: files in PEM, the authorities that may vouch for the server, and our certificate with its key. `helo`: the
    name to greet with. `auth` auto: PLAIN or LOGIN, as offered; with xoauth2 the password is an access token, or what `oauth`
    gets one for.
    """

    host: str
    port: int
    implicit_tls: bool = False
    starttls: StartTLS = "auto"
    verify: bool = True
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    ca: str = ""
    cert: str = ""
    helo: str = ""
    auth: Auth = "auto"
    oauth: OAuth | None = None

    @property
    def may_login_in_clear(self) -> bool:
        return self.starttls == "off" or is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'smtps' if self.implicit_tls else 'smtp'}://{host}:{self.port}"


def parse_mail_url(text: str) -> MailServer:
    """`smtp://user:password@host:port?starttls=auto|required|off&…`; `smtps://…`: TLS from the start.

    Without a port: 465 for smtps, 587 with a login, else 25. Special characters of user and password are
    percent-encoded. Raises UserError, which never repeats the password.
    """
    parts = urls.split(text, HINT)
    if parts.scheme not in PORTS:
        if not parts.scheme:
            raise UserError(
                gettext_noop("An address without a scheme is no way to send mail: use smtp:// or smtps://."),
                HINT,
            )
        raise UserError(
            gettext_noop("%(scheme)s is no way to send mail: use smtp:// or smtps://.")
            % {"scheme": parts.scheme},
            HINT,
        )
    if not parts.hostname:
        raise UserError(gettext_noop("The address of the mail server names no host."), HINT)
    options = urls.options(parts, OPTIONS, HINT)
    username, password = urls.login(parts)
    auth = cast("Auth", options.get("auth", "auto"))
    oauth = _oauth(options, auth)
    if bool(username) != bool(password) and not (username and oauth):
        raise UserError(
            gettext_noop("The address of the mail server has a user without a password, or the reverse."),
            HINT,
        )
    if auth != "auto" and not username:
        raise UserError(
            gettext_noop("The address of the mail server says how to log in, and has no user."), HINT
        )
    helo = options.get("helo", "")
    if helo and not _GREETING.match(helo):
        raise UserError(
            gettext_noop("The option helo of the mail server is a host name, or an address in brackets."),
            HINT,
        )
    return MailServer(
        host=parts.hostname,
        port=parts.port or (SUBMISSION_PORT if username and parts.scheme == "smtp" else PORTS[parts.scheme]),
        implicit_tls=parts.scheme == "smtps",
        starttls=cast("StartTLS", options.get("starttls", "auto")),
        verify=options.get("verify", "on") == "on",
        username=username,
        password=password,
        ca=options.get("ca", ""),
        cert=options.get("cert", ""),
        helo=helo,
        auth=auth,
        oauth=oauth,
    )


def _oauth(options: dict[str, str], auth: Auth) -> OAuth | None:
    given = {name: options[name] for name in OAUTH_OPTIONS if name in options}
    if not given:
        return None
    if auth != "xoauth2" or "token_url" not in given or "client_id" not in given:
        raise UserError(
            gettext_noop("Access tokens are fetched with auth=xoauth2, token_url and client_id together."),
            OAUTH_HINT,
        )
    if not is_private_way(given["token_url"]):
        raise UserError(
            gettext_noop("The option token_url of the mail server is an https address."), OAUTH_HINT
        )
    return OAuth(**given)


def is_private_way(address: str) -> bool:
    """Whether a secret may be sent to this address of the web: over TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
