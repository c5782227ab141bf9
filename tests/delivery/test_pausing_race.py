"""A pause against claims that are under way: nothing is claimed after its commit. Asserts on order only, never on a time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from publisher.core.models import Pause
from publisher.delivery import posts, stopping
from publisher.delivery.claim import claim_mail, claim_post, next_fence
from publisher.delivery.models import Delivery
from publisher.delivery.pausing import of_channel, of_topic, pause
from publisher.items.models import Item
from publisher.social.models import Channel
from publisher.social.networks.sandbox.server import Server
from tests.builders import NOON, a_sending_edition, a_topic
from tests.desk.builders import a_post, a_post_delivery
from tests.fakes.sandbox import timeline
from tests.processes import until
from tests.sessions import in_a_transaction_of_another, waits
from tests.social.steps import a_sandbox_channel, with_topic

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(minutes=5)
CHANNELS, POSTS, WORKERS = 4, 20, 3


def test_a_pause_waits_for_claims_that_have_begun_and_later_claims_wait_for_it() -> None:
    post = a_post(channel=a_sandbox_channel(), state="sending", slot_at=NOON)
    part = a_post_delivery(post, attempts=1).pk
    edition = a_sending_edition(mails=1)

    def pausing() -> None:
        pause([of_channel(post.channel)], user=None, by="ada", reason="A flood", now=NOON)

    def stopping_all() -> None:
        stopping.stop(user=None, by="ada", reason="A flood", now=NOON)

    def claiming() -> int:
        return claim_post(part, now=NOON, lease=LEASE)

    def claiming_mail() -> None:
        claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=LEASE)

    for claim in (claiming, claiming_mail):
        with in_a_transaction_of_another(claim):
            assert waits(pausing)
            assert waits(stopping_all)
            assert not waits(claiming_mail), "claims do not wait for each other"
        Delivery.objects.update(state="queued", fence=0)
    for stop in (pausing, stopping_all):
        with in_a_transaction_of_another(stop):
            assert waits(claiming)
            assert waits(claiming_mail)
    assert claiming() == 0


def queue_many(network: Server) -> None:
    """Posts on several channels, all about one topic and all due; each counts as tried, so that it stays queued when paused."""
    for _ in range(CHANNELS):
        channel = a_sandbox_channel(network)
        for n in range(POSTS):
            post = a_post(channel=channel, state="sending", slot_at=NOON - timedelta(seconds=n))
            with_topic(post.item, a_topic())
            prepared = {"account": channel.name, "text": f"{post.pk}", "language": "en"}
            a_post_delivery(post, attempts=1, idempotency_key=f"key-{post.pk}", prepared=prepared)


class Workers:
    """Senders in threads of their own, as worker processes run them; each counts the rounds in which it found nothing."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.empty = [0] * WORKERS
        self.raised: list[BaseException] = []
        self.threads = [threading.Thread(target=self._run, args=(n,)) for n in range(WORKERS)]

    def _run(self, n: int) -> None:
        try:
            while not self.over.is_set():
                tried = sum(posts.send(each, now=NOON) for each in posts.heads(now=NOON))
                self.empty[n] += not tried
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            self.raised.append(error)
        finally:
            connection.close()

    def __enter__(self) -> Workers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        assert not self.raised, self.raised


def claimed() -> set[int]:
    """Parts that were ever claimed."""
    return set(Delivery.objects.filter(fence__gt=0).values_list("pk", flat=True))


@pytest.mark.parametrize("what", ["topic", "everything"])
def test_nothing_is_sent_that_was_not_claimed_when_the_pause_was_committed(
    network: Server, what: str
) -> None:
    queue_many(network)
    with Workers() as workers:
        until(lambda: network.requests >= 2 * CHANNELS, what="posts are being sent")
        with transaction.atomic():
            if what == "topic":
                pause([of_topic(a_topic())], user=None, by="ada", reason="A flood", now=NOON)
            else:
                stopping.stop(user=None, by="ada", reason="A flood", now=NOON)
            before = claimed()  # nobody claims until this is committed
        seen = list(workers.empty)
        until(
            lambda: all(now > then + 2 for now, then in zip(workers.empty, seen, strict=True)),
            what="each worker looked again, and again",
        )
    assert claimed() == before
    assert len(before) < CHANNELS * POSTS, "the pause came while they were sending"
    texts = timeline(network)
    assert len(texts) == len(set(texts)) == len(before) == network.requests
    assert not Delivery.objects.filter(state="sending").exists()


def test_what_is_not_paused_goes_on_meanwhile(network: Server) -> None:
    queue_many(network)
    channel = Channel.objects.earliest("pk")
    with Workers():
        until(lambda: network.requests >= CHANNELS, what="posts are being sent")
        pause([of_channel(channel)], user=None, by="ada", reason="A flood", now=NOON)
        others = Delivery.objects.exclude(channel=channel)
        until(lambda: not others.exclude(state="sent").exists(), what="all others have left")
    assert Delivery.objects.filter(channel=channel, state="queued").exists()
    assert Pause.objects.count() == 1
    assert Item.objects.count() == CHANNELS * POSTS
