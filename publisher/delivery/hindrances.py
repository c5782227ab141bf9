"""Why mail of an edition does not leave though its time has come: the mail server cannot be used, or takes no more just now.

Read where it is shown, and never copied onto editions: so one that begins to wait later says it too, and none says it when
it is over. That an edition waits for its hours is in `progress.py`.
"""

from __future__ import annotations

import logging
from typing import Any

import redis

from publisher.core.redis import client
from publisher.delivery import outage
from publisher.delivery.models import Delivery
from publisher.delivery.outage import Outage
from publisher.delivery.states import State
from publisher.digests.models import Edition

log = logging.getLogger(__name__)

PACE = "publisher:mail:paced"
PACE_SECONDS = 60
"""Senders say it anew every twenty seconds."""


def say_pace(reason: str) -> None:
    """Why nothing may leave through the mail server just now; without a reason, that something may."""
    try:
        if reason:
            client().set(PACE, reason, ex=PACE_SECONDS)
        else:
            client().delete(PACE)
    except redis.RedisError as error:
        log.warning("hindrances.redis_away", extra={"error": str(error)})


def pace() -> str:
    """What senders said last; empty when mail may leave, or while Redis cannot be asked."""
    try:
        said: Any = client().get(PACE)
    except redis.RedisError:
        return ""
    return said.decode() if said else ""


def outage_of(edition: Edition) -> Outage | None:
    """The outage of the mail server, if mail of this edition waits for it: readers', or tests."""
    found = outage.current()
    return found if found and _waiting(edition) else None


def pace_of(edition: Edition) -> str:
    """Why mail of this edition waits for its turn, though the mail server works."""
    said = pace()
    return (
        f"Mail waits: {said}" if said and edition.state == Edition.State.SENDING and _waiting(edition) else ""
    )


def _waiting(edition: Edition) -> bool:
    """Whether it has mail that would leave: of an edition that is not being sent only tests do."""
    rows = Delivery.objects.filter(edition=edition, state=State.QUEUED)
    if edition.state != Edition.State.SENDING:
        rows = rows.filter(purpose=Delivery.Purpose.TEST)
    return rows.exists()
