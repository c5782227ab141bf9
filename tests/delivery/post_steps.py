"""What the clock does to posts, in few words: queue, send, sweep, ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.delivery.models import Delivery
from publisher.delivery.posts import enqueue_due, heads, reconcile_unknown, send
from publisher.delivery.sweep import sweep
from publisher.social.models import Post
from tests.builders import NOON

HOUR = timedelta(hours=1)
AFTER_LEASE = timedelta(seconds=301)


def send_due(*, now: datetime) -> int:
    """Send what is due, one after the other; how many were tried."""
    tried, seen = 0, set[int]()
    while due := [each for each in heads(now=now) if each not in seen]:
        seen.update(due)
        tried += sum(send(each, now=now) for each in due)
    return tried


def tick(*, now: datetime = NOON) -> None:
    """Everything that beat does for posts, once."""
    sweep(now=now, most=8)
    reconcile_unknown(now=now)
    enqueue_due(now=now)
    send_due(now=now)


def until_settled(*, start: datetime = NOON, hours: int = 5) -> None:
    """Let the clock go on minute by minute, until nothing is left to do or a person must do something."""
    for minute in range(hours * 60):
        tick(now=start + timedelta(minutes=minute))
        unfinished = Delivery.objects.filter(state__in=["queued", "sending", "unknown"])
        if not unfinished.filter(channel__paused_reason="").exists():
            return


def delivery_of(post: Post) -> Delivery:
    return Delivery.objects.get(post=post)
