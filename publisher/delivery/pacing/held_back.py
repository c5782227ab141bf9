"""Mail that may not leave yet: why, until when, and putting it back into the queue. What was claimed, and what is queued behind
it for the same provider and would be claimed for nothing. `pacer.py` decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from publisher.delivery.pacing.providers import bucket_of

TICKET = "Held back: "
"""How the reason of a row begins whose `due_at` is a moment reserved for it: it goes then, without another one."""

ON_TIME = timedelta(seconds=2)
"""How late a row may come to its reserved moment. Those that are later (nobody worked, others went before) get others: together
they would be more than their provider takes."""

LOOKED_AT = 10_000
"""Queued rows that are looked through for those of one provider at a time: some 50 ms."""


@dataclass(frozen=True)
class HeldBack:
    """A mail must wait until then. `reason` is for people, and for the next claim of it."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class Behind:
    """The queued mails of a provider that are due by `due_by` must wait, too, and none beyond `latest`. With a `step`: the first
    of them until `begin`, each other so long after the one before it. Without one they come together, in the order of their
    due times. `latest` is later than `due_by`, so nothing is sent behind twice for one reason.
    """

    bucket: str
    due_by: datetime
    latest: datetime
    reason: str
    step: timedelta = timedelta(0)
    begin: datetime | None = None

    def until(self, place: int, due_at: datetime) -> datetime:
        """Until when the mail at a place among them waits (from 0) that was due then."""
        if self.begin:
            return min(self.begin + place * self.step, self.latest)
        # Due times written small, a day in 0.1 s: who was due first stays first, also among those that are sent behind later.
        return self.latest - max(timedelta(0), self.latest - due_at) / 1_000_000


@dataclass(frozen=True)
class Holding:
    """What a claim showed: which of its mails are held back, by delivery id, and which mails behind them."""

    held: Mapping[int, HeldBack] = field(default_factory=dict)
    behind: Sequence[Behind] = ()


NOTHING = Holding()


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


# The first rows of the queue in its partial index (edition, due_at, id), as a claim walks it.
NEXT_IN_QUEUE = """
SELECT d.id, d.due_at, d.address
FROM delivery_delivery d
WHERE d.edition_id = %(edition)s AND d.state = 'queued' AND d.due_at <= %(due_by)s AND d.purpose NOT IN ('test', 'resend')
ORDER BY d.due_at, d.id
LIMIT %(looked_at)s
"""

# By the key. Rows that somebody has claimed, or is about to, are passed over: nobody waits for anybody here.
STILL_FREE = """
SELECT d.id FROM delivery_delivery d
WHERE d.id = ANY(%(ids)s::bigint[]) AND d.state = 'queued' AND d.due_at <= %(due_by)s
FOR UPDATE SKIP LOCKED
"""

# By the primary key, of rows that are locked. The ids are named twice, or else a large table is read from end to end for them.
PUT_BEHIND = """
UPDATE delivery_delivery d
SET due_at = put.until, reason = %(reason)s
FROM unnest(%(ids)s::bigint[], %(until)s::timestamptz[]) AS put(id, until)
WHERE d.id = ANY(%(ids)s::bigint[]) AND d.id = put.id
"""


def put_behind(edition_id: int, behind: Behind) -> int:
    """Have the next mails of a provider in an edition's queue wait; how many. Tests are left alone.

    It looks at `LOOKED_AT` mails, so that no sender is away for long; those behind are found when it is their turn.
    """
    values: dict[str, Any] = {"edition": edition_id, "due_by": behind.due_by, "looked_at": LOOKED_AT}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NEXT_IN_QUEUE, values)
        theirs = {
            pk: due_at for pk, due_at, address in cursor.fetchall() if bucket_of(address) == behind.bucket
        }
        cursor.execute(STILL_FREE, {**values, "ids": list(theirs)})
        free = {pk for (pk,) in cursor.fetchall()}
        moments = {
            pk: behind.until(place, due_at) for place, (pk, due_at) in enumerate(theirs.items()) if pk in free
        }
        cursor.execute(
            PUT_BEHIND, {"ids": list(moments), "until": list(moments.values()), "reason": behind.reason}
        )
        return int(cursor.rowcount)
