"""The standstill: one row that stops everything that leaves, from its commit on. Knows nothing of mails and posts.

Claims ask for the row in their own SQL: the table has one row or none, so it costs nothing. Stopping and going on, as a person
does it, is `delivery.stopping`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from publisher.core import gate
from publisher.core.models import Restoration, Standstill


def current() -> Standstill | None:
    """The standstill, if there is one."""
    return Standstill.objects.first()


def is_on() -> bool:
    """Whether all sending stands still."""
    return Standstill.objects.exists()


def begin(kind: Standstill.Kind, *, reason: str, by: str, now: datetime) -> Standstill | None:
    """Stop all sending; None when it stands still already: that standstill stays as it is."""
    try:
        with transaction.atomic():
            gate.close()
            return Standstill.objects.create(kind=kind, reason=reason, by=by[:150], since=now)
    except IntegrityError:
        return None


@transaction.atomic
def end(*, since: datetime | None = None) -> Standstill | None:
    """Let it go on; what stood. With `since`, only the standstill that began then. None: there is none (any more)."""
    row = Standstill.objects.select_for_update().first()
    if row is None or since not in (None, row.since):
        return None
    Standstill.objects.all().delete()
    return row


def may_be_out(dated: datetime) -> bool:
    """Whether something about what was published at `dated` may have left after the backup from which this database
    was restored: whatever is older than the last restore."""
    return Restoration.objects.filter(restored_at__gte=dated).exists()
