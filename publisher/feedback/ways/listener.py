"""Taking answers from a mail server that hands them over: LMTP (RFC 2033) or SMTP, on this machine only.

`250` is said when the message is committed; on any trouble `451`, and the mail server brings it again. Only our return paths and
our address for leaving are taken, nothing is passed on.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import idna
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP
from django.conf import settings
from django.db import connection

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop
from publisher.delivery.email.smtp.url import is_loopback
from publisher.feedback.taking import take
from publisher.feedback.ways.base import LARGEST

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 30
MOST_RECIPIENTS: Final = 1
"""A bounce has one, and so each message has one answer. Who has more brings the others right after."""
AT_ONCE: Final = 4
SILENCE: Final = 120.0
LONGEST_LINE: Final = 256 * 1024
"""Octets; what broken programs send is longer than the 998 that are allowed."""
EXAMPLE: Final = "lmtp://127.0.0.1:2424, lmtp:///run/publisher/lmtp.sock or smtp://127.0.0.1:2525"


@dataclass(frozen=True)
class Place:
    """Where to listen: host and port, or a socket in the file system with its mode."""

    protocol: str
    host: str = ""
    port: int = 0
    path: str = ""
    mode: int = 0o660

    def __str__(self) -> str:
        if self.path:
            return f"{self.protocol}://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.protocol}://{host}:{self.port}"


def place_of(text: str) -> Place:
    """Where PUBLISHER_FEEDBACK_LISTEN says. Raises UserError. Pure."""
    wrong = UserError(
        gettext_noop("%(text)s is no place to listen at.") % {"text": text[:80]},
        gettext_noop("Examples: %(examples)s.") % {"examples": EXAMPLE},
    )
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        mode = int(options.pop("mode", "660"), 8)
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("lmtp", "smtp") or options or not 0 <= mode <= 0o777:
        raise wrong
    if not host and parts.path.startswith("/") and len(parts.path) > 1:
        return Place(parts.scheme, path=parts.path, mode=mode)
    if not host or port is None or parts.path not in ("", "/"):
        raise wrong
    if not is_loopback(host):
        raise UserError(
            gettext_noop("%(host)s is not this machine.") % {"host": host},
            gettext_noop("Let your mail server take mail from outside, and hand it over on this machine."),
        )
    return Place(parts.scheme, host, port)


@dataclass(frozen=True)
class Ours:
    """The addresses that are taken."""

    return_domain: str
    leave_address: str

    @classmethod
    def of_settings(cls) -> Ours:
        """Raises UserError when there are none."""
        found = cls(settings.RETURN_DOMAIN, settings.UNSUBSCRIBE_ADDRESS)
        if not found.return_domain and not found.leave_address:
            raise UserError(
                gettext_noop("No address is ours, so nothing could be taken."),
                gettext_noop("Set PUBLISHER_RETURN_DOMAIN or PUBLISHER_UNSUBSCRIBE_ADDRESS."),
            )
        return found

    def takes(self, address: str) -> bool:
        """Whether mail to it is ours. Pure."""
        local, at, domain = address.rpartition("@")
        if not at or not local:
            return False
        domain = _ascii(domain)
        if self.return_domain and domain == _ascii(self.return_domain):
            return True
        leave, _at, leave_domain = self.leave_address.rpartition("@")
        name = local.lower().partition("+")[0]
        return bool(leave) and name == leave.lower() and domain == _ascii(leave_domain)


Taker = Callable[[bytes, str], bool]


class Handler:
    """What to answer. aiosmtpd calls it."""

    def __init__(self, ours: Ours, take_it: Taker, pool: ThreadPoolExecutor) -> None:
        self._ours, self._take, self._pool = ours, take_it, pool

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if not self._ours.takes(address):
            return "550 5.7.1 No mail for others is taken here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 One recipient at a time"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        loop = asyncio.get_running_loop()
        taken = await loop.run_in_executor(
            self._pool, self._take, envelope.original_content, envelope.rcpt_tos[0]
        )
        server._reset_timeout()
        return "250 2.0.0 Taken" if taken else "451 4.3.0 Not taken now, bring it again"

    async def handle_exception(self, error: Exception) -> str:
        log.error("listener.failed", exc_info=error)
        return "451 4.3.0 Something went wrong here, bring it again"


class _Bounded:
    """Counts its connections."""

    line_length_limit = LONGEST_LINE
    open_ones: set[_Bounded]

    def connection_made(self, transport: Any) -> None:
        self.open_ones.add(self)
        super().connection_made(transport)  # type: ignore[misc]  # aiosmtpd's

    def connection_lost(self, error: Exception | None) -> None:
        self.open_ones.discard(self)
        super().connection_lost(error)  # type: ignore[misc]  # aiosmtpd's


class _Lmtp(_Bounded, LMTP):
    pass


class _Smtp(_Bounded, SMTP):
    pass


class _Busy(asyncio.Protocol):
    """Sends away who comes when too many are there."""

    def connection_made(self, transport: Any) -> None:
        transport.write(b"421 4.7.0 Too many connections, come again\r\n")
        transport.close()


class Listener:
    """Listens at one place. Use `serve` in an event loop."""

    def __init__(self, place: Place, ours: Ours, take_it: Taker | None = None) -> None:
        self._place, self._ours = place, ours
        self._take = take_it or partial(taken, source=f"listener {place.protocol}")
        self._open: set[_Bounded] = set()

    async def serve(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Until it is stopped; what is being taken then is taken to its end. Raises UserError when the place is not free."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="taking") as pool:
            handler = Handler(self._ours, self._take, pool)
            server = await self._server(loop, handler)
            ready(self._address(server))
            try:
                await stop.wait()
            finally:
                server.close()
                for each in list(self._open):
                    with suppress(Exception):
                        each.transport.close()  # type: ignore[attr-defined]  # aiosmtpd's
                if self._place.path:
                    Path(self._place.path).unlink(missing_ok=True)

    async def _server(self, loop: asyncio.AbstractEventLoop, handler: Handler) -> asyncio.Server:
        place, factory = self._place, partial(self._protocol, handler)
        try:
            if not place.path:
                return await loop.create_server(factory, place.host, place.port)
            _remove_dead(place.path)
            server = await loop.create_unix_server(factory, place.path)
            Path(place.path).chmod(place.mode)
        except OSError as error:
            raise UserError(
                gettext_noop("Cannot listen at %(place)s: %(why)s.")
                % {"place": place, "why": error.strerror or error},
                gettext_noop("See which program uses it, and whether the folder is there and ours."),
            ) from error
        return server

    def _protocol(self, handler: Handler) -> asyncio.BaseProtocol:
        if len(self._open) >= MOST_CONNECTIONS:
            return _Busy()
        kind = _Lmtp if self._place.protocol == "lmtp" else _Smtp
        protocol = kind(
            handler,
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="Publisher",
            timeout=SILENCE,
            loop=asyncio.get_running_loop(),
        )
        protocol.open_ones = self._open
        return protocol

    def _address(self, server: asyncio.Server) -> str:
        if self._place.path:
            return str(self._place)
        host, port = server.sockets[0].getsockname()[:2]
        return str(Place(self._place.protocol, host, port))


def taken(raw: bytes, recipient: str, *, source: str, now: Callable[[], datetime] = clock.now) -> bool:
    """Whether a message is committed. Never raises: the mail server keeps what was not taken."""
    try:
        take(raw, source=source, now=now(), recipients=(recipient,))
    except Exception:  # an edge: whatever it was, the message must come again
        log.exception("listener.not_taken")
        return False
    finally:
        connection.close()  # each thread has one of its own, and mail comes seldom
    return True


def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain.lower(), uts46=True).decode()
    except idna.IDNAError:
        return domain.lower()


def _remove_dead(path: str) -> None:
    """The socket of a listener that was killed. Raises OSError when one still answers, or when it is no socket."""
    file = Path(path)
    if not file.exists():
        return
    if not stat.S_ISSOCK(file.stat().st_mode):
        raise FileExistsError(17, "there is a file of that name")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        if probe.connect_ex(path) == 0:
            raise OSError(98, "another program listens there")
    file.unlink()
