"""The whole way of a post to a real PDS: drafted, approved, claimed, sent, and asked about when the wire broke."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from publisher.delivery.amending.choosing import Choice
from publisher.delivery.models import Amendment
from publisher.delivery.posts import enqueue_due
from publisher.social import channels
from publisher.social.models import Channel
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.amending_steps import LATER, ask, decide, outcomes, revised, stands, until_done
from tests.delivery.post_steps import delivery_of, send_due, until_settled
from tests.fakes import fault_proxy as faults
from tests.fakes.bluesky import PUT, PdsAccount, load_library, pds
from tests.fakes.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.social.steps import EVERY_MINUTE, SLOT, a_scheduled_post, fresh, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> PdsAccount:
    return pds().new_account()


@pytest.fixture
def proxy(settings: Any) -> Iterator[FaultProxy]:
    load_library()
    with fault_proxy(pds().url) as proxy:
        settings.FETCH_ALLOW = [urlsplit(proxy.url).netloc]
        yield proxy


@pytest.fixture
def channel(owner: PdsAccount, proxy: FaultProxy) -> Channel:
    account = owner.account(proxy.url, seconds=1.5)
    return a_channel(
        "bluesky",
        credentials=dict(account.credentials),
        settings=dict(account.settings),
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
    )


def test_a_post_appears_at_its_slot_with_its_link_card_and_address(
    owner: PdsAccount, channel: Channel
) -> None:
    post = a_scheduled_post(channel)
    until_settled()
    (there,) = owner.posts
    record = there["value"]
    assert record["text"] == text_of(post)
    assert record["embed"]["external"]["uri"] == post.link
    (link,) = [f for f in record["facets"] if f["features"][0]["$type"].endswith("#link")]
    assert link["features"][0]["uri"] == post.link
    sent = delivery_of(post)
    assert (sent.state, sent.remote_id) == ("sent", f"{there['uri']} {there['cid']}")
    assert sent.remote_url.startswith("https://bsky.app/profile/did:plc:")
    assert fresh(post).state == "sent"


@pytest.mark.parametrize(
    "fault",
    [
        faults.DROP_REPLY,
        faults.RESET,
        faults.error(503),
        faults.error_after(500),
        faults.html(200),
        faults.slow(3.0),
        faults.rate_limit({"RateLimit-Reset": str(int(time.time()) + 1800)}),
        faults.error(401),
    ],
    ids=lambda fault: fault.name,
)
def test_whatever_goes_wrong_a_post_appears_exactly_once(
    owner: PdsAccount, proxy: FaultProxy, channel: Channel, fault: Fault
) -> None:
    post = a_scheduled_post(channel)
    proxy.arm(fault, method="POST", path=PUT)
    until_settled()
    if Channel.objects.get(pk=channel.pk).paused_reason:
        channels.resume(channel.pk, user=None)
        until_settled(start=NOON + timedelta(minutes=1))
    assert owner.texts == [text_of(post)]
    assert delivery_of(post).state == "sent"


def test_a_wrong_password_pauses_the_channel_and_loses_nothing(owner: PdsAccount, channel: Channel) -> None:
    post = a_scheduled_post(channel)
    good = owner.account().credentials
    Channel.objects.filter(pk=channel.pk).update(credentials={**good, "app_password": "not-my-password"})
    enqueue_due(now=SLOT)
    assert send_due(now=SLOT) == 1
    reason = Channel.objects.get(pk=channel.pk).paused_reason
    assert "app_password" in reason
    assert "not-my-password" not in reason
    assert delivery_of(post).state == "queued"
    Channel.objects.filter(pk=channel.pk).update(credentials=dict(good))
    channels.resume(channel.pk, user=None)
    until_settled(start=SLOT)
    assert owner.texts == [text_of(post)]


def test_a_post_is_answered_below_it_and_deleted_with_its_answer_and_not_edited(
    owner: PdsAccount, proxy: FaultProxy, channel: Channel
) -> None:
    post = a_scheduled_post(channel)
    until_settled()
    revised(post)
    now = stands(post)
    assert now.proposed is Choice.REPLY
    assert "goes on showing the first text" in now.hindrances[Choice.EDIT]
    proxy.arm(faults.DROP_REPLY, method="POST", path=PUT)
    ask(post)
    until_done()
    answer = Amendment.objects.get()
    assert sorted(owner.texts) == sorted([text_of(post), answer.text])
    (record,) = [each["value"] for each in owner.posts if each["value"]["text"] == answer.text]
    uri, cid = delivery_of(post).remote_id.split()
    place = {"uri": uri, "cid": cid}
    assert record["reply"] == {"root": place, "parent": place}
    ask(post, **{f"p{post.pk}": decide(post, Choice.DELETE)})
    until_done(start=LATER + timedelta(minutes=5))
    assert outcomes(post) == [("reply", "done"), ("delete", "done"), ("delete", "done")]
    assert owner.texts == []
