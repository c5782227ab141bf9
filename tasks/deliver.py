"""Sending what is queued, and settling what nobody settled."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from publisher.core import clock
from publisher.delivery import mail, notices, posts
from publisher.delivery.amending import claim as amending
from publisher.delivery.amending import doing, doubts
from publisher.delivery.sweep import sweep as sweep_leases
from tasks.edge import apart, stage

SECONDS = 20.0
"""How long one task sends before it makes room for others; the next tick goes on."""


@stage("tasks.deliver.send_mail")
def send_mail(**_given: object) -> dict[str, int]:
    """Send queued mail for a while."""
    return mail.send_due(seconds=SECONDS)


@stage("tasks.deliver.send_posts")
def send_posts(*, now: datetime, **_ids: int) -> int:
    """Publish the parts of posts that are due. Each lease runs from its own moment: a slow network must not shorten the next."""
    sent = 0
    for delivery_id in posts.due_deliveries(now=now):
        moment = clock.now()
        if moment > now + timedelta(seconds=SECONDS):
            break
        with apart("post", delivery_id=delivery_id):
            sent += posts.send(delivery_id, now=moment)
    return sent


@stage("tasks.deliver.send_notices")
def send_notices(**_given: object) -> dict[str, int]:
    """Send the mails to staff that wait, by the database's time: leases are written in it."""
    return notices.send_due(now=clock.database_now())


@stage("tasks.deliver.amend")
def amend(*, now: datetime, **_ids: int) -> dict[str, int]:
    """Correct what was sent: settle what a dead worker left, resolve what is unclear, do what is due."""
    counts = {
        "swept": amending.sweep(now=clock.database_now()),
        "resolved": doubts.resolve(now=now),
        "done": 0,
    }
    for amendment_id in doing.due(now=now):
        moment = clock.now()
        if moment > now + timedelta(seconds=SECONDS):
            break
        counts["done"] += doing.do(amendment_id, now=moment)
    return counts if any(counts.values()) else {}


@stage("tasks.deliver.sweep")
def sweep(**_given: object) -> dict[str, int]:
    """Settle leases that ran out, by the database's time, in which they are written."""
    swept = sweep_leases(now=clock.database_now(), most=settings.ATTEMPTS)
    return {state.value: n for state, n in swept.items()}
