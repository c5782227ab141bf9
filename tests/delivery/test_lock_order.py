"""Channel, then post, then delivery, and several channels by their ids: whoever keeps to that waits, and is never ended as a
deadlock."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from publisher.delivery.leaving import stop_queued
from publisher.delivery.models import Delivery
from publisher.items.models import Item
from publisher.social.drafting import cancel_for_item, draft_item
from publisher.social.models import Post
from publisher.social.slots import lock_channel
from tests.builders import NOON, an_item
from tests.desk.builders import a_post, a_post_delivery
from tests.processes import until
from tests.sessions import in_a_transaction_of_another, waits
from tests.social.steps import a_sandbox_channel, revise

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


def test_what_is_queued_is_stopped_under_its_channels_lock() -> None:
    post = a_post(channel=a_sandbox_channel(), state="sending", slot_at=NOON - timedelta(days=1))
    part = a_post_delivery(post)
    with in_a_transaction_of_another(lambda: lock_channel(post.channel_id)):
        assert waits(lambda: stop_queued(now=NOON))
    assert stop_queued(now=NOON) == 1
    assert Delivery.objects.get(pk=part.pk).state == "expired"


@pytest.mark.parametrize("deed", ["draft", "cancel"])
def test_the_posts_of_an_item_are_locked_by_their_channels_ids(deed: str) -> None:
    first, second = a_sandbox_channel(), a_sandbox_channel()
    item = an_item()
    later = a_post(item=item, channel=second)  # made before the other, as after a channel was switched on
    sooner = a_post(item=item, channel=first)
    revise(item, title="Another title")

    def run() -> None:
        try:
            if deed == "draft":
                draft_item(item.pk, now=NOON)
            else:
                Item.objects.filter(pk=item.pk).update(retracted_at=NOON)
                cancel_for_item(item.pk, now=NOON)
        finally:
            connection.close()

    def lock(post: Post) -> Post:
        return Post.objects.select_for_update(no_key=True).get(pk=post.pk)

    thread = threading.Thread(target=run)
    with in_a_transaction_of_another(lambda: lock(sooner)):
        thread.start()
        until(somebody_waits, what="it waits for the first post")
        assert not waits(lambda: lock(later)), "it holds the second while it waits for the first"
    thread.join(60)
    assert Post.objects.get(pk=later.pk).version == 2
