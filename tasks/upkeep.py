"""Small recurring work that keeps the books in order."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery import retention, tally, unused_pictures
from publisher.delivery.closing import clear_away, finish_editions
from publisher.delivery.turns import LONG, turn
from publisher.items import memory, rejections, submissions
from tasks.edge import beat, stage

PRUNE_SECONDS = 3.0
"""A turn of forgetting. Beat comes again in some seconds; so it never occupies a process for long."""


@stage("tasks.upkeep.finish")
def finish(*, now: datetime) -> dict[str, int]:
    """Close editions of which nothing is left to do."""
    cancelled, finished = clear_away(now=now), len(finish_editions(now=now))
    return {"cancelled": cancelled, "finished": finished} if cancelled or finished else {}


@stage("tasks.upkeep.fold")
def fold(*, now: datetime) -> None:
    """Fold the tally of deliveries, and forget what intake need not remember any more."""
    tally.fold()
    submissions.forget(now=now)
    memory.forget(now=now)
    rejections.forget(now=now)
    beat("upkeep.fold", now)


@stage("tasks.upkeep.prune")
def prune(*, now: datetime) -> int:
    """Forget deliveries whose time is over, a while at a time."""
    with turn(LONG, seconds=PRUNE_SECONDS) as mine:
        return retention.prune(now=now, seconds=PRUNE_SECONDS) if mine else 0


@stage("tasks.upkeep.forget_pictures")
def forget_pictures(*, now: datetime) -> int:
    """Delete pictures that nothing shows any more."""
    return unused_pictures.forget(now=now)
