"""Taking a person out of what this room keeps of them. `privacy/erasing.py` does it for all rooms in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db.models import F, Q

from publisher.audience import addresses
from publisher.audience.address_change import Outcome
from publisher.audience.models import (
    AddressChange,
    Bulk,
    ReaderLetter,
    Segment,
    SignUp,
    Subscriber,
    Suppression,
)

NOBODY: Final = "erased@invalid"
"""An address that nobody has (RFC 2606)."""
K = ReaderLetter.Kind
TO_THEMSELVES: Final = (K.CHANGE_OLD, K.DATA, K.ERASE)
"""Letters that go to the address which their reader has when they are written."""


def keys_of(subscriber: Subscriber) -> set[str]:
    """Their address and former ones, as they are compared, as far as letters and changes say. Not one that they only asked for:
    it may be somebody else's."""
    mine = Q(subscriber=subscriber)
    asked = ReaderLetter.objects.filter(mine, kind__in=TO_THEMSELVES)
    changed = AddressChange.objects.filter(mine, outcome=Outcome.CHANGED)
    return {
        subscriber.email_key,
        *asked.values_list("to_key", flat=True),
        *changed.values_list("email_key", flat=True),
    }


def of_others(subscriber: Subscriber, keys: Collection[str]) -> set[str]:
    """Those of the addresses that belong to another subscriber by now: what is known of them is that one's."""
    others = Subscriber.objects.exclude(pk=subscriber.pk).filter(email_key__in=keys)
    return set(others.values_list("email_key", flat=True))


def erase(subscriber: Subscriber, keys: Collection[str]) -> None:
    """Delete the person with all that names them: subscriptions, choices, proofs, sign-ups, letters, changes of address, and
    their entries on the suppression list. Their tokens name nobody from then on."""
    _take_out_of_conditions(keys)
    AddressChange.objects.filter(
        email_key__in=keys
    ).delete()  # also of somebody else who wanted to have theirs
    ReaderLetter.objects.filter(to_key__in=keys).delete()
    SignUp.objects.filter(email_key__in=keys).delete()
    Suppression.objects.filter(email_key__in=keys).delete()
    subscriber.delete()


def _take_out_of_conditions(keys: Collection[str]) -> None:
    """Conditions of staff that look for one of these addresses find nobody from now on, and do not name it. A bulk action that
    is being done keeps its own for its seven days: its worker holds its row, and waits for ours."""
    for segment in Segment.objects.all():
        if (groups := _without(segment.groups, keys)) != segment.groups:
            Segment.objects.filter(pk=segment.pk).update(groups=groups, version=F("version") + 1)
    for bulk in Bulk.objects.exclude(groups=[]).exclude(state__in=Bulk.OPEN):
        if (groups := _without(bulk.groups, keys)) != bulk.groups:
            Bulk.objects.filter(pk=bulk.pk).update(groups=groups)


def _without(groups: list[list[dict[str, Any]]], keys: Collection[str]) -> list[list[dict[str, Any]]]:
    return [[each | {"value": NOBODY} if _names(each, keys) else each for each in group] for group in groups]


def _names(condition: dict[str, Any], keys: Collection[str]) -> bool:
    """Whether it looks for one of them, or for what one of them begins with up to its domain."""
    value = str(condition.get("value", ""))
    return "@" in value and any(key.startswith(addresses.key(value)) for key in keys)
