"""A post on X from its slot to the timeline, through the whole of delivery, with faults of the wire."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.delivery.models import Delivery
from publisher.social import channels
from publisher.social.models import Channel
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import delivery_of, until_settled
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import Fault, fault_proxy
from tests.fakes.x import SECRETS, fake_x
from tests.social.steps import EVERY_MINUTE, a_scheduled_post, fresh, text_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
FAULTS = [
    faults.DROP_REPLY,
    faults.RESET,
    faults.error_after(500),
    faults.error(503),
    faults.slow(0.8),
    faults.html(),
    faults.TRUNCATED,
    faults.rate_limit(),
    faults.error(401),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_whatever_goes_wrong_a_post_appears_exactly_once(fault: Fault) -> None:
    with fake_x() as server, fault_proxy(server.url) as proxy:
        channel = a_channel(
            "x",
            credentials=SECRETS,
            settings={"api_url": proxy.url, "timeout_seconds": 0.3},
            schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
        )
        post = a_scheduled_post(channel)
        proxy.arm(fault, method="POST", path="/2/tweets")
        for repair in range(2):
            until_settled(start=NOON + repair * MINUTE)
            if Channel.objects.get(pk=channel.pk).paused_reason:
                channels.resume(channel.pk, user=None)
        assert server.texts == [text_of(post)]
        assert fresh(post).state == "sent"
        assert delivery_of(post).remote_id == server.posts[0].id


def test_a_drafted_thread_leaves_as_replies_and_each_message_is_paid() -> None:
    with fake_x() as server:
        channel = a_channel(
            "x",
            credentials=SECRETS,
            settings={"api_url": server.url, "timeout_seconds": 2, "threads": True},
            schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
            thread_messages=4,
            month_budget=1,
        )
        long = " ".join(f"Family number {n} came back to plant its terraces." for n in range(9))
        post = a_scheduled_post(channel, summary=long)
        until_settled()
        texts = [part["text"] for part in fresh(post).parts]
        assert server.texts == texts
        assert server.posts[1].reply_to == server.posts[0].id
        assert [text[-3:] for text in texts] == ["1/2", "2/2"]
    rows = Delivery.objects.filter(post=post).order_by("part")
    assert [f"{row.price:.3f}" for row in rows] == ["0.200", "0.015"]
    assert fresh(post).state == "sent"
