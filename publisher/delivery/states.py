"""The one list of delivery states, what each means, and which may follow which. The drawing in the docs is made from it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """What became of one message to one destination."""

    QUEUED = "queued", _("Waiting to be sent")
    SENDING = "sending", _("Being sent now")
    HANDED = "handed", _("Handed to a person, who posts it")
    SENT = "sent", _("Accepted by the other side")
    DELIVERED = "delivered", _("Delivered, as reported")
    BOUNCED = "bounced", _("Came back")
    COMPLAINED = "complained", _("The recipient complained")
    FAILED = "failed", _("Refused, or given up after all tries")
    UNKNOWN = "unknown", _("May have been accepted: nobody can tell yet")
    SUPPRESSED = "suppressed", _("Not sent: the address is on the suppression list")
    CANCELLED = "cancelled", _("Not sent: stopped before it left")
    EXPIRED = "expired", _("Not sent: its time had passed")


TRANSITIONS: dict[State, frozenset[State]] = {
    # to sent: its worker was given up for dead, and came back with the answer before it was claimed again
    # to handed: the same, of a draft for a person
    State.QUEUED: frozenset(
        {State.SENDING, State.HANDED, State.SENT, State.SUPPRESSED, State.CANCELLED, State.EXPIRED}
    ),
    State.SENDING: frozenset(
        {State.HANDED, State.SENT, State.FAILED, State.QUEUED, State.UNKNOWN, State.CANCELLED}
    ),
    State.HANDED: frozenset({State.SENT, State.CANCELLED, State.EXPIRED}),
    State.SENT: frozenset({State.DELIVERED, State.BOUNCED, State.COMPLAINED}),
    State.DELIVERED: frozenset({State.BOUNCED, State.COMPLAINED}),
    State.UNKNOWN: frozenset({State.HANDED, State.SENT, State.QUEUED, State.FAILED, State.CANCELLED}),
    State.FAILED: frozenset({State.QUEUED, State.HANDED}),
    State.BOUNCED: frozenset({State.COMPLAINED}),
    State.COMPLAINED: frozenset(),
    State.SUPPRESSED: frozenset(),
    # to sent: a person had posted it before it was stopped (`handing.posted`)
    State.CANCELLED: frozenset({State.SENT}),
    State.EXPIRED: frozenset({State.QUEUED, State.HANDED, State.SENT}),
}

UNFINISHED = frozenset({State.QUEUED, State.SENDING, State.HANDED, State.UNKNOWN})
LEFT_US = frozenset({State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED})


def may_become(old: State, new: State) -> bool:
    return new in TRANSITIONS[old]


def sources(new: State) -> list[str]:
    """The states that may become `new`, for the WHERE of an UPDATE."""
    return sorted(old.value for old, following in TRANSITIONS.items() if new in following)
