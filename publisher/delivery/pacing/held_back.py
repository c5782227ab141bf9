"""Mail that was claimed and may not leave yet: why, until when, and putting it back into the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

TICKET = "Held back: "
"""How the reason of a row begins whose `due_at` is a moment reserved for it: it goes then, without another one."""

ON_TIME = timedelta(seconds=10)
"""How late a row may come to its reserved moment. One that is later (nobody worked) gets another."""


@dataclass(frozen=True)
class HeldBack:
    """A mail must wait until then. `reason` is for people, and for the next claim of it."""

    until: datetime
    reason: str


def has_turn(due_at: datetime, reason: str, now: datetime) -> bool:
    """Whether a row's moment was reserved, and is now."""
    return reason.startswith(TICKET) and timedelta(0) <= now - due_at <= ON_TIME


# By the primary key, of rows of one claim. The try is not counted: nothing was tried.
PUT_BACK = """
UPDATE delivery_delivery d
SET state = 'queued', lease_until = NULL, attempts = d.attempts - 1, due_at = held.until, reason = held.reason
FROM unnest(%(ids)s::bigint[], %(until)s::timestamptz[], %(reasons)s::text[]) AS held(id, until, reason)
WHERE d.id = held.id AND d.fence = %(fence)s AND d.state = 'sending'
"""


def put_back(fence: int, held: Mapping[int, HeldBack]) -> int:
    """Put claimed mails back into the queue by delivery id; how many were still this claim's."""
    if not held:
        return 0
    values: dict[str, Any] = {
        "fence": fence,
        "ids": list(held),
        "until": [each.until for each in held.values()],
        "reasons": [each.reason for each in held.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(PUT_BACK, values)
        return int(cursor.rowcount)
