"""Joining, choosing and leaving a digest. Each leaves its proof (`Consent`) in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from publisher.audience import addresses
from publisher.audience.bulk import kept
from publisher.audience.choices import Choice, selection_for
from publisher.audience.evidence import Evidence
from publisher.audience.models import Consent, Subscriber, Subscription
from publisher.core.errors import UserError

LIVE: Final = (Subscription.State.ACTIVE, Subscription.State.PAUSED)
"""Of a subscription that has not ended."""


@transaction.atomic
def join(
    email: str,
    *,
    digest_id: int,
    choice: Choice,
    how: str,
    now: datetime,
    name: str = "",
    evidence: Evidence | None = None,
) -> Subscription:
    """Subscribe an address whose owner has agreed (`how` says by what). Raises `UserError` for an impossible address, or
    without a word on the consent."""
    if not how.strip():
        raise UserError(
            _("There is no word on how this person agreed."), _("Write it down: it is the proof of consent.")
        )
    email = addresses.checked(email)
    subscriber, _created = Subscriber.objects.select_for_update().get_or_create(
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
            "paused_until": None,
            "moved_to": None,
        },
    )
    proof(subscriber.pk, digest_id, Consent.Action.CONFIRMED, how, now, evidence=evidence)
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
def choose(
    subscriber_id: int, digest_id: int, choice: Choice, *, how: str = "preference page", now: datetime
) -> Subscription | None:
    """Change what a subscription holds that has not ended; None when there is none any more."""
    rows = Subscription.objects.select_for_update().filter(subscriber_id=subscriber_id, state__in=LIVE)
    subscription = rows.filter(digest_id=digest_id).first()
    if subscription is None:
        return None
    selection = selection_for(choice)
    if subscription.selection_id != selection.pk:
        subscription.selection = selection
        subscription.save(update_fields=["selection"])
        proof(subscriber_id, digest_id, Consent.Action.GIVEN, how, now)
    return subscription


@transaction.atomic
def move(
    subscriber_id: int, digest_id: int, to: int, choice: Choice, *, how: str, now: datetime
) -> Subscription | None:
    """Have a reader get the digest `to` in the place of another one, of which it is a rhythm; None when they have that no more.

    What was queued for them of the old one still leaves. Its links end the new one from now on. No consent is withdrawn: it is
    the same newsletter.
    """
    if locked(subscriber_id) is None:
        return None
    mine = Subscription.objects.filter(subscriber_id=subscriber_id)
    old = mine.filter(digest_id=digest_id, state__in=LIVE).first()
    if old is None:
        return None
    new, _made = Subscription.objects.update_or_create(
        subscriber_id=subscriber_id,
        digest_id=to,
        defaults={
            "selection": selection_for(choice),
            "state": old.state,
            "paused_until": old.paused_until,
            "since": now,
            "ended_at": None,
            "moved_to": None,
        },
    )
    mine.filter(moved_to=digest_id).exclude(pk=new.pk).update(moved_to=to)
    mine.filter(pk=old.pk).update(
        state=Subscription.State.ENDED, ended_at=now, paused_until=None, moved_to=to
    )
    proof(subscriber_id, to, Consent.Action.GIVEN, how, now)
    return new


@transaction.atomic
def leave(subscriber_id: int, digest_id: int, *, how: str, now: datetime) -> bool:
    """End a subscription, and that to which its reader moved from it; what is queued for it is dropped when it is claimed.

    Doing it again changes nothing. Who has nothing left is marked so. What a bulk action ended is not brought back any more.
    """
    return bool(_end(subscriber_id, digest_id, how, now))


@transaction.atomic
def leave_all(subscriber_id: int, *, how: str, now: datetime) -> list[int]:
    """End every subscription; the digests that they were of."""
    return _end(subscriber_id, None, how, now)


def _end(subscriber_id: int, digest_id: int | None, how: str, now: datetime) -> list[int]:
    """One short transaction: mail programs wait for it. The subscriber's row is locked, so that of two who leave two digests at
    once one sees that nothing is left."""
    subscriber = locked(subscriber_id)
    if subscriber is None:
        return []
    every = list(subscriber.subscriptions.annotate(in_bulk=kept.has_ended_some()))
    rows = [row for row in every if row.state != Subscription.State.ENDED or row.moved_to is not None]
    named = {row.digest_id for row in rows} if digest_id is None else _same_newsletter(rows, digest_id)
    ending = [row for row in rows if row.digest_id in named]
    if any(row.in_bulk for row in every):
        all_of_it = digest_id is None or len(ending) == len(rows)  # they want nothing at all any more
        same = [row.pk for row in every if row.digest_id in named]
        kept.as_asked(subscriber_id, None if all_of_it else same)
    if not ending:
        return []
    Subscription.objects.filter(pk__in=[row.pk for row in ending]).update(
        state=Subscription.State.ENDED,
        ended_at=Coalesce("ended_at", Value(now)),
        paused_until=None,
        moved_to=None,
    )
    for row in ending:
        proof(subscriber_id, row.digest_id, Consent.Action.WITHDRAWN, how, now)
    if len(ending) == len(rows) and subscriber.state == Subscriber.State.ACTIVE:
        Subscriber.objects.filter(pk=subscriber_id).update(state=Subscriber.State.LEFT)
    return [row.digest_id for row in ending]


def _same_newsletter(rows: Sequence[Subscription], digest_id: int) -> set[int]:
    """A digest, what its reader moved to from it, and what they had before that."""
    found = {digest_id} | {row.moved_to for row in rows if row.digest_id == digest_id and row.moved_to}
    return found | {row.digest_id for row in rows if row.moved_to in found}


def locked(subscriber_id: int) -> Subscriber | None:
    """The subscriber, whom nobody else changes or erases until the end of the transaction."""
    return Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()


def locked_by_key(email_key: str) -> Subscriber | None:
    """The same by an address, if somebody has it."""
    return Subscriber.objects.select_for_update().filter(email_key=email_key).first()


def proof(
    subscriber_id: int,
    digest_id: int | None,
    action: Consent.Action,
    how: str,
    now: datetime,
    *,
    evidence: Evidence | None = None,
) -> None:
    """Write down what somebody agreed to or withdrew (of all digests: None), in the transaction of the change."""
    evidence = evidence or Evidence()
    Consent.objects.create(
        subscriber_id=subscriber_id,
        digest_id=digest_id,
        action=action,
        how=how[:200],
        text=evidence.text,
        page=evidence.page,
        client=evidence.client,
        at=now,
    )
