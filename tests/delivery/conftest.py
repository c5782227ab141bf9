"""A sandbox network for tests of posts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.social.networks.sandbox.server import Server
from tests.fakes.sandbox import sandbox


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Server]:
    """A running sandbox server."""
    with sandbox(tmp_path / "sandbox") as server:
        yield server
