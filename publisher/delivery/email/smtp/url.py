"""The address of a mail server as people write it in `PUBLISHER_MAIL`, and as the client uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal, cast, get_args
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from publisher.core.errors import UserError

StartTLS = Literal["auto", "required", "off"]

HINT: Final = "Example: smtp://user:password@mail.example.org:587?starttls=required"
ENCODE: Final = "In user and password write / as %2F, # as %23, ? as %3F and @ as %40. "
PORTS: Final = {"smtp": 25, "smtps": 465}
SUBMISSION_PORT: Final = 587
OPTIONS: Final = {"starttls": get_args(StartTLS), "verify": ("on", "off")}


@dataclass(frozen=True)
class MailServer:
    """Where mail goes.

    `starttls` auto: when offered. No password leaves without TLS, unless `starttls` is off or the host is this one.
    """

    host: str
    port: int
    implicit_tls: bool = False
    starttls: StartTLS = "auto"
    verify: bool = True
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def may_login_in_clear(self) -> bool:
        return self.starttls == "off" or is_loopback(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'smtps' if self.implicit_tls else 'smtp'}://{host}:{self.port}"


def parse_mail_url(text: str) -> MailServer:
    """`smtp://user:password@host:port?starttls=auto|required|off&verify=on|off`; `smtps://…`: TLS from the start.

    Without a port: 465 for smtps, 587 with a login, else 25. Special characters of user and password are
    percent-encoded. Raises UserError, which never repeats the password.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:  # its text may hold a piece of the password
        raise UserError(
            "The address of the mail server has no readable host and port.", ENCODE + HINT
        ) from None
    if parts.scheme not in PORTS:
        raise UserError(
            f"{parts.scheme or 'An address without a scheme'} is no way to send mail: use smtp:// or smtps://.",
            HINT,
        )
    if not parts.hostname or port == 0:
        raise UserError("The address of the mail server names no host, or port 0.", HINT)
    if parts.path not in ("", "/") or parts.fragment:
        raise UserError(
            "The address of the mail server ends after the port and its options.",
            ENCODE + HINT,
        )
    options = _options(parts)
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(username) != bool(password):
        raise UserError("The address of the mail server has a user without a password, or the reverse.", HINT)
    return MailServer(
        host=parts.hostname,
        port=port or (SUBMISSION_PORT if username and parts.scheme == "smtp" else PORTS[parts.scheme]),
        implicit_tls=parts.scheme == "smtps",
        starttls=cast("StartTLS", options.get("starttls", "auto")),
        verify=options.get("verify", "on") == "on",
        username=username,
        password=password,
    )


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in options.items():
        if name not in OPTIONS:
            raise UserError(f"The mail server has no option {name!r}: it knows {', '.join(OPTIONS)}.", HINT)
        if value not in OPTIONS[name]:
            raise UserError(
                f"The option {name} of the mail server is one of {', '.join(OPTIONS[name])}.", HINT
            )
    return options


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
