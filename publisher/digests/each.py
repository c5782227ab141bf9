"""When a digest that goes out with each item is due: what came since its last edition is asked, `with_each.py` decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from publisher.digests.assembling import candidates_for
from publisher.digests.covered import SLACK, next_window
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item
from publisher.schedule.hours import SendingHours
from publisher.schedule.with_each import EachTiming, each_due

_LOOK_BACK = timedelta(days=3)
"""For the editions of a day, wherever its midnight was."""


def due_at(digest: Digest, now: datetime) -> datetime | None:
    """When what has come by `now` (aware) goes out; None while nothing has come that the digest would hold."""
    since = next_window(digest, now)
    if digest.editions.filter(state=Edition.State.ASSEMBLING, item_ids=[]).exists():
        return None  # which items are left is known once it is filled
    if not _anything_came(since, now):
        return None
    unmade = Edition(digest=digest, window_from=since, window_to=now, due_at=now)
    begun = digest.editions.filter(item_ids=[], due_at__gt=now - _LOOK_BACK)
    return each_due(
        timing_of(digest),
        [each.visible_at for each in candidates_for(unmade, now)],
        list(begun.values_list("due_at", flat=True)),
    )


def timing_of(digest: Digest) -> EachTiming:
    """By the digest's sending hours, and the installation's settings."""
    hours = SendingHours(ZoneInfo(digest.zone), digest.send_from, digest.send_until)
    return EachTiming(hours, timedelta(minutes=settings.EACH_QUIET_MINUTES), settings.EACH_A_DAY)


def _anything_came(since: datetime, now: datetime) -> bool:
    """Asked every second, so first by two indexes alone."""
    start = since - SLACK
    came = Item.objects.filter(first_received_at__gte=start, first_received_at__lt=now)
    freed = Item.objects.filter(embargo_until__gte=start, embargo_until__lt=now)
    return came.exists() or freed.exists()
