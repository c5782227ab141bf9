"""Joining, choosing and leaving a digest. Each leaves its proof (`Consent`) in the same transaction."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from publisher.audience import addresses
from publisher.audience.choices import Choice, selection_for
from publisher.audience.models import Consent, Subscriber, Subscription
from publisher.core.errors import UserError


@transaction.atomic
def join(
    email: str, *, digest_id: int, choice: Choice, how: str, now: datetime, name: str = ""
) -> Subscription:
    """Subscribe an address whose owner has agreed (`how` says by what). Raises `UserError` for an impossible address, or
    without a word on the consent."""
    if not how.strip():
        raise UserError(
            "There is no word on how this person agreed.", "Write it down: it is the proof of consent."
        )
    email = addresses.checked(email)
    subscriber, _created = Subscriber.objects.get_or_create(
        email_key=addresses.key(email), defaults={"email": email, "name": name, "created_at": now}
    )
    if subscriber.state != Subscriber.State.ACTIVE:
        subscriber.state = Subscriber.State.ACTIVE
        subscriber.save(update_fields=["state"])
    subscription, _created = Subscription.objects.update_or_create(
        subscriber=subscriber,
        digest_id=digest_id,
        defaults={
            "selection": selection_for(choice),
            "state": Subscription.State.ACTIVE,
            "since": now,
            "ended_at": None,
        },
    )
    _proof(subscriber.pk, digest_id, Consent.Action.CONFIRMED, how, now)
    return subscription


def chosen(email: str, digest_id: int) -> Choice | None:
    """What an address has chosen of a digest; None when it never had it."""
    known = Subscription.objects.select_related("selection").filter(
        subscriber__email_key=addresses.key(addresses.checked(email)), digest_id=digest_id
    )
    subscription = known.first()
    if subscription is None:
        return None
    selection = subscription.selection
    return Choice.of(
        topics=selection.topics, kinds=selection.kinds, language=selection.language, region=selection.region
    )


@transaction.atomic
def choose(subscriber_id: int, digest_id: int, choice: Choice, *, now: datetime) -> Subscription | None:
    """Change what an active subscription holds; None when there is none any more."""
    subscription = (
        Subscription.objects.select_for_update()
        .filter(subscriber_id=subscriber_id, digest_id=digest_id, state=Subscription.State.ACTIVE)
        .first()
    )
    if subscription is None:
        return None
    subscription.selection = selection_for(choice)
    subscription.save(update_fields=["selection"])
    _proof(subscriber_id, digest_id, Consent.Action.GIVEN, "preference page", now)
    return subscription


@transaction.atomic
def leave(subscriber_id: int, digest_id: int, *, how: str, now: datetime) -> bool:
    """End a subscription; what is queued for it is dropped when it is claimed. Doing it again changes nothing."""
    ended = Subscription.objects.filter(
        subscriber_id=subscriber_id, digest_id=digest_id, state__in=["active", "paused"]
    ).update(state=Subscription.State.ENDED, ended_at=now)
    if ended:
        _proof(subscriber_id, digest_id, Consent.Action.WITHDRAWN, how, now)
    return bool(ended)


def _proof(subscriber_id: int, digest_id: int, action: Consent.Action, how: str, now: datetime) -> None:
    Consent.objects.create(
        subscriber_id=subscriber_id, digest_id=digest_id, action=action, how=how[:200], at=now
    )
