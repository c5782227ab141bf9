"""A channel whose token is revoked between two posts: it pauses itself, says so once, loses nothing; and the pace of answers."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from publisher.delivery import notices
from publisher.delivery.posts import reconcile_unknown
from publisher.social import channels, health
from publisher.social.models import Channel, Notice
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import delivery_of, tick, until_settled
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import fault_proxy
from tests.fakes.mastodon import FakeMastodon, serving
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.x import SECRETS, fake_x, in_seconds
from tests.social.steps import EVERY_MINUTE, a_scheduled_post, an_editor, fresh, text_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
OWNER = "comms@office.example.org"


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        settings.NOTICES_FROM = "publisher@office.example.org"
        yield sink


@pytest.fixture
def fake() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def channel(fake: FakeMastodon) -> Iterator[Channel]:
    with serving(fake) as url:
        yield a_mastodon_channel(url)


def a_mastodon_channel(url: str) -> Channel:
    return a_channel(
        "mastodon",
        name="Almaria",
        credentials={"access_token": "token"},
        settings={"url": url, "timeout_seconds": 2},
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
        owner=OWNER,
    )


def now_is(channel: Channel) -> Channel:
    return Channel.objects.get(pk=channel.pk)


def test_a_token_revoked_in_mid_queue_pauses_tells_once_and_loses_nothing(
    fake: FakeMastodon, channel: Channel, sink: SmtpSink
) -> None:
    posts = [a_scheduled_post(channel) for _ in range(3)]
    tick(now=NOON)
    assert fake.texts == [text_of(posts[0])]
    tokens = dict(fake.tokens)
    fake.tokens.clear()
    tick(now=NOON + 1 * MINUTE)
    assert "401" in now_is(channel).paused_reason
    notices.send_due(now=NOON + 1 * MINUTE)
    # As after a restart: every sweep and task again, more than once.
    for minute in range(2, 8):
        tick(now=NOON + minute * MINUTE)
        health.check(channel.pk, now=NOON + minute * MINUTE)
        health.tell_of_ends(now=NOON + minute * MINUTE)
        notices.send_due(now=NOON + minute * MINUTE)
    assert sink.recipients == [OWNER]
    message = email.message_from_bytes(sink.messages[0].data, policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()  # type: ignore[attr-defined]  # it is an EmailMessage by its policy
    assert "The access token was revoked" in text
    assert "What waits: 2 posts of this channel" in text
    assert [fresh(post).state for post in posts] == ["sent", "sending", "scheduled"]
    fake.tokens.update(tokens)
    channels.resume(channel.pk, user=an_editor())
    until_settled(start=NOON + 10 * MINUTE)
    assert fake.texts == [text_of(post) for post in posts]
    assert [fresh(post).state for post in posts] == ["sent"] * 3
    assert delivery_of(posts[1]).attempts == 1
    assert len(sink.messages) == 1


def test_a_token_revoked_while_the_network_is_asked_about_a_lost_answer_is_told_too(
    fake: FakeMastodon, sink: SmtpSink
) -> None:
    with serving(fake) as url, fault_proxy(url) as proxy:
        channel = a_mastodon_channel(proxy.url)
        post = a_scheduled_post(channel)
        proxy.arm(faults.DROP_REPLY, method="POST", path="/api/v1/statuses")
        tick(now=NOON)
        tokens = dict(fake.tokens)
        fake.tokens.clear()
        reconcile_unknown(now=NOON + 5 * MINUTE)
        assert health.health_of(channel).state == "down"
        notices.send_due(now=NOON + 5 * MINUTE)
        assert sink.recipients == [OWNER]
        fake.tokens.update(tokens)
        channels.resume(channel.pk, user=None)
        until_settled(start=NOON + 10 * MINUTE)
        assert (fake.texts, fresh(post).state) == ([text_of(post)], "sent")


def test_a_channel_paused_by_staff_is_told_to_nobody(channel: Channel) -> None:
    channels.pause(channel.pk, user=an_editor(), reason="An election.")
    tick(now=NOON)
    assert not Notice.objects.exists()


def test_a_post_for_a_channel_that_is_not_connected_waits_and_leaves_once_it_is(
    fake: FakeMastodon, channel: Channel
) -> None:
    Channel.objects.filter(pk=channel.pk).update(credentials=None)
    post = a_scheduled_post(channel)
    health.check(channel.pk, now=NOON - MINUTE)
    tick(now=NOON)
    assert (fake.texts, fresh(post).state, now_is(channel).paused_reason[:17]) == (
        [],
        "scheduled",
        "Not connected yet",
    )
    connected = now_is(channel)
    connected.credentials = {"access_token": "token"}
    connected.save()
    health.check(channel.pk, now=NOON + 20 * MINUTE)
    until_settled(start=NOON + 20 * MINUTE)
    tick(now=NOON + 21 * MINUTE)
    assert fake.texts == [text_of(post)]


def test_the_last_request_that_mastodon_allows_makes_the_channel_wait(
    fake: FakeMastodon, channel: Channel
) -> None:
    first, second = a_scheduled_post(channel), a_scheduled_post(channel)
    fake.requests_left = 1
    tick(now=NOON)
    assert fake.texts == [text_of(first)]
    known = health.health_of(channel)
    assert (known.pace_remaining, known.pace_limit) == (0, 300)
    blocked = now_is(channel).blocked_until
    assert blocked is not None
    assert timedelta(seconds=195) < blocked - NOON < timedelta(seconds=215)
    tick(now=NOON + 2 * MINUTE)
    fake.requests_left = 300
    tick(now=NOON + 2 * MINUTE)
    assert fake.texts == [text_of(first)]
    tick(now=NOON + 5 * MINUTE)
    assert fake.texts == [text_of(first), text_of(second)]
    assert health.health_of(channel).pace_remaining == 299


def test_the_last_post_that_x_allows_makes_the_channel_wait_and_others_do_not() -> None:
    with fake_x() as server:
        channel = a_channel(
            "x",
            credentials=SECRETS,
            settings={"api_url": server.url, "timeout_seconds": 2},
            schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
        )
        posts = [a_scheduled_post(channel) for _ in range(3)]
        server.remaining, server.reset_at = 2, in_seconds(900)
        tick(now=NOON)
        assert now_is(channel).blocked_until is None
        assert health.health_of(channel).pace_remaining == 1
        tick(now=NOON + MINUTE)
        blocked = now_is(channel).blocked_until
        assert blocked is not None
        assert timedelta(minutes=14) < blocked - NOON - MINUTE < timedelta(minutes=16)
        tick(now=NOON + 10 * MINUTE)
        assert server.texts == [text_of(post) for post in posts[:2]]
        assert [request for request in server.requests if request == "POST /2/tweets"] == [
            "POST /2/tweets"
        ] * 2
        server.remaining = 100
        tick(now=NOON + 17 * MINUTE)
        assert server.texts == [text_of(post) for post in posts]


def test_a_channel_is_paused_whatever_its_network_said_and_however_broken_it_is() -> None:
    for given in ({"network": "gone_network"}, {"schedule": a_schedule(zone="Atlantis/Centre")}):
        channel = a_channel(**{"network": "sandbox", "owner": OWNER, **given})
        health.went_down(channel.pk, reason="No\x00pe \ud800\u202e" + "x" * 5000, now=NOON)
        assert now_is(channel).paused_reason.startswith("No pe x")
        assert Notice.objects.filter(channel=channel).count() == 1
