"""The one rule of which items may be shown, drafted or put into an edition."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from publisher.items.models import Item


def is_visible(item: Item, now: datetime) -> bool:
    """Not retracted, and not under embargo at `now` (aware)."""
    return item.retracted_at is None and (item.embargo_until is None or item.embargo_until <= now)


def visible(now: datetime) -> QuerySet[Item]:
    """The items of which `is_visible` is true."""
    return Item.objects.filter(visible_q(now))


def visible_q(now: datetime, prefix: str = "") -> Q:
    """The rule as a condition; `prefix` leads to the item from another model (`"item__"`)."""
    lifted = Q(**{f"{prefix}embargo_until": None}) | Q(**{f"{prefix}embargo_until__lte": now})
    return Q(**{f"{prefix}retracted_at": None}) & lifted
