"""Who asked not to be written to after a backup was made: taken over from the database that a restore replaces.

A restored database would write to them again. That is worse than what else is lost, so it is not left to a person to
remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from publisher.audience import subscriptions
from publisher.audience.models import Consent, Subscriber, Subscription, Suppression

SLACK = timedelta(minutes=1)
"""What was under way as the backup was made may bear an earlier time. To take somebody over twice changes nothing."""


@dataclass(frozen=True)
class Left:
    """Somebody who left a digest."""

    email_key: str
    digest_id: int
    how: str
    at: datetime


@dataclass(frozen=True)
class Leavers:
    """Who left since, and who was put on the suppression list: (address key, reason, evidence, at, until)."""

    left: Sequence[Left] = ()
    suppressed: Sequence[tuple[str, str, str, datetime, datetime | None]] = ()


def since(made_at: datetime) -> Leavers:
    """Read them from the database that Django is connected to. Who has come back meanwhile is not among them."""
    back = Subscription.objects.filter(
        subscriber=OuterRef("subscriber"), digest_id=OuterRef("digest_id"), state=Subscription.State.ACTIVE
    )
    withdrawn = Consent.objects.filter(
        ~Exists(back), action=Consent.Action.WITHDRAWN, at__gte=made_at - SLACK
    )
    rows = withdrawn.order_by("id").values_list("subscriber__email_key", "digest_id", "how", "at")
    listed = Suppression.objects.filter(at__gte=made_at - SLACK).order_by("id")
    return Leavers(
        left=[Left(key, digest, how, at) for key, digest, how, at in rows if digest is not None],
        suppressed=list(listed.values_list("email_key", "reason", "evidence", "at", "until")),
    )


@transaction.atomic
def take_over(leavers: Leavers) -> int:
    """Write them into the database that Django is connected to; how many addresses that concerns."""
    keys = {each.email_key for each in leavers.left}
    ids = dict(Subscriber.objects.filter(email_key__in=keys).values_list("email_key", "id"))
    taken = {
        each.email_key
        for each in leavers.left
        if each.email_key in ids
        and subscriptions.leave(ids[each.email_key], each.digest_id, how=each.how, now=each.at)
    }
    Suppression.objects.bulk_create(
        [
            Suppression(email_key=key, reason=reason, evidence=evidence, at=at, until=until)
            for key, reason, evidence, at, until in leavers.suppressed
        ],
        update_conflicts=True,
        unique_fields=["email_key"],
        update_fields=["reason", "evidence", "at", "until"],
    )
    return len(taken | {row[0] for row in leavers.suppressed})
