"""For client libraries that speak through `requests`: an adapter whose exchanges end in time, whatever the other side does.

A time-out for each read does not stop a trickle, nor does it cover looking up the name, and a worker that hangs would outlive the
lease of its post. So the name is looked up within the time, and a watch cuts the connection when the time is over.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from publisher.core.errors import ChannelDown, Rejected
from publisher.core.fetch import checked_address
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer


class BoundedAdapter(HTTPAdapter):
    """All exchanges end by `until` (monotonic seconds), each within `connect` and `answer` seconds; nothing is repeated.

    `exchanged` is the last answer, whole and at most `longest` bytes long; None: there was none. A host on a private network is
    refused with `ChannelDown`, unless PUBLISHER_FETCH_ALLOW names it or it is this machine by its number; a name that is not
    found raises `Retry`.
    """

    def __init__(self, *, until: float, connect: float, answer: float, longest: int) -> None:
        self.until, self._connect, self._answer, self._longest = until, connect, answer, longest
        self._sockets: list[socket.socket] = []
        self.exchanged: Answer | None = None
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _watched_pools(self)

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.exchanged = None
        left = self.until - time.monotonic()
        if left <= 0:
            raise requests.ConnectTimeout(gettext_noop("the time for this post is over"))
        timeout = (min(self._connect, left), min(self._answer, left))
        with self._watched(min(left, self._connect + self._answer)):
            # Always as a stream: the body is read here, within its bound.
            response = super().send(request, **options | {"timeout": timeout, "stream": True})
            body = self._body(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        self.exchanged = Answer(response.status_code, headers, body)
        response.raw = io.BytesIO(body)
        return response

    def close(self) -> None:
        super().close()
        for each in self._sockets:
            each.close()
        self._sockets.clear()

    def address(self, host: str, port: int) -> str:
        """Where to connect to."""
        if host == "localhost" or _is_this_machine(host):
            return "127.0.0.1" if host == "localhost" else host
        try:
            return checked_address(
                host, port, settings.FETCH_ALLOW, until=min(self.until, time.monotonic() + self._connect)
            )
        except Rejected as error:
            raise ChannelDown(error.reason) from None
        except UnicodeError:
            raise ChannelDown(gettext_noop("The channel's address names no host that can be.")) from None

    def watch(self, made: socket.socket) -> None:
        """A copy of the socket, which stays ours also when TLS takes it over."""
        self._sockets.append(made.dup())

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        """End the exchange that takes too long: its reader finds the connection closed."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        try:
            while chunk := response.raw.read1(65536, decode_content=True):
                body += chunk
                if len(body) > self._longest:
                    raise requests.ReadTimeout(gettext_noop("the answer had no end"))
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(gettext_noop("the answer broke off")) from error
        finally:
            response.raw.close()
        return bytes(body)


def _watched_pools(adapter: BoundedAdapter) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections ask the adapter where to go, and leave it their sockets."""

    class Watched(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            # The name stays that of TLS and of the header; only the way there is by its number.
            name = self._dns_host
            self._dns_host = adapter.address(self.host, self.port or self.default_port)
            try:
                made = super()._new_conn()
            finally:
                self._dns_host = name
            adapter.watch(made)
            return made

    class Secure(Watched, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Watched

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
