"""How each state of each thing is shown: a shape and a tone beside its name. One table; templates ask `badge_of`.

Shapes are symbols of `assets/icons.svg`; tones are classes of `desk.css`. The name of the state is always shown too.
"""

from __future__ import annotations

from dataclasses import dataclass

from publisher.delivery.models import Amendment
from publisher.delivery.states import State as DeliveryState
from publisher.digests.models import Edition
from publisher.items.models import ItemTopic
from publisher.social.models import Post


@dataclass(frozen=True)
class Badge:
    """`tone` is one of quiet, wait, go, good, warn, bad."""

    label: str
    tone: str
    shape: str


def _badges(tones: dict[str, str], shapes: dict[str, str], labels: dict[str, str]) -> dict[str, Badge]:
    return {state: Badge(labels[state], tone, shapes[tone]) for state, tone in tones.items()}


SHAPES = {
    "quiet": "dash",
    "wait": "ring",
    "go": "half",
    "good": "check",
    "warn": "triangle",
    "bad": "cross",
}

POST = _badges(
    {
        "draft": "wait",
        "held": "warn",
        "approved": "go",
        "scheduled": "go",
        "sending": "go",
        "handed": "warn",
        "sent": "good",
        "failed": "bad",
        "unknown": "warn",
        "expired": "warn",
        "cancelled": "quiet",
    },
    SHAPES,
    {
        "draft": "Draft",
        "held": "Held",
        "approved": "Approved",
        "scheduled": "Scheduled",
        "sending": "Going out",
        "handed": "To post by hand",
        "sent": "Sent",
        "failed": "Failed",
        "unknown": "Unclear",
        "expired": "Expired",
        "cancelled": "Cancelled",
    },
)

EDITION = _badges(
    {
        "assembling": "go",
        "blocked": "bad",
        "waiting": "wait",
        "sending": "go",
        "paused": "warn",
        "sent": "good",
        "empty": "quiet",
        "cancelled": "quiet",
    },
    SHAPES,
    {
        "assembling": "Assembling",
        "blocked": "Blocked",
        "waiting": "To approve",
        "sending": "Sending",
        "paused": "Paused",
        "sent": "Sent",
        "empty": "Nothing new",
        "cancelled": "Cancelled",
    },
)

DELIVERY = _badges(
    {
        "queued": "wait",
        "sending": "go",
        "handed": "warn",
        "sent": "good",
        "delivered": "good",
        "bounced": "bad",
        "complained": "bad",
        "failed": "bad",
        "unknown": "warn",
        "suppressed": "quiet",
        "cancelled": "quiet",
        "expired": "warn",
    },
    SHAPES,
    {state.value: state.value.capitalize() for state in DeliveryState},
)

TOPIC = _badges(
    {"suggested": "wait", "accepted": "good", "declined": "quiet"},
    SHAPES,
    {state.value: str(state.label) for state in ItemTopic.State},
)

ITEM = {
    "visible": Badge("Visible", "good", "check"),
    "embargo": Badge("Embargo", "wait", "lock"),
    "retracted": Badge("Retracted", "bad", "cross"),
}

AMENDMENT = _badges(
    {
        "queued": "wait",
        "sending": "go",
        "done": "good",
        "failed": "bad",
        "unknown": "warn",
        "cancelled": "quiet",
    },
    SHAPES,
    {state.value: str(state.label) for state in Amendment.State},
)

TABLES = {
    "amendment": AMENDMENT,
    "post": POST,
    "edition": EDITION,
    "delivery": DELIVERY,
    "topic": TOPIC,
    "item": ITEM,
}

LONG_NAMES: dict[str, dict[str, str]] = {
    "post": {state.value: str(state.label) for state in Post.State},
    "edition": {state.value: str(state.label) for state in Edition.State},
    "delivery": {state.value: str(state.label) for state in DeliveryState},
}


def badge_of(what: str, state: str) -> Badge:
    """The badge of a state; one that the table does not know yet is shown by its bare name."""
    return TABLES[what].get(state) or Badge(state.replace("_", " ").capitalize(), "quiet", "dash")
