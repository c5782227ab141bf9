"""Whether a reader may be written to now: what a claim asks of each mail, asked before a person is promised one."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from publisher.audience.models import Subscriber, Subscription, Suppression
from publisher.core.errors import UserError


def why_not(subscriber: Subscriber | None, digest_id: int, *, now: datetime) -> UserError | None:
    """Why this reader gets no mail of the digest; None when they do."""
    if subscriber is None:
        return UserError(_("This reader was deleted, so nothing can be sent."))
    if suppression := suppressed(subscriber.email_key, now=now):
        return UserError(
            _("The address is on the suppression list (%(reason)s).")
            % {"reason": suppression.get_reason_display()},
            _("Nothing is sent there until it is taken off the list."),
        )
    wants = Subscription.objects.filter(
        subscriber=subscriber, digest_id=digest_id, state=Subscription.State.ACTIVE
    )
    if subscriber.state != Subscriber.State.ACTIVE or not wants.exists():
        return UserError(
            _("This reader does not receive the digest any more."),
            _("They can subscribe again; then they get the next one."),
        )
    return None


def suppressed(email_key: str, *, now: datetime) -> Suppression | None:
    """The entry of the suppression list that stands against an address."""
    lasting = Q(until__isnull=True) | Q(until__gt=now)
    return Suppression.objects.filter(lasting, email_key=email_key).first()
