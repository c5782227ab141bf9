"""An HTTP answer as every network's `errors.py` reads it, and how long one asks to wait, held within bounds. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any] | None:
        """The object in the body; None when it is no object, or cannot be read."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def fields(self) -> dict[str, Any]:
        """The same, and {} where there is none."""
        return self.json() or {}


def whole_number(header: str) -> int | None:
    """Seconds, as a header gives them; None for anything else, such as a date."""
    return int(header[:12]) if header.isascii() and header.isdigit() else None


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's own clock by its `Date`, aware; None when it names none."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return None


def bounded(wait: timedelta) -> timedelta:
    """No shorter than a second, no longer than a day, whatever was asked for."""
    return max(SHORTEST_WAIT, min(wait, LONGEST_WAIT))
