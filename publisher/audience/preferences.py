"""What a reader saves on the preference page, in one transaction: all of it or nothing. Each change leaves its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction

from publisher.audience import pauses, subscriptions
from publisher.audience.choices import Choice, selection_for
from publisher.audience.models import Consent, Selection, Subscriber, Subscription

HOW: Final = "preference page"


@dataclass(frozen=True)
class Wish:
    """What a reader wants of a digest they have: this choice, of it or in its place of the digest `to`; None: to leave it."""

    choice: Choice | None
    to: int


@dataclass(frozen=True)
class Wishes:
    """Checked by whoever made it. `kept` and `added` by digest. `zone`: IANA, "" for the digest's own, None: as it is. `weeks`
    to pause from now on; 0: go on at once; None: as it is."""

    kept: Mapping[int, Wish] = field(default_factory=dict)
    added: Mapping[int, Choice] = field(default_factory=dict)
    zone: str | None = None
    weeks: int | None = None


@transaction.atomic
def save(subscriber_id: int, wishes: Wishes, *, now: datetime) -> bool:
    """Do what differs from what there is; False when the subscriber is gone. What has ended meanwhile stays ended."""
    subscriber = subscriptions.locked(subscriber_id)
    if subscriber is None:
        return False
    rows = {row.digest_id: row for row in subscriber.subscriptions.select_related("selection")}
    for digest_id, wish in wishes.kept.items():
        if digest_id in rows and rows[digest_id].state in subscriptions.LIVE:
            _keep(rows[digest_id], wish, now)
    for digest_id, choice in wishes.added.items():
        if digest_id not in rows or rows[digest_id].state == Subscription.State.ENDED:
            _add(subscriber, digest_id, choice, now)
    if wishes.zone is not None and wishes.zone != subscriber.zone:
        Subscriber.objects.filter(pk=subscriber.pk).update(zone=wishes.zone)
        subscriptions.proof(subscriber.pk, None, Consent.Action.GIVEN, f"{HOW}: time zone", now)
    if wishes.weeks:
        pauses.pause(subscriber.pk, wishes.weeks, how=HOW, now=now)
    elif wishes.weeks == 0:
        pauses.go_on(subscriber.pk, how=HOW, now=now)
    return True


def _keep(row: Subscription, wish: Wish, now: datetime) -> None:
    if wish.choice is None:
        subscriptions.leave(row.subscriber_id, row.digest_id, how=HOW, now=now)
    elif wish.to != row.digest_id:
        how = f"{HOW}: rhythm, in the place of digest {row.digest_id}"
        subscriptions.move(row.subscriber_id, row.digest_id, wish.to, wish.choice, how=how, now=now)
    elif changed := _changed(row.selection, wish.choice):
        how = f"{HOW}: {', '.join(changed)}"
        subscriptions.choose(row.subscriber_id, row.digest_id, wish.choice, how=how, now=now)


def _changed(before: Selection, choice: Choice) -> list[str]:
    """What differs, by name."""
    was = Choice.of(topics=before.topics, kinds=before.kinds, language=before.language, region=before.region)
    return [
        name
        for name in ("language", "topics", "kinds", "region")
        if getattr(was, name) != getattr(choice, name)
    ]


def _add(subscriber: Subscriber, digest_id: int, choice: Choice, now: datetime) -> None:
    """Who has left everything and chooses something again is with us again. A suppression stays: who lifts it is said there."""
    Subscription.objects.update_or_create(
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
    Subscriber.objects.filter(pk=subscriber.pk).update(state=Subscriber.State.ACTIVE)
    subscriptions.proof(subscriber.pk, digest_id, Consent.Action.GIVEN, HOW, now)
