"""The whole way of a post to a Mastodon server: drafted, approved, claimed, sent, and asked about when the wire broke."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from publisher.delivery.posts import enqueue_due, reconcile_unknown
from publisher.social import channels
from publisher.social.models import Channel
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import HOUR, delivery_of, send_due, until_settled
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.fakes.mastodon import FakeMastodon, serving
from tests.social.steps import EVERY_MINUTE, a_scheduled_post, fresh, text_of

pytestmark = pytest.mark.django_db

PUBLISH = "/api/v1/statuses"


@pytest.fixture
def fake() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def proxy(fake: FakeMastodon) -> Iterator[FaultProxy]:
    with serving(fake) as url, fault_proxy(url) as proxy:
        yield proxy


@pytest.fixture
def channel(proxy: FaultProxy) -> Channel:
    return a_channel(
        "mastodon",
        credentials={"access_token": "token"},
        settings={"url": proxy.url, "timeout_seconds": 0.5},
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
    )


def test_a_post_appears_at_its_slot_with_its_address(fake: FakeMastodon, channel: Channel) -> None:
    post = a_scheduled_post(channel)
    until_settled()
    assert fake.texts == [text_of(post)]
    sent = delivery_of(post)
    assert (sent.state, sent.remote_id) == ("sent", fake.statuses[0].id)
    assert sent.remote_url == f"https://fake.example/@office/{sent.remote_id}"
    assert sent.idempotency_key in fake.keys


@pytest.mark.parametrize(
    "fault",
    [
        faults.DROP_REPLY,
        faults.RESET,
        faults.TRUNCATED,
        faults.error(503),
        faults.error_after(500),
        faults.html(200),
        faults.slow(1.0),
        faults.rate_limit({"Retry-After": "90"}),
        faults.error(401),
    ],
    ids=lambda fault: fault.name,
)
def test_whatever_goes_wrong_a_post_appears_exactly_once(
    fake: FakeMastodon, proxy: FaultProxy, channel: Channel, fault: Fault
) -> None:
    post = a_scheduled_post(channel)
    proxy.arm(fault, method="POST", path=PUBLISH)
    until_settled()
    if Channel.objects.get(pk=channel.pk).paused_reason:
        channels.resume(channel.pk, user=None)
        until_settled(start=NOON + timedelta(minutes=1))
    assert fake.texts == [text_of(post)]
    assert (fresh(post).state, delivery_of(post).remote_id) == ("sent", fake.statuses[0].id)


def test_nobody_asks_before_the_server_has_certainly_ended(
    fake: FakeMastodon, proxy: FaultProxy, channel: Channel
) -> None:
    post = a_scheduled_post(channel)
    proxy.arm(faults.DROP_REPLY, method="POST", path=PUBLISH)
    enqueue_due(now=NOON)
    send_due(now=NOON)
    assert reconcile_unknown(now=NOON + timedelta(seconds=60)) == 0
    assert delivery_of(post).state == "unknown"
    assert len(proxy.seen) == 1
    assert reconcile_unknown(now=NOON + HOUR) == 1
    assert (delivery_of(post).state, len(fake.statuses)) == ("sent", 1)
