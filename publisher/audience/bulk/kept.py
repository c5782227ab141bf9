"""What undoing a bulk action must leave as it is: a reader who asked to leave since, an address that was suppressed once more."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q

from publisher.audience.models import Bulk, BulkRow, Suppression


def has_ended_some() -> Exists:
    """Of a subscription: whether a bulk action ended one of its subscriber's that may come back."""
    mine = BulkRow.objects.filter(subscriber_id=OuterRef("subscriber_id"), changed=True, kept=False)
    return Exists(mine)


def as_asked(subscriber_id: int, subscriptions: Iterable[int] | None = None) -> None:
    """Keep what bulk actions ended for them: of these subscriptions, or (None) all of it. The caller holds the subscriber's row:
    an undoing that runs has ended by then, and one that begins later sees it."""
    mine = BulkRow.objects.filter(
        subscriber_id=subscriber_id, changed=True, kept=False, bulk__action=Bulk.Action.UNSUBSCRIBE
    )
    if subscriptions is not None:
        named = [Q(before__contains=[[pk]]) for pk in subscriptions]
        if not named:
            return
        mine = mine.filter(reduce(or_, named))
    mine.update(kept=True)


def is_of_a_bulk_action(row: Suppression) -> bool:
    """Whether undoing a bulk action would lift this suppression."""
    mine = BulkRow.objects.filter(
        subscriber__email_key=row.email_key, changed=True, bulk__action=Bulk.Action.SUPPRESS, bulk__at=row.at
    )
    return row.reason == Suppression.Reason.STAFF and mine.filter(mark=row.pk).exists()
