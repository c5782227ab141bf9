"""A sandbox network for tests of posts; an empty Redis for all, since senders note their results there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from publisher.core.redis import client
from publisher.social.networks.sandbox.server import Server
from tests.fakes.sandbox import sandbox


@pytest.fixture(autouse=True)
def empty_journal(inbox: redis.Redis) -> redis.Redis:
    """Where senders note their results."""
    return inbox


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    """Redis does not answer."""
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    client.cache_clear()
    yield
    client.cache_clear()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Server]:
    """A running sandbox server."""
    with sandbox(tmp_path / "sandbox") as server:
        yield server
