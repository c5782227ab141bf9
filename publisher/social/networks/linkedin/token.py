"""How long a LinkedIn access token still lives. Pure. They last 60 days, and most apps cannot renew them without a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

LIFETIME = timedelta(days=60)


def ends_at(credentials: Mapping[str, Any]) -> datetime | None:
    """When the token ends, aware; None when `issued_at` (seconds since 1970, or ISO 8601, UTC if it names no zone) is not
    there or no time. `expires_in` (seconds) is as LinkedIn gave it, else 60 days."""
    issued = moment(credentials.get("issued_at"))
    if issued is None:
        return None
    lifetime = credentials.get("expires_in")
    known = isinstance(lifetime, int) and not isinstance(lifetime, bool) and 0 < lifetime < 10**9
    return issued + (timedelta(seconds=int(lifetime or 0)) if known else LIFETIME)


def moment(given: object) -> datetime | None:
    """Aware, from seconds or milliseconds since 1970, or from ISO 8601."""
    try:
        if isinstance(given, int | float) and not isinstance(given, bool):
            return datetime.fromtimestamp(given / 1000 if given > 10**11 else given, UTC)
        found = datetime.fromisoformat(str(given))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
