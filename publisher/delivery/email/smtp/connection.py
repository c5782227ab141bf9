"""One connection to a mail server, from the greeting to the login.

What is sent over it then is session.py's.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from functools import cache
from typing import NoReturn

from django.utils.translation import gettext_noop

from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.email.outgoing import Answer
from publisher.delivery.email.smtp.auth import log_in
from publisher.delivery.email.smtp.envelope import Features, features_of
from publisher.delivery.email.smtp.outcomes import Step, answer_of
from publisher.delivery.email.smtp.replies import Reply
from publisher.delivery.email.smtp.url import MailServer
from publisher.delivery.email.smtp.wire import Lost, Wire


@dataclass(frozen=True)
class Limits:
    """Seconds for each step, and how long one connection is used.

    RFC 5321 section 4.5.3.2 gives servers more (2 to 10 minutes): a lane would stand as long, and what has waited for an
    answer to the dot in vain is `unknown`, never sent again blindly. While a lane waits, the lease of its claim is lengthened.
    """

    connect: float = 15
    greeting: float = 30
    reply: float = 60
    write: float = 60
    final: float = 120
    quit: float = 2
    messages: int = 1000
    age: float = 600
    drops: int = 3
    """Connections lost in a row, with no message answered between, before `send` gives up."""


class Connection:
    """Open, secured and logged in: `Connection.open` returns it so or raises Retry or ChannelDown."""

    def __init__(self, wire: Wire, server: MailServer, limits: Limits) -> None:
        self.wire = wire
        self.features = Features()
        self.answered = 0
        self.needs_reset = False
        self._server = server
        self._limits = limits
        self._opened = time.monotonic()
        self._secure = False

    @classmethod
    def open(cls, server: MailServer, limits: Limits, tls: ssl.SSLContext | None = None) -> Connection:
        """Connect. Raises Retry when a later try may succeed, ChannelDown when a person has to look."""
        try:
            sock = socket.create_connection((server.host, server.port), timeout=limits.connect)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that no domain can have
            reason = (
                gettext_noop("no answer in time")
                if isinstance(error, TimeoutError)
                else str(getattr(error, "strerror", None) or error).lower()
            )
            raise Retry(
                gettext_noop("The mail server %(server)s cannot be reached: %(why)s.")
                % {"server": server, "why": reason}
            ) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = cls(Wire(sock), server, limits)
        try:
            connection._prepare(tls)
        except ssl.SSLError as error:
            connection.wire.close()
            connection._tls_failed(error)
        except Lost as error:
            connection.wire.close()
            raise Retry(
                gettext_noop("The mail server %(server)s was lost before any mail: %(why)s.")
                % {"server": server, "why": error.reason}
            ) from error
        except BaseException:
            connection.wire.close()
            raise
        return connection

    @property
    def is_usable(self) -> bool:
        """Whether another message may go over it: not too old, not too much used."""
        return self.answered < self._limits.messages and time.monotonic() - self._opened < self._limits.age

    def ask(self, command: bytes) -> Reply:
        self.wire.write(command, self._limits.write)
        return self.wire.read_reply(self._limits.reply)

    def quit(self) -> None:
        """Part politely, without waiting long."""
        try:
            self.wire.write(b"QUIT\r\n", self._limits.quit)
            self.wire.read_reply(self._limits.quit)
        except Lost:
            pass
        finally:
            self.wire.close()

    def _prepare(self, tls: ssl.SSLContext | None) -> None:
        server, limits = self._server, self._limits
        if server.implicit_tls:
            self._turn_to_tls(tls)
        self._demand(Step.GREETING, self.wire.read_reply(limits.greeting))
        self._hello()
        if not server.implicit_tls and server.starttls != "off":
            self._start_tls(tls)
        if server.username:
            self._login()

    def _hello(self) -> None:
        name = self._server.helo or _own_name(self.wire.local_address)
        reply = self.ask(f"EHLO {name}\r\n".encode())
        if reply.code in (500, 502, 504, 550):
            self._demand(Step.EHLO, self.ask(f"HELO {name}\r\n".encode()))
            self.features = Features()
        else:
            self._demand(Step.EHLO, reply)
            self.features = features_of(reply.lines)

    def _start_tls(self, tls: ssl.SSLContext | None) -> None:
        if not self.features.starttls:
            if self._server.starttls == "required":
                raise ChannelDown(
                    gettext_noop("The mail server %(server)s offers no STARTTLS, and TLS is required.")
                    % {"server": self._server}
                )
            return
        self._demand(Step.STARTTLS, self.ask(b"STARTTLS\r\n"))
        self._turn_to_tls(tls)
        self._hello()

    def _turn_to_tls(self, tls: ssl.SSLContext | None) -> None:
        server = self._server
        self.wire.secure(tls or _context_for(server), server.host, self._limits.greeting)
        self._secure = True

    def _login(self) -> None:
        server = self._server
        if not self._secure and not server.may_login_in_clear:
            raise ChannelDown(
                gettext_noop(
                    "The mail server %(server)s offers no TLS, and the password is not sent in the clear. "
                    "Use smtps://, or starttls=off when the way there is safe."
                )
                % {"server": server}
            )
        self._demand(Step.AUTH, log_in(self.ask, server, self.features.auth))

    def _demand(self, step: Step, reply: Reply) -> None:
        answer: Answer = answer_of(step, reply)
        if answer.error:
            raise type(answer.error)(
                gettext_noop("The mail server %(server)s refused. %(why)s")
                % {"server": self._server, "why": answer.error.reason}
            )

    def _tls_failed(self, error: ssl.SSLError) -> NoReturn:
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = gettext_noop("its certificate is not valid for %(host)s: %(why)s") % {
                "host": self._server.host,
                "why": error.verify_message,
            }
        else:
            reason = (error.reason or str(error)).replace("_", " ").lower()
        raise ChannelDown(
            gettext_noop("TLS with the mail server %(server)s failed: %(why)s.")
            % {"server": self._server, "why": reason}
        ) from error


def _context_for(server: MailServer) -> ssl.SSLContext:
    try:
        return tls_context(verify=server.verify, ca_file=server.ca or None, own_file=server.cert or None)
    except OSError as error:  # ssl.SSLError is one
        files = " or ".join(filter(None, (server.ca, server.cert)))
        reason = str(error.strerror or error).lower()
        raise ChannelDown(
            gettext_noop("The file %(files)s cannot be used for TLS: %(why)s.")
            % {"files": files, "why": reason}
        ) from error


@cache  # reading the authorities takes 30 ms
def tls_context(
    *, verify: bool = True, ca_file: str | None = None, own_file: str | None = None
) -> ssl.SSLContext:
    """TLS 1.2 or newer; certificates are checked against the system's authorities or `ca_file`.

    `own_file` holds our own certificate and its key, for servers that know their clients by it. Raises OSError.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if own_file:
        context.load_cert_chain(own_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _own_name(address: str) -> str:
    """The name to greet with: this host's when it is a full one, else its address (RFC 5321 section 4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
