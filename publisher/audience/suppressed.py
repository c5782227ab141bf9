"""Whether an address may be written to, and what its owner's own new word lifts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from publisher.audience import hashes
from publisher.audience.models import Erased, Suppression

OWN_WISH: Final = (Suppression.Reason.REFUSED,)
"""What the owner of a mailbox asked for, and may take back alone, by confirming a new sign-up from that mailbox.

Not a complaint: whoever called our mail spam must not get more of it because anybody typed their address into a form. They, and
those whose mailbox bounced, write to us, and a person lifts it. Staff's own entries and imported ones are theirs to lift.
"""


def standing(email_key: str, *, now: datetime) -> Suppression | None:
    """The suppression of an address that holds at `now`."""
    return _lasting(now).filter(email_key=email_key).first()


def all_standing(email_keys: Collection[str], *, now: datetime) -> QuerySet[Suppression]:
    """Of these addresses the suppressions that hold, and that keep a request to confirm from leaving, too."""
    return _lasting(now).filter(email_key__in=email_keys).exclude(reason__in=OWN_WISH)


def _lasting(now: datetime) -> QuerySet[Suppression]:
    return Suppression.objects.filter(Q(until__isnull=True) | Q(until__gt=now))


def lift_own_wish(email_key: str) -> bool:
    """Let an address be written to again whose owner had refused mail or was erased, and has confirmed a new sign-up. In the
    transaction of the confirmation. Says whether there was something to lift."""
    refused, _ = Suppression.objects.filter(email_key=email_key, reason__in=OWN_WISH).delete()
    erased, _ = Erased.objects.filter(hash=hashes.of_address(email_key)).delete()
    return bool(refused or erased)
