"""Bytes to and from one socket, each step within a time limit.

Knows how much was written when a write fails.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import time

from django.utils.translation import gettext_noop

from publisher.core import strands
from publisher.delivery.email.smtp.replies import Garbage, Reply, ReplyReader

CHUNK = 8192


class Lost(Exception):
    """The connection is of no use any more.

    `sent` is how many bytes of the failed write reached this machine's kernel.
    """

    def __init__(self, reason: str, sent: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class Wire:
    """A connected socket. Every method that waits takes its limit in seconds, counted over the whole step."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._reader = ReplyReader()
        self._watch(sock)

    def write(self, data: bytes, seconds: float) -> None:
        """Hand all of `data` to the kernel. Raises Lost with the number of bytes that went."""
        deadline = time.monotonic() + seconds
        sent = 0
        view = memoryview(data)
        while sent < len(view):
            try:
                sent += self._socket.send(view[sent:])
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait(select.POLLOUT, deadline, seconds, sent)
            except ssl.SSLWantReadError:
                self._wait(select.POLLIN, deadline, seconds, sent)
            except OSError as error:
                raise Lost(_reason(error), sent) from error

    def read_reply(self, seconds: float) -> Reply:
        """The next reply. Raises Lost when none comes in time, after a hang-up, and on nonsense."""
        deadline = time.monotonic() + seconds
        try:
            while (reply := self._reader.next()) is None:
                self._reader.feed(self._receive(deadline, seconds))
        except Garbage as error:
            raise Lost(
                gettext_noop("the server answered %(why)s: that is no answer of a mail server")
                % {"why": error}
            ) from error
        return reply

    def skip(self, expected: re.Pattern[bytes]) -> bool:
        """Pass over replies that have come already, if they are as expected and say nothing else; whether they were."""
        return self._reader.skip(expected)

    def waiting_reply(self) -> Reply | None:
        """A reply that is already here, after a write failed: it may say why. Never waits, never raises."""
        try:
            return self.read_reply(0)
        except Lost:
            return None

    def is_quiet(self) -> bool:
        """Whether nothing came while the connection lay idle.

        Bytes (a 421) or a hang-up mean: open another.
        """
        if not self._reader.is_empty or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            return False
        return not self._readable.poll(0)

    def secure(self, context: ssl.SSLContext, name: str, seconds: float) -> None:
        """Turn to TLS. Raises Lost, or ssl.SSLError when certificate or handshake are not acceptable."""
        if not self._reader.is_empty:
            raise Lost(gettext_noop("the server sent more before TLS began than it may (possible injection)"))
        self._socket.settimeout(seconds)
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=name)
        except ssl.SSLError:
            raise
        except OSError as error:
            raise Lost(
                gettext_noop("TLS could not be negotiated: %(why)s") % {"why": _reason(error)}
            ) from error
        self._socket.setblocking(False)
        self._watch(self._socket)

    @property
    def local_address(self) -> str:
        return str(self._socket.getsockname()[0])

    @property
    def peer_address(self) -> str:
        return str(self._socket.getpeername()[0])

    @property
    def tls_version(self) -> str:
        """Such as `TLSv1.3`; empty without TLS."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    @property
    def peer_certificate(self) -> bytes:
        """The server's certificate in DER; empty without TLS."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return b""
        return self._socket.getpeercert(binary_form=True) or b""

    def close(self) -> None:
        self._socket.close()

    def _watch(self, sock: socket.socket) -> None:
        self._readable = select.poll()
        self._readable.register(sock, select.POLLIN)

    def _receive(self, deadline: float, seconds: float) -> bytes:
        if not isinstance(self._socket, ssl.SSLSocket):  # which may hold bytes that no poll tells of
            self._wait(select.POLLIN, deadline, seconds)
        while True:
            try:
                data = self._socket.recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait(select.POLLIN, deadline, seconds)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT, deadline, seconds)
            except OSError as error:
                raise Lost(_reason(error)) from error
            else:
                if not data:
                    raise Lost(gettext_noop("the server closed the connection"))
                return data

    def _wait(self, event: int, deadline: float, seconds: float, sent: int = 0) -> None:
        if not strands.ready(self._socket.fileno(), event, max(deadline - time.monotonic(), 0)):
            raise Lost(gettext_noop("no answer within %(seconds)s s") % {"seconds": f"{seconds:g}"}, sent)


def _reason(error: OSError) -> str:
    """`ECONNRESET` and its like in words."""
    if isinstance(error, TimeoutError):
        return gettext_noop("no answer in time")
    return (error.strerror or str(error) or type(error).__name__).lower()
