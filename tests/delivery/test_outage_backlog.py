"""The service was down while posts fell due: nothing floods out, what is too late asks, and all that asks gets slots at once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.models import User

from publisher.delivery.models import Delivery
from publisher.delivery.reslotting import give_new_slots
from publisher.items.models import Item
from publisher.social.models import Channel, Post
from publisher.social.networks.sandbox.faults import Kind
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_schedule
from tests.delivery.post_steps import HOUR, tick
from tests.desk.builders import a_post
from tests.social.steps import a_sandbox_channel, fresh

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
GAP = timedelta(minutes=10)
EVERY_TWELVE = [
    {"weekday": day, "at": f"{h:02}:{m:02}"} for day in range(7) for h in range(24) for m in range(0, 60, 12)
]


def a_backlog(network: Server, *, channels: int = 2) -> list[Channel]:
    """A post of each channel is due every half hour from noon on, and every channel keeps ten minutes between two."""
    made = []
    for n in range(channels):
        schedule = a_schedule(
            slots=EVERY_TWELVE, least_gap_minutes=10, quiet=[{"start": "23:00", "end": "06:00"}]
        )
        channel = a_sandbox_channel(network, name=f"account {n}", schedule=schedule)
        for half_hours in range(20):
            slot_at = NOON + half_hours * HOUR / 2
            a_post(channel=channel, state="scheduled", slot_at=slot_at, approved_at=NOON, text=str(slot_at))
        made.append(channel)
    return made


def run(channels: list[Channel], *, start: datetime, hours: int) -> dict[int, list[tuple[datetime, int]]]:
    """Let the clock go on minute by minute; when which post left, by channel."""
    left: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    known = set(Delivery.objects.filter(state="sent").values_list("pk", flat=True))
    for minute in range(hours * 60):
        now = start + minute * MINUTE
        for channel in channels:
            give_slots(channel.pk, now=now)
        tick(now=now)
        for row in Delivery.objects.filter(state="sent").exclude(pk__in=known):
            known.add(row.pk)
            left[row.channel_id or 0].append((now, row.post_id or 0))
    return left


def states(channel: Channel) -> list[str]:
    return list(channel.posts.order_by("slot_at", "id").values_list("state", flat=True))


def test_after_three_hours_all_leave_spread_by_the_least_gap_and_in_their_order(network: Server) -> None:
    channels = a_backlog(network)
    left = run(channels, start=NOON + 3 * HOUR, hours=3)
    for channel in channels:
        times = [at for at, _ in left[channel.pk]]
        assert times[0] == NOON + 3 * HOUR
        assert all(after - before >= GAP for before, after in pairwise(times))
        posts = [post for _, post in left[channel.pk]]
        assert posts == sorted(posts), "in the order in which they were due"
        assert len(posts) > 6, "more than fell due meanwhile: the backlog is worked off"
        assert set(states(channel)) == {"sent", "scheduled"}


def test_after_ten_hours_what_is_too_late_asks_and_the_rest_keeps_out_of_the_quiet_time(
    network: Server,
) -> None:
    channels = a_backlog(network)
    left = run(channels, start=NOON + 10 * HOUR, hours=2)
    for channel in channels:
        missed = [post.pk for post in channel.posts.order_by("slot_at") if post.state == "expired"]
        assert len(missed) == 8, "those due before 16:00, by a tolerance of six hours"
        assert all("missed" in post.problem for post in channel.posts.filter(pk__in=missed))
        times = [at for at, _ in left[channel.pk]]
        assert times
        assert all(after - before >= GAP for before, after in pairwise(times))
        assert max(times) < NOON + 11 * HOUR, "nothing leaves from 23:00 on"


def test_all_that_ask_get_a_new_slot_at_once_and_leave_in_their_order(network: Server) -> None:
    channels = a_backlog(network)
    start = NOON + 10 * HOUR
    run(channels, start=start, hours=1)
    asking = list(Post.objects.filter(state="expired").values_list("pk", flat=True))
    assert len(asking) == 16
    outcome = give_new_slots(asking, user=User.objects.create_user("mira"), now=start + HOUR)
    assert (outcome.moved, outcome.waiting, outcome.asking) == (16, 0, 0)
    for channel in channels:
        slots = list(channel.posts.filter(state="scheduled", pk__in=asking).order_by("pk"))
        times = [post.slot_at for post in slots if post.slot_at]
        assert len(times) == 8
        assert times == sorted(times)
        assert times[0] >= NOON + 18 * HOUR, "the quiet time ends at six"
        others = channel.posts.filter(state="scheduled").order_by("slot_at").values_list("slot_at", flat=True)
        assert all(after - before >= GAP for before, after in pairwise(filter(None, others)))
    left = run(channels, start=NOON + 18 * HOUR, hours=5)
    for channel in channels:
        mine = [post for _, post in left[channel.pk] if post in asking]
        assert mine == sorted(mine)
        assert len(mine) == 8


def test_an_embargo_that_is_moved_after_queuing_keeps_the_post_back_until_it_lifts(network: Server) -> None:
    (channel,) = a_backlog(network, channels=1)
    first = channel.posts.earliest("slot_at")
    network.faults.add(Kind.RATE_LIMIT, seconds=60)
    tick(now=NOON)
    row = Delivery.objects.get(post=first)
    assert (row.state, row.attempts) == ("queued", 1), "it is in the queue, and was tried once"
    Item.objects.filter(pk=first.item_id).update(embargo_until=NOON + HOUR)
    for minutes in (3, 20, 59):
        tick(now=NOON + minutes * MINUTE)
        assert fresh(first).state == "sending"
    tick(now=NOON + HOUR)
    assert Delivery.objects.get(post=first).state == "sent"
