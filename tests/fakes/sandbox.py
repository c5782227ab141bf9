"""The sandbox network's real server on loopback, for the time of a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.social.networks.base import Account
from publisher.social.networks.sandbox.server import Server


@contextmanager
def sandbox(folder: Path, *, tokens: frozenset[str] | None = None) -> Iterator[Server]:
    """A server that keeps its posts in `folder`."""
    server = Server(folder, tokens=tokens)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def account_at(server: Server, *, token: str = "secret", timeout: float = 5.0) -> Account:  # noqa: S107 - a test's own
    """An account on that server."""
    return Account(1, "Almaria Office", {"token": token}, {"url": server.url, "timeout_seconds": timeout})


def timeline(server: Server) -> list[str]:
    """The texts on the timeline, oldest first."""
    return [post.text for post in reversed(server.store.newest())]
