"""Slots of a channel with what it has already sent: each post counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.social.models import Channel, Post
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule, an_item

pytestmark = pytest.mark.django_db

MORNING = NOON.replace(hour=9)
AFTERNOON = NOON.replace(hour=15)


def a_post(channel: Channel, state: str, **given: object) -> Post:
    item = an_item()
    return Post.objects.create(
        item=item,
        channel=channel,
        item_revision=1,
        language="en",
        state=state,
        parts=[{"text": "One sentence."}],
        created_at=NOON,
        trace_id=item.trace_id,
        **given,
    )


def test_a_post_that_left_seconds_after_its_slot_counts_once_for_the_most_per_day() -> None:
    channel = a_channel(schedule=a_schedule(least_gap_minutes=0, most_per_day=2))
    a_post(channel, "sent", slot_at=MORNING, sent_at=MORNING + timedelta(seconds=2))
    waiting = a_post(channel, "approved", approved_at=NOON)
    assert give_slots(channel.pk, now=NOON) == 1
    waiting.refresh_from_db()
    assert waiting.slot_at == AFTERNOON


def test_a_least_gap_of_a_week_remembers_a_post_of_five_days_ago() -> None:
    channel = a_channel(schedule=a_schedule(least_gap_minutes=7 * 24 * 60))
    left = MORNING - timedelta(days=5)
    a_post(channel, "sent", slot_at=left, sent_at=left)
    waiting = a_post(channel, "approved", approved_at=NOON)
    give_slots(channel.pk, now=NOON)
    waiting.refresh_from_db()
    assert waiting.slot_at == left + timedelta(days=7)


def test_slots_go_by_priority_then_approval() -> None:
    channel = a_channel()
    late = a_post(channel, "approved", approved_at=NOON)
    early = a_post(channel, "approved", approved_at=NOON - timedelta(hours=1))
    urgent = a_post(channel, "approved", approved_at=NOON, priority=5)
    assert give_slots(channel.pk, now=NOON) == 3
    ordered = Post.objects.filter(channel=channel).order_by("slot_at")
    assert [post.pk for post in ordered] == [urgent.pk, early.pk, late.pk]
    assert give_slots(channel.pk, now=NOON) == 0
