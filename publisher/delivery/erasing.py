"""Taking a person out of the deliveries that went to them. The rows stay, for totals and for what happened; nobody is in them.

A subscriber's own deliveries, mails that were sent again to them, tests that went to them or bear their name, and what servers
said of them. Copies for the office go to the addresses that a digest names: those are the office's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_noop

from publisher.audience.addresses import key
from publisher.audience.models import Erased
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.states import State
from publisher.digests import readers
from publisher.digests.models import Edition

ERASED: Final = "erased"
"""What stands in the place of an address."""
REASON: Final = gettext_noop("The reader was erased at their wish before it was sent.")
_CHANGED: Final = ("address", "reason", "remote_id", "subscriber_id", "prepared", "state", "settled_at")

# Of an edition that was being written while somebody was erased: by the edition's queue, only when that happened.
_ORPHANS = """
SELECT d.subscriber_id FROM delivery_delivery d
WHERE d.edition_id = %s AND d.subscriber_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM audience_subscriber s WHERE s.id = d.subscriber_id)
"""


def addresses_of(subscriber_id: int) -> set[str]:
    """Where this person's mail went."""
    return set(_of(subscriber_id).values_list("address", flat=True)) - {ERASED}


@transaction.atomic
def erase(subscriber_id: int, *, now: datetime, more: Collection[str] = ()) -> int:
    """Cancel what is queued for a person, and take their address out of everything; how many deliveries. May be repeated.

    `more`: addresses of theirs to which perhaps nothing went. The rows are locked first: what a sender settles meanwhile waits,
    and then finds that they are erased (`settle.py`).
    """
    readers.forget(subscriber_id)
    mine = list(_of(subscriber_id).select_for_update(of=("self",)).order_by("pk"))
    addresses = ({row.address for row in mine} | set(more)) - {ERASED}
    addresses |= {key(address) for address in addresses}  # servers write a domain as it is in DNS
    rows = mine + _tests_to(addresses)
    for row in rows:
        if row.state == State.QUEUED:
            row.state, row.settled_at, row.reason = State.CANCELLED, now, REASON
        row.address, row.reason, row.remote_id = ERASED, without(row.reason, addresses), ""
        row.subscriber_id, row.prepared = None, None
    for attempt in (tries := list(Attempt.objects.filter(delivery__in=rows))):
        attempt.text = without(attempt.text, addresses)
    Delivery.objects.bulk_update(rows, _CHANGED, batch_size=500)
    Attempt.objects.bulk_update(tries, ["text"], batch_size=500)
    _tests().filter(prepared__reader=subscriber_id).update(prepared=None)
    return len(rows)


def erase_orphans(edition: Edition, *, now: datetime) -> None:
    """Take out whom a step of assembling still saw while they were being erased. For whoever ends assembling."""
    if not Erased.objects.filter(at__gte=edition.created_at).exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANS, [edition.pk])
        orphans = [row[0] for row in cursor.fetchall()]
    for subscriber_id in orphans:
        erase(subscriber_id, now=now)


def without(text: str, addresses: Collection[str]) -> str:
    """A text in which none of the addresses stands, in whichever case."""
    for address in addresses:
        text = re.sub(re.escape(address), ERASED, text, flags=re.IGNORECASE)
    return text


def _tests() -> QuerySet[Delivery]:
    """By a partial index: few."""
    return Delivery.objects.filter(purpose=Delivery.Purpose.TEST)


def _tests_to(addresses: Collection[str]) -> list[Delivery]:
    """Tests to one of these, in whichever case."""
    folded = _tests().annotate(folded=Lower("address"))
    rows = folded.filter(folded__in={address.lower() for address in addresses})
    return list(rows.select_for_update(of=("self",)).order_by("pk"))


def _of(subscriber_id: int) -> QuerySet[Delivery]:
    return Delivery.objects.filter(Q(subscriber=subscriber_id) | Q(copy_of__subscriber=subscriber_id))
