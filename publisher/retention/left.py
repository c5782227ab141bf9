"""Subscribers who left long ago: whom nothing is sent to any more, and who have neither chosen nor agreed to anything since."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from publisher.audience.models import Consent, Subscriber, Subscription
from publisher.core import clock
from publisher.privacy import erasing

HOW: Final = gettext_noop("left long ago")


def due(moment: datetime) -> QuerySet[Subscriber]:
    """Who receives nothing, and of whom nothing is known that is as young as `moment`."""
    mine = Subscription.objects.filter(subscriber=OuterRef("pk"))
    receives = ~Q(state=Subscription.State.ENDED)
    lately = Q(ended_at__isnull=True) | Q(ended_at__gte=moment) | Q(since__gte=moment)
    agreed = Consent.objects.filter(subscriber=OuterRef("pk"), at__gte=moment)
    return Subscriber.objects.filter(
        ~Exists(mine.filter(receives | lately)), ~Exists(agreed), created_at__lt=moment
    )


def erase_some(moment: datetime, most: int) -> int:
    """Erase up to `most` of those who left before `moment`, in the caller's transaction; how many.

    Who comes back in this moment stays: their row is locked, and asked again.
    """
    rows = due(moment).select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    found = list(rows.values_list("pk", flat=True)[:most])
    still = list(due(moment).filter(pk__in=found).values_list("pk", flat=True))
    for subscriber_id in still:
        erasing.erase(subscriber_id, user=None, how=HOW, now=clock.now())
    return len(still)
