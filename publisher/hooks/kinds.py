"""Of what an endpoint can be told: each kind of thing with its states, and the names and patterns of events. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.audience.models import Subscriber, Subscription
from publisher.delivery.states import State
from publisher.digests.models import Edition
from publisher.social.models import Post

PREFIX: Final = "org.publisher."
"""Before the name in a CloudEvent's `type`; those of items that come in begin alike."""
ALL: Final = "*"
DELETED: Final = "deleted"
TEST: Final = "webhook.test"
"""What the button sends; no pattern is needed for it."""

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "delivery": tuple(State.values),
    "post": tuple(Post.State.values),
    "edition": tuple(Edition.State.values),
    "subscriber": (*Subscriber.State.values, DELETED),
    "subscription": tuple(Subscription.State.values),
}
MEANINGS: Final[dict[str, Promise]] = {
    "delivery": _("Deliveries: each message to a reader or a channel"),
    "post": _("Posts of channels"),
    "edition": _("Editions of digests"),
    "subscriber": _("Subscribers: the people who read"),
    "subscription": _("Subscriptions: one of a subscriber to a digest"),
}
FIRST_STATE: Final = ""
"""The old state of what was just made."""


def names() -> list[str]:
    """Every event by its name: `delivery.sent`."""
    return [f"{kind}.{state}" for kind, states in KINDS.items() for state in states]


def patterns() -> list[str]:
    """All that an endpoint may ask for: `*`, `delivery.*`, `delivery.sent`."""
    return [ALL, *(f"{kind}.{ALL}" for kind in KINDS), *names()]


def patterns_for(name: str) -> list[str]:
    """The patterns that take in this event."""
    return [ALL, f"{name.partition('.')[0]}.{ALL}", name]


def without_doubles(events: Iterable[str]) -> list[str]:
    """The same without what another pattern takes in already, in the order of the table."""
    given = set(events)
    kept = [pattern for pattern in patterns() if pattern in given]
    return [each for each in kept if not given & ({ALL, f"{each.partition('.')[0]}.{ALL}"} - {each})]


def wanted(events: Iterable[str]) -> set[tuple[str, str]]:
    """What the triggers must write down for these patterns: (kind, state), state `*` for each."""
    found: set[tuple[str, str]] = set()
    for pattern in events:
        if pattern == ALL:
            return {(kind, ALL) for kind in KINDS}
        kind, _dot, state = pattern.partition(".")
        found.add((kind, state))
    return found
