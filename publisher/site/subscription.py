"""The subscription that a signed link names, as the public pages need it."""

from __future__ import annotations

from publisher.audience.models import Subscription
from publisher.audience.tokens import Link


def subscription_of(link: Link) -> Subscription | None:
    """The row, ended or not; None when it never was or is deleted."""
    rows = Subscription.objects.select_related("selection")
    return rows.filter(subscriber_id=link.subscriber_id, digest_id=link.target_id).first()


def language_of(link: Link) -> str:
    """The language its owner reads; empty when there is no such subscription."""
    found = subscription_of(link)
    return found.selection.language if found else ""
