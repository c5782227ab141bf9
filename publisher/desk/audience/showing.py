"""How subscribers are shown: masked to whoever may not read addresses, and what they receive in a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from publisher.audience.models import Subscriber, Subscription, Suppression
from publisher.audience.suppressing.searching import expiring
from publisher.core.masking import masked
from publisher.desk.language_names import language_name
from publisher.digests.models import Digest


@dataclass(frozen=True)
class Row:
    """One line of a list."""

    subscriber: Subscriber
    address: str
    name: str
    receives: list[str]
    tags: list[str]
    suppressed: bool


def rows_of(subscribers: Iterable[Subscriber], *, sees: bool, now: datetime) -> list[Row]:
    """Of subscribers with their tags and subscriptions."""
    subscribers = list(subscribers)
    digests = titles()
    standing = Suppression.objects.filter(expiring("standing", now))
    keys = standing.filter(email_key__in=[each.email_key for each in subscribers])
    suppressed = set(keys.values_list("email_key", flat=True))
    return [_row(each, digests, suppressed, sees=sees) for each in subscribers]


def named(digest: Digest) -> str:
    """What readers call the digest; with the short name beside it where that is another, since addresses and files have it."""
    title = str(digest)
    return title if title.casefold() == digest.slug else f"{title} ({digest.slug})"


def titles() -> dict[int, str]:
    """What each digest is called, by its number."""
    return {each.pk: named(each) for each in Digest.objects.all()}


def by_title() -> list[Digest]:
    """All digests, to choose from."""
    return sorted(Digest.objects.all(), key=lambda each: named(each).casefold())


def address_of(subscriber: Subscriber, *, sees: bool) -> str:
    """The address, or as much of it as anybody may read."""
    return subscriber.email if sees else masked(subscriber.email)


def _row(subscriber: Subscriber, titles: dict[int, str], suppressed: set[str], *, sees: bool) -> Row:
    active = [each for each in subscriber.subscriptions.all() if each.state != Subscription.State.ENDED]
    return Row(
        subscriber,
        address_of(subscriber, sees=sees),
        subscriber.name if sees else "",
        [
            f"{titles.get(each.digest_id, each.digest_id)} ({language_name(each.selection.language)})"
            for each in active
        ],
        sorted(tag.name for tag in subscriber.tags.all()),
        subscriber.email_key in suppressed,
    )
