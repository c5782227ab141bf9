"""Approved posts get their slots: in order, each slot once, and none where none may be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from publisher.items.models import Item
from publisher.social.models import Channel, Post
from publisher.social.slots import channels_waiting, give_slots
from tests.builders import NOON, a_schedule
from tests.social.steps import a_draft, a_sandbox_channel, a_scheduled_post, approved, fresh

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def approved_posts(channel: Channel, count: int) -> list[Post]:
    return [approved(a_draft(channel), now=NOON + n * timedelta(seconds=1)) for n in range(count)]


def test_slots_go_by_priority_then_by_approval() -> None:
    channel = a_sandbox_channel()
    first, second, urgent = approved_posts(channel, 3)
    Post.objects.filter(pk=urgent.pk).update(priority=1)
    assert channels_waiting() == [channel.pk]
    assert give_slots(channel.pk, now=NOON) == 3
    slots = [fresh(post).slot_at for post in (urgent, first, second)]
    assert slots == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
    assert channels_waiting() == []


def test_what_has_its_slot_keeps_it() -> None:
    channel = a_sandbox_channel()
    early = a_scheduled_post(channel)
    late = a_scheduled_post(channel)
    assert (early.slot_at, late.slot_at) == (NOON, NOON + MINUTE)
    assert give_slots(channel.pk, now=NOON) == 0


def test_what_was_sent_counts_for_the_gap_and_the_day() -> None:
    schedule = a_schedule(
        slots=[{"weekday": d, "at": f"{h:02}:00"} for d in range(7) for h in range(24)], most_per_day=2
    )
    channel = a_sandbox_channel(schedule=schedule)
    for hour in (1, 2):
        sent = a_draft(channel)
        at = NOON - timedelta(hours=hour)
        Post.objects.filter(pk=sent.pk).update(state="sent", slot_at=at, sent_at=at)
    assert a_scheduled_post(channel).slot_at == NOON + timedelta(hours=12)


def test_posts_without_any_slot_keep_waiting_and_say_why() -> None:
    channel = a_sandbox_channel(schedule=a_schedule(slots=[]))
    post = approved(a_draft(channel))
    assert give_slots(channel.pk, now=NOON) == 0
    assert (fresh(post).state, fresh(post).problem) == ("approved", "The schedule has no weekly slots.")


def test_a_schedule_that_cannot_be_read_is_told_at_its_posts() -> None:
    channel = a_sandbox_channel(schedule=a_schedule(zone="Almaria/Port"))
    post = approved(a_draft(channel))
    give_slots(channel.pk, now=NOON)
    assert "zone" in fresh(post).problem


def test_when_there_are_too_few_slots_the_first_get_them() -> None:
    schedule = a_schedule(slots=EVERY_MONDAY, blackouts=[], least_gap_minutes=60 * 24 * 31)
    channel = a_sandbox_channel(schedule=schedule)
    posts = approved_posts(channel, 15)
    assert give_slots(channel.pk, now=NOON) < 15
    assert fresh(posts[0]).state == "scheduled"
    assert fresh(posts[-1]).state == "approved"
    assert "within a year" in fresh(posts[-1]).problem


EVERY_MONDAY = [{"weekday": 0, "at": "12:00"}]


@pytest.mark.parametrize("change", [{"enabled": False}, {"paused_reason": "Token revoked."}])
def test_a_channel_that_stands_still_gives_no_slots(change: dict[str, object]) -> None:
    channel = a_sandbox_channel()
    approved(a_draft(channel))
    Channel.objects.filter(pk=channel.pk).update(**change)
    assert give_slots(channel.pk, now=NOON) == 0
    assert channels_waiting() == []


def test_a_channel_that_was_asked_to_wait_gives_slots_after_that() -> None:
    until = NOON + timedelta(minutes=30)
    channel = a_sandbox_channel(blocked_until=until)
    assert a_scheduled_post(channel).slot_at == until


def test_an_item_under_embargo_gets_its_slot_when_it_lifts() -> None:
    channel = a_sandbox_channel()
    post = approved(a_draft(channel))
    lifts = NOON + timedelta(minutes=10)
    Item.objects.filter(pk=post.item_id).update(embargo_until=lifts)
    assert give_slots(channel.pk, now=NOON) == 0
    assert give_slots(channel.pk, now=lifts) == 1
    assert fresh(post).slot_at == lifts


@pytest.mark.django_db(transaction=True)
def test_runs_at_the_same_time_give_each_slot_once() -> None:
    channel = a_sandbox_channel()
    posts = approved_posts(channel, 20)

    def give(_: int) -> int:
        try:
            return give_slots(channel.pk, now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(give, range(8))) == 20
    slots = [fresh(post).slot_at for post in posts]
    assert slots == [NOON + n * MINUTE for n in range(20)]
