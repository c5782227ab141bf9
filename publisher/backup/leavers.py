"""Who asked not to be written to after a backup was made: taken over from the database that a restore replaces.

A restored database would write to them again. That is worse than what else is lost, so it is not left to a person to
remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from publisher.audience import hashes, subscriptions
from publisher.audience.evidence import Evidence
from publisher.audience.models import Consent, Erased, Subscriber, Subscription, Suppression
from publisher.core import clock
from publisher.counting import persons
from publisher.privacy import erasing

SLACK = timedelta(minutes=1)
"""What was under way as the backup was made may bear an earlier time. To take somebody over twice changes nothing."""


_KNOWN = """
SELECT id FROM audience_subscriber WHERE sha256(%(salt)s::bytea || convert_to(email_key, 'UTF8')) = ANY(%(hashes)s::bytea[])
"""


@dataclass(frozen=True)
class Left:
    """Somebody who left a digest."""

    email_key: str
    digest_id: int
    how: str
    at: datetime


@dataclass(frozen=True)
class Leavers:
    """Who left since, and who was put on the suppression list: (address key, reason, evidence, at, until). `uncounted`: address
    keys of who agreed no more to be counted by person, and when they said so. Who was erased since is known by hash only, which
    `salt` makes; it may have been made since, too."""

    left: Sequence[Left] = ()
    uncounted: Sequence[tuple[str, datetime]] = ()
    suppressed: Sequence[tuple[str, str, str, datetime, datetime | None]] = ()
    erased: Sequence[bytes] = ()
    salt: bytes = b""


def since(made_at: datetime) -> Leavers:
    """Read them from the database that Django is connected to. Who has come back meanwhile is not among them."""
    back = Subscription.objects.filter(
        subscriber=OuterRef("subscriber"), digest_id=OuterRef("digest_id"), state=Subscription.State.ACTIVE
    )
    withdrawn = Consent.objects.filter(
        ~Exists(back), action=Consent.Action.WITHDRAWN, at__gte=made_at - SLACK
    )
    rows = withdrawn.order_by("id").values_list("subscriber__email_key", "digest_id", "how", "at")
    uncounted = withdrawn.filter(digest_id=None, how=persons.HOW, subscriber__counted=False).order_by("id")
    listed = Suppression.objects.filter(at__gte=made_at - SLACK).order_by("id")
    gone = Erased.objects.filter(at__gte=made_at - SLACK).values_list("hash", flat=True)
    erased = [bytes(each) for each in gone]
    return Leavers(
        left=[Left(key, digest, how, at) for key, digest, how, at in rows if digest is not None],
        uncounted=list(uncounted.values_list("subscriber__email_key", "at")),
        suppressed=list(listed.values_list("email_key", "reason", "evidence", "at", "until")),
        erased=erased,
        salt=hashes.salt() if erased else b"",
    )


@transaction.atomic
def take_over(leavers: Leavers) -> int:
    """Write them into the database that Django is connected to; how many addresses that concerns."""
    keys = {each.email_key for each in leavers.left} | {key for key, _at in leavers.uncounted}
    ids = dict(Subscriber.objects.filter(email_key__in=keys).values_list("email_key", "id"))
    taken = {
        each.email_key
        for each in leavers.left
        if each.email_key in ids
        and subscriptions.leave(ids[each.email_key], each.digest_id, how=each.how, now=each.at)
    }
    taken |= {
        key
        for key, at in leavers.uncounted
        if key in ids and persons.choose(ids[key], counted=False, evidence=Evidence(), now=at)
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
    return len(taken | {row[0] for row in leavers.suppressed}) + len(_erase(leavers))


def _erase(leavers: Leavers) -> list[int]:
    """Erase again whom the backup brought back, and keep the hashes of the others; the numbers of those who were there."""
    if not leavers.erased:
        return []
    now = clock.now()
    hashes.take_over(leavers.salt, now=now)
    Erased.objects.bulk_create([Erased(hash=each, at=now) for each in leavers.erased], ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"salt": leavers.salt, "hashes": list(leavers.erased)})
        back = [int(row[0]) for row in cursor.fetchall()]
    return [
        each for each in back if erasing.erase(each, user=erasing.THEMSELVES, how="before a restore", now=now)
    ]
