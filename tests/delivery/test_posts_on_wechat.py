"""The whole way of an article to WeChat: a draft is laid into the account, found again when the wire broke, and then a person
publishes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from publisher.core.models import AuditEntry
from publisher.delivery import handing
from publisher.delivery.handing import posted
from publisher.delivery.posts import confirm
from publisher.items.models import Item
from publisher.social import channels
from publisher.social.models import Channel
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import HOUR, delivery_of, tick, until_settled
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.fakes.switches import serving
from tests.fakes.wechat import FakeWeChat
from tests.social.steps import EVERY_MINUTE, a_scheduled_post, an_editor, fresh

pytestmark = pytest.mark.django_db

ADD = "/cgi-bin/draft/add"
THERE = "https://mp.weixin.qq.com/s/AbCdEfGh"
COVER = "a-cover"


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    fake = FakeWeChat(materials={COVER: b"there"})
    with serving(fake):
        yield fake


@pytest.fixture
def proxy(fake: FakeWeChat) -> Iterator[FaultProxy]:
    with fault_proxy(fake.url) as proxy:
        yield proxy


@pytest.fixture
def channel(fake: FakeWeChat, proxy: FaultProxy, settings: Any) -> Channel:
    settings.FETCH_ALLOW = (*settings.FETCH_ALLOW, proxy.url.removeprefix("http://"))
    return a_channel(
        "wechat",
        credentials={"app_id": fake.app_id, "app_secret": fake.secret},
        settings={"api": proxy.url, "cover_media_id": COVER},
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
    )


def test_a_draft_lies_in_the_account_and_a_person_says_where_it_was_published(
    fake: FakeWeChat, channel: Channel
) -> None:
    post = a_scheduled_post(channel)
    until_settled()
    row = delivery_of(post)
    assert (len(fake.drafts), row.state, row.remote_id) == (1, "handed", fake.drafts[0].media_id)
    assert (fresh(post).state, row.settled_at, row.sent_at) == ("handed", None, None)
    assert "Open the draft" in " ".join(handing.handout_of(row).steps)
    assert AuditEntry.objects.filter(action="post.handed").count() == 1
    done = posted(row.pk, user=an_editor(), url=THERE, now=NOON + HOUR)
    assert (done.state, delivery_of(post).remote_url) == ("sent", THERE)
    until_settled(start=NOON + HOUR, hours=1)
    assert len(fake.drafts) == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.DROP_REPLY,
        faults.RESET,
        faults.TRUNCATED,
        faults.error(503),
        faults.error_after(500),
        faults.html(200),
    ],
    ids=lambda fault: fault.name,
)
def test_whatever_goes_wrong_one_draft_lies_there_and_waits(
    fake: FakeWeChat, proxy: FaultProxy, channel: Channel, fault: Fault
) -> None:
    post = a_scheduled_post(channel)
    proxy.arm(fault, method="POST", path=ADD)
    # The clock of the story stands in June; drafts are dated by the fake's own.
    until_settled()
    assert (len(fake.drafts), delivery_of(post).state, fresh(post).state) == (1, "handed", "handed")


def test_a_used_up_day_makes_the_channel_wait(fake: FakeWeChat, channel: Channel) -> None:
    fake.quota["draft/add"] = 0
    post = a_scheduled_post(channel)
    tick(now=NOON)
    known = Channel.objects.get(pk=channel.pk)
    assert known.blocked_until is not None
    assert (delivery_of(post).state, known.paused_reason) == ("queued", "")


def test_an_account_without_the_right_is_stopped_and_posts_by_hand_once_its_keys_are_off(
    fake: FakeWeChat, channel: Channel
) -> None:
    fake.barred["draft/add"] = 48001
    post = a_scheduled_post(channel)
    tick(now=NOON)
    assert "48001" in Channel.objects.get(pk=channel.pk).paused_reason
    Channel.objects.filter(pk=channel.pk).update(credentials=None)
    channels.resume(channel.pk, user=None)
    tick(now=NOON + timedelta(minutes=5))
    row = delivery_of(post)
    assert (row.state, row.attempts, fake.drafts) == ("handed", 0, [])
    assert "begin a new article" in " ".join(handing.handout_of(row).steps)


def test_without_keys_an_article_goes_to_a_person_at_once(fake: FakeWeChat, channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(credentials=None)
    post = a_scheduled_post(channel)
    tick(now=NOON)
    assert (delivery_of(post).state, fake.requests) == ("handed", [])


def test_a_person_may_have_to_say_whether_the_draft_is_there(
    fake: FakeWeChat, proxy: FaultProxy, channel: Channel
) -> None:
    post = a_scheduled_post(channel)
    proxy.arm(faults.DROP_REPLY, method="POST", path=ADD)
    tick(now=NOON)
    assert delivery_of(post).state == "unknown"
    confirm(delivery_of(post).pk, user=an_editor(), was_published=True, url="", now=NOON + HOUR)
    row = delivery_of(post)
    assert (row.state, handing.has_draft(row), len(fake.drafts)) == ("handed", True, 1)


def test_a_person_who_published_the_unclear_draft_says_where_at_once(
    proxy: FaultProxy, channel: Channel
) -> None:
    post = a_scheduled_post(channel)
    proxy.arm(faults.DROP_REPLY, method="POST", path=ADD)
    tick(now=NOON)
    confirm(delivery_of(post).pk, user=an_editor(), was_published=True, url=THERE, now=NOON + HOUR)
    assert (delivery_of(post).state, delivery_of(post).remote_url) == ("sent", THERE)


def test_a_retraction_stops_the_draft_before_it_is_laid_and_the_person_afterwards(
    fake: FakeWeChat, channel: Channel
) -> None:
    first, second = a_scheduled_post(channel), a_scheduled_post(channel)
    tick(now=NOON)
    Item.objects.filter(pk__in=(first.item_id, second.item_id)).update(retracted_at=NOON)
    tick(now=NOON + timedelta(minutes=1))
    assert {fresh(first).state, fresh(second).state} == {"cancelled"}
    assert len(fake.drafts) == 1


def test_a_channel_without_a_cover_holds_its_posts_with_the_reason(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(settings={})
    post = a_scheduled_post(channel)
    tick(now=NOON)
    assert fresh(post).state == "held"
    assert "cover" in fresh(post).problem


def test_nobody_else_finds_a_trace_of_the_keys(fake: FakeWeChat, channel: Channel) -> None:
    post = a_scheduled_post(channel)
    tick(now=NOON)
    row = delivery_of(post)
    told = f"{row.prepared} {row.reason} {[each.text for each in row.tries.all()]}"
    assert fake.secret not in told
    assert fake.tokens[0].value not in told
