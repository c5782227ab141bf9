"""The same network as the tests of posts have."""

from __future__ import annotations

from tests.social import conftest

network = conftest.network
