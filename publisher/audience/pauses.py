"""A reader who wants no mail for some weeks. Their subscriptions are paused, and go on by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from publisher.audience.models import Consent, Subscription
from publisher.audience.subscriptions import LIVE, proof

WEEKS: Final = (1, 2, 3, 4, 6, 8, 12, 26)
"""For how long a reader may pause. Whoever wants longer wants to leave."""


@transaction.atomic
def pause(subscriber_id: int, weeks: int, *, how: str, now: datetime) -> int:
    """Pause whatever somebody receives for so many weeks from now; how many subscriptions. Raises ValueError for other `WEEKS`.

    What is queued for them is dropped when it is claimed. Pausing again sets the time anew.
    """
    if weeks not in WEEKS:
        raise ValueError(f"{weeks} weeks: one of {WEEKS}")
    until = now + timedelta(weeks=weeks)
    paused = Subscription.objects.filter(subscriber_id=subscriber_id, state__in=LIVE).update(
        state=Subscription.State.PAUSED, paused_until=until
    )
    if paused:
        said = f"{how}: paused until {until:%Y-%m-%d %H:%M} UTC"
        proof(subscriber_id, None, Consent.Action.GIVEN, said, now)
    return paused


@transaction.atomic
def go_on(subscriber_id: int, *, how: str, now: datetime) -> int:
    """End a pause before its time; how many subscriptions."""
    resumed = _resume(subscriber_id=subscriber_id)
    if resumed:
        proof(subscriber_id, None, Consent.Action.GIVEN, f"{how}: the pause ended", now)
    return resumed


def resume_due(*, now: datetime) -> int:
    """Let subscriptions go on whose pause is over; how many. For beat: by the index of paused ones."""
    return _resume(paused_until__lte=now)


def _resume(**which: object) -> int:
    rows = Subscription.objects.filter(state=Subscription.State.PAUSED, **which)
    return rows.update(state=Subscription.State.ACTIVE, paused_until=None)
