"""checkdmarc keeps answers of DNS for half an hour, whichever server gave them: no test may see those of another."""

from __future__ import annotations

import checkdmarc.utils
import pytest


@pytest.fixture(autouse=True)
def fresh_answers() -> None:
    checkdmarc.utils.DNS_CACHE.clear()
