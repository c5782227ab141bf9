"""What a way to read mailboxes is, and what all of them share: accounts, memory, troubles in plain words, TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from django.utils.functional import Promise

from publisher.core.errors import ChannelDown, Retry, UserError
from publisher.core.marking import gettext_noop
from publisher.delivery.email.smtp.oauth import access_token, newest_refresh
from publisher.delivery.email.smtp.url import MailServer, OAuth
from publisher.feedback.models import Mailbox

LARGEST: Final = 10 * 1024 * 1024
"""Bytes of a message that is taken whole."""
HEAD: Final = 256 * 1024
"""Bytes that are taken of a larger one. What tells stands at its beginning."""
TIMEOUT: Final = 30.0
"""Seconds that a server may take for one answer."""
LONGEST_SAID: Final = 300
FIRST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(days=1)

Security, Login, After = Mailbox.Security, Mailbox.Login, Mailbox.After


class Trouble(UserError):
    """The mailbox cannot be read now: what happened and what to do, in English, to be stored. Holds no secret."""


class Unreadable(Exception):
    """One message cannot be read; the connection is fine."""


@dataclass(frozen=True)
class Account:
    """What a way needs to open a mailbox. Secrets are not in its text."""

    host: str
    port: int
    security: str
    login: str
    username: str
    after: str
    password: str = field(default="", repr=False)
    oauth: OAuth | None = None
    certificate: str = field(default="", repr=False)
    folder: str = "INBOX"
    taken_folder: str = "Publisher/taken"
    keep: Callable[[str], None] | None = field(default=None, repr=False, compare=False)
    """Stores a refresh token that takes the place of `password`: some authorities give another with each use."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def tls(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, by the system's authorities or the mailbox's own. Raises Trouble."""
        try:
            context = ssl.create_default_context(cadata=self.certificate or None)
        except ssl.SSLError as error:
            raise Trouble(
                gettext_noop("The certificate of the authority cannot be read."),
                gettext_noop("Paste it as PEM: it begins with -----BEGIN CERTIFICATE-----."),
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def token(self, refused: str = "") -> str:
        """An access token that holds; another than `refused`. Raises Trouble."""
        assert self.oauth  # noqa: S101 - for the type checker: who logs in by token has it
        server = MailServer(
            self.host, self.port, True, username=self.username, password=self.password, oauth=self.oauth
        )
        try:
            token = access_token(server, self.oauth, refused=refused)
        except ChannelDown as error:
            raise Trouble(
                error.reason,
                gettext_noop("Enter a new refresh token, and see that the application may still read mail."),
            ) from error
        except Retry as error:
            raise Trouble(error.reason, gettext_noop("It is tried again by itself.")) from error
        newest = newest_refresh(server)
        if self.keep is not None and newest != self.password:
            self.keep(newest)
        return token


@dataclass
class Memory:
    """What is remembered of a mailbox between two looks. Each way has its own `marks`.

    `left_out`: messages that could not be read, by key: how often, and when each is tried again.
    """

    marks: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, tuple[int, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Memory:
        left_out = {key: (int(row[0]), str(row[1])) for key, row in stored.get("left_out", {}).items()}
        return cls(dict(stored.get("marks", {})), left_out)

    def stored(self) -> dict[str, Any]:
        return {"marks": self.marks, "left_out": self.left_out}

    def rests(self, key: str, now: datetime) -> bool:
        """Whether a message failed lately, and waits to be tried again."""
        return key in self.left_out and datetime.fromisoformat(self.left_out[key][1]) > now

    def failed(self, key: str, now: datetime) -> None:
        """A message could not be read: it is tried again ever more seldom, at last once a day."""
        times = self.left_out.get(key, (0, ""))[0] + 1
        rest = min(FIRST_REST * 2 ** min(times - 1, 20), LONGEST_REST)
        self.left_out[key] = (times, (now + rest).isoformat())

    def done(self, keys: list[str]) -> None:
        for key in keys:
            self.left_out.pop(key, None)

    def keep_only(self, keys: set[str]) -> None:
        """Forget what is no longer in the mailbox."""
        self.left_out = {key: row for key, row in self.left_out.items() if key in keys}


class Inbox(Protocol):
    """An open mailbox. Every method but `close` raises Trouble when the connection or the server fails."""

    can_wait: bool
    """Whether the server says at once when mail comes. Where it does not, the inbox is closed and opened again later."""

    def look(self) -> list[str]:
        """The keys of what is not yet taken, the oldest first."""

    def fetch(self, key: str) -> bytes | None:
        """A message, of one that is too large its head; None: it is gone. Raises Unreadable."""

    def settle(self, taken: list[str], tried: list[str]) -> None:
        """Mark what was taken and committed; `tried` was looked at, and holds those as well that could not be read."""

    def wait(self, seconds: float) -> bool:
        """Wait until there may be something new, so many seconds at most; whether there may be."""

    def about(self) -> str:
        """What there is, for the person who set it up, in English."""

    def close(self) -> None:
        """End it. Never raises."""


class Way(Protocol):
    """One way to read mailboxes."""

    name: str
    label: str | Promise
    ports: dict[str, int]
    """The usual port for each security."""
    afters: tuple[str, ...]
    """What can be done with a message that is taken, the usual one first."""
    has_folders: bool

    def open(self, account: Account, memory: Memory) -> Inbox:
        """Connect, log in and choose the folder. Raises Trouble."""


def cut(said: object) -> str:
    """A server's words on one line, shortened."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:LONGEST_SAID]


def cannot_reach(account: Account, error: Exception) -> Trouble:
    """A connection that was not made, or broke off, in plain words."""
    told = {"server": account, "why": cut(error) or type(error).__name__}
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble(
            gettext_noop("The certificate of %(server)s is not trusted: %(why)s.")
            % {"server": account, "why": cut(error.verify_message)},
            gettext_noop(
                "Check the name of the server. If it has an authority of its own, enter that one’s certificate."
            ),
        )
    if isinstance(error, ssl.SSLError):
        return Trouble(
            gettext_noop("No TLS with %(server)s: %(why)s.") % told,
            gettext_noop(
                "Check port and security: TLS from the first byte and STARTTLS have different ports."
            ),
        )
    return Trouble(
        gettext_noop("The mailbox’s server %(server)s cannot be reached: %(why)s.") % told,
        gettext_noop("Check server and port. It is tried again by itself."),
    )


def login_refused(account: Account, said: object) -> Trouble:
    """The server's words on a login that it refused."""
    hint = (
        gettext_noop("Enter a new refresh token, and see that the application may still read mail.")
        if account.login == Login.OAUTH
        else gettext_noop(
            "Enter the password again. Some providers want a password for programs, or take OAuth 2.0 only."
        )
    )
    return Trouble(
        gettext_noop("The mailbox’s server %(server)s refused the login: %(said)s.")
        % {"server": account, "said": cut(said).rstrip(".")},
        hint,
    )


def no_such_thing(account: Account, what: str, said: object) -> Trouble:
    """The server refused something that it should do."""
    return Trouble(
        gettext_noop("The mailbox’s server %(server)s refused %(what)s: %(said)s.")
        % {"server": account, "what": what, "said": cut(said).rstrip(".")},
        gettext_noop("Check the folder, and what may be done in it."),
    )
