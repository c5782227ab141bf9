"""A receiver on loopback, which PUBLISHER_FETCH_ALLOW names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.switches import serving
from tests.hooks.steps import Receiver


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """Running, and open to us."""
    fake = Receiver()
    with serving(fake):
        settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}"]
        yield fake
