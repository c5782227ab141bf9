"""A transport for httpx whose whole exchange ends at one moment: a time-out for each read would not stop a trickle."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from publisher.core.tls import trusted


class DeadlineTransport(httpx.HTTPTransport):
    """Connects, writes and reads until `until` (on the monotonic clock, in seconds), and not a moment longer."""

    def __init__(self, until: float) -> None:
        super().__init__(verify=trusted(), trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(ssl_context=trusted(), network_backend=_Backend(until))


class _Backend(httpcore.SyncBackend):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline counts
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._until, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, left, local_address, socket_options), self._until)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner, self._until, self._begun = inner, until, False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline counts
        return self._inner.read(max_bytes, _left(self._until, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        # Before the first byte nothing has left, which is as if no connection had been made.
        left = _left(self._until, httpcore.WriteTimeout if self._begun else httpcore.ConnectTimeout)
        self._begun = True
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        left = _left(self._until, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(until: float, over: type[Exception]) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise over("the time is over")
    return left
