"""Channel, then post, then delivery, and several channels by their ids: whoever keeps to that waits, and is never ended as a
deadlock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.delivery import stopping
from publisher.delivery.leaving import stop_queued
from publisher.delivery.models import Delivery
from publisher.delivery.pausing import of_topic, pause, release
from publisher.delivery.reslotting import How
from publisher.digests import editions
from publisher.digests.models import EditionItem
from publisher.items.models import Item
from publisher.social.drafting import cancel_for_item, draft_item
from publisher.social.models import Post
from publisher.social.slots import lock_channel
from tests.builders import NOON, a_sending_edition, a_topic, an_item
from tests.desk.builders import a_post, a_post_delivery
from tests.sessions import in_a_transaction_of_another, kept_waiting, waits
from tests.social.steps import a_sandbox_channel, revise, with_topic

pytestmark = pytest.mark.django_db(transaction=True)


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
        if deed == "draft":
            draft_item(item.pk, now=NOON)
        else:
            Item.objects.filter(pk=item.pk).update(retracted_at=NOON)
            cancel_for_item(item.pk, now=NOON)

    def lock(post: Post) -> Post:
        return Post.objects.select_for_update(no_key=True).get(pk=post.pk)

    with kept_waiting(run, by=lambda: lock(sooner)):
        assert not waits(lambda: lock(later)), "it holds the second while it waits for the first"
    assert Post.objects.get(pk=later.pk).version == 2


@pytest.mark.parametrize("what", ["standstill", "pause"])
def test_an_edition_that_is_cancelled_while_sending_goes_on_stays_cancelled(what: str) -> None:
    began, now = NOON - timedelta(days=2), NOON
    edition = a_sending_edition(due_at=began)
    item = an_item()
    EditionItem.objects.create(edition=edition, item=item, revision=1, position=0)
    with_topic(item, a_topic())
    if what == "standstill":
        stopping.stop(user=None, by="ada", reason="A flood", now=began)
    else:
        (row,) = pause([of_topic(a_topic())], user=None, by="ada", reason="A flood", now=began)

    def go_on() -> object:
        if what == "standstill":
            return stopping.go_on(user=None, by="ada", now=now)
        return release(row.pk, How.NEW_SLOTS, user=None, by="ada", now=now)

    with kept_waiting(go_on, by=lambda: editions.cancel(edition.pk, user=None, now=now)):
        pass
    edition.refresh_from_db()
    assert edition.state == "cancelled"
