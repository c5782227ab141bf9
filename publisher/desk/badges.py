"""How each state of each thing is shown: a shape and a tone beside its name. One table; templates ask `badge_of`.

Shapes are symbols of `assets/icons.svg`; tones are classes of `desk.css`. The name of the state is always shown too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.audience.models import Subscriber
from publisher.delivery.models import Amendment
from publisher.delivery.states import State as DeliveryState
from publisher.digests.models import Edition
from publisher.hooks.models import Message
from publisher.items.models import ItemTopic
from publisher.social.models import Post


@dataclass(frozen=True)
class Badge:
    """`tone` is one of quiet, wait, go, good, warn, bad."""

    label: str | Promise
    tone: str
    shape: str


def _badges(
    tones: dict[str, str], shapes: dict[str, str], labels: Mapping[str, str | Promise]
) -> dict[str, Badge]:
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
        "draft": _("Draft"),
        "held": _("Held"),
        "approved": _("Approved"),
        "scheduled": _("Scheduled"),
        "sending": _("Going out"),
        "handed": _("To post by hand"),
        "sent": _("Sent"),
        "failed": _("Failed"),
        "unknown": _("Unclear"),
        "expired": _("To decide"),  # it missed its slot, or was held back until somebody looks at it
        "cancelled": _("Cancelled"),
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
        "assembling": _("Assembling"),
        "blocked": _("Blocked"),
        "waiting": _("To approve"),
        "sending": _("Sending"),
        "paused": _("Paused"),
        "sent": _("Sent"),
        "empty": _("Nothing new"),
        "cancelled": _("Cancelled"),
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
    {
        "queued": _("Queued"),
        "sending": _("Sending"),
        "handed": _("Handed"),
        "sent": _("Sent"),
        "delivered": _("Delivered"),
        "bounced": _("Bounced"),
        "complained": _("Complained"),
        "failed": _("Failed"),
        "unknown": _("Unknown"),
        "suppressed": _("Suppressed"),
        "cancelled": _("Cancelled"),
        "expired": _("Expired"),
    },
)

TOPIC = _badges(
    {"suggested": "wait", "accepted": "good", "declined": "quiet"},
    SHAPES,
    {state.value: state.label for state in ItemTopic.State},
)

ITEM = {
    "visible": Badge(_("Visible"), "good", "check"),
    "embargo": Badge(_("Embargo"), "wait", "lock"),
    "retracted": Badge(_("Retracted"), "bad", "cross"),
}

AMENDMENT = _badges(
    {
        "waiting": "wait",
        "queued": "wait",
        "sending": "go",
        "done": "good",
        "failed": "bad",
        "unknown": "warn",
        "cancelled": "quiet",
    },
    SHAPES,
    {state.value: state.label for state in Amendment.State},
)

TAG = {
    "waits": Badge(_("Waits for clearance"), "warn", "triangle"),
    "cleared": Badge(_("Cleared"), "good", "check"),
    "removed": Badge(_("Removed"), "quiet", "dash"),
    "off": Badge(_("Not in use"), "quiet", "dash"),
}

HOOK = _badges(
    {"queued": "wait", "sending": "go", "sent": "good", "failed": "bad"},
    SHAPES,
    {state.value: state.label for state in Message.State},
)

REPORT = _badges(
    {
        "nothing": "quiet",
        "marked": "warn",
        "counted": "warn",
        "suppressed": "bad",
        "left": "quiet",
        "delivered": "good",
        "unmatched": "wait",
    },
    SHAPES,
    {
        "nothing": _("Nothing changed"),
        "marked": _("Marked"),
        "counted": _("Counted"),
        "suppressed": _("Suppressed"),
        "left": _("Unsubscribed"),
        "delivered": _("Delivered"),
        "unmatched": _("Nobody known"),
    },
)

SUBSCRIBER = _badges(
    {"pending": "wait", "active": "good", "left": "quiet"},
    SHAPES,
    {state.value: state.label for state in Subscriber.State},
)

TABLES = {
    "subscriber": SUBSCRIBER,
    "amendment": AMENDMENT,
    "post": POST,
    "edition": EDITION,
    "delivery": DELIVERY,
    "topic": TOPIC,
    "item": ITEM,
    "tag": TAG,
    "hook": HOOK,
    "report": REPORT,
}

LONG_NAMES: dict[str, dict[str, str | Promise]] = {
    "post": {state.value: state.label for state in Post.State},
    "edition": {state.value: state.label for state in Edition.State},
    "delivery": {state.value: state.label for state in DeliveryState},
}


def badge_of(what: str, state: str) -> Badge:
    """The badge of a state; one that the table does not know yet is shown by its bare name."""
    return TABLES[what].get(state) or Badge(state.replace("_", " ").capitalize(), "quiet", "dash")
