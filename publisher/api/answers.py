"""For how long the answers to deeds are remembered (`v1/once.py` keeps them). Without the API itself, for the worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from publisher.api.models import GivenAnswer

KEPT: Final = timedelta(hours=24)


def forget(*, now: datetime) -> int:
    """Delete what is older than `KEPT`; how many."""
    return GivenAnswer.objects.filter(at__lt=now - KEPT).delete()[0]
