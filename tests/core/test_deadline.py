"""A request whose time is over: before its first byte it certainly never left, after that nobody knows."""

from __future__ import annotations

import socket
import time

import httpx
import pytest

from publisher.core import deadline
from publisher.core.deadline import DeadlineTransport


def asked(url: str, *, until: float, content: bytes = b"rain") -> httpx.Response:
    with httpx.Client(transport=DeadlineTransport(until), trust_env=False) as client:
        return client.post(url, content=content)


@pytest.mark.parametrize(("writes", "error"), [(0, httpx.ConnectTimeout), (1, httpx.WriteTimeout)])
def test_what_was_not_begun_in_time_never_left(
    monkeypatch: pytest.MonkeyPatch, writes: int, error: type[Exception]
) -> None:
    """The clock jumps once the connection stands and so many pieces have been written."""
    jump, really = [0.0], deadline._Stream.write
    left = iter(range(writes, -1, -1))

    def write(stream: deadline._Stream, buffer: bytes, timeout: float | None = None) -> None:
        if next(left) == 0:
            jump[0] = 1000.0
        really(stream, buffer, timeout)

    now = time.monotonic
    monkeypatch.setattr(deadline._Stream, "write", write)
    monkeypatch.setattr(deadline.time, "monotonic", lambda: now() + jump[0])
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(error):
        asked(f"http://127.0.0.1:{server.getsockname()[1]}", until=now() + 60)
