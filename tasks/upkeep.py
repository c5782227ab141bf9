"""Small recurring work that keeps the books in order."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery import retention, tally
from publisher.delivery.closing import cancel_left_over, finish_editions
from publisher.items import memory, rejections, submissions
from tasks.edge import beat, stage

PRUNE_SECONDS = 60.0


@stage("tasks.upkeep.finish")
def finish(*, now: datetime) -> dict[str, int]:
    """Close editions of which nothing is left to do."""
    cancelled, finished = cancel_left_over(now=now), len(finish_editions(now=now))
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
    return retention.prune(now=now, seconds=PRUNE_SECONDS)
