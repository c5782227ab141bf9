"""What staff see of a channel's account, how they have it checked, and what a post says that waits for one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from publisher.core import clock
from publisher.desk.channels.views import badge_of
from publisher.social import health
from publisher.social.models import Channel, ChannelHealth, Notice, Post
from publisher.social.networks.base import Pace
from tests.builders import NOON, a_channel
from tests.desk.builders import a_post
from tests.fakes.sandbox import sandbox

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def page(desk: Client, address: str = "/desk/channels") -> str:
    response = desk.get(address)
    assert response.status_code == 200
    return response.content.decode()


def known(channel: Channel, **fields: object) -> ChannelHealth:
    return ChannelHealth.objects.create(channel=channel, **fields)


@pytest.mark.parametrize(
    ("channel", "state", "label"),
    [
        ({}, "", "Not checked yet"),
        ({}, "unchecked", "Not checked yet"),
        ({}, "good", "Working"),
        ({"enabled": False}, "good", "Switched off"),
        ({"paused_reason": "401"}, "down", "Down"),
        ({"paused_reason": "401"}, "good", "Stopped"),
        ({"paused_reason": "Not connected yet: no token"}, "unconnected", "Not connected"),
        ({"blocked_until": NOON + DAY}, "good", "Waiting"),
        ({"blocked_until": NOON - DAY}, "good", "Working"),
    ],
)
def test_only_a_channel_whose_network_said_so_is_working(
    channel: dict[str, object], state: str, label: str
) -> None:
    row = a_channel("sandbox", **channel)
    found = known(row, state=state) if state else ChannelHealth(channel=row)
    assert badge_of(row, found, can_send=True, now=NOON).label == label
    assert badge_of(row, found, can_send=False, now=NOON).label in ("Drafts only", "Switched off")


def test_a_channel_that_is_down_says_why_since_when_what_waits_and_who_was_told(desk: Client) -> None:
    channel = a_channel("sandbox", owner="comms@office.example.org")
    a_post(channel=channel, state="approved")
    a_post(channel=channel, state="scheduled", slot_at=clock.now() + DAY)
    health.went_down(channel.pk, reason="The token was <revoked>.", now=clock.now())
    Notice.objects.update(state="unknown", reason="No answer came.")
    text = page(desk)
    for expected in (
        "Down",
        "The token was &lt;revoked&gt;.",
        "Down since",
        "2 posts wait",
        "comms@office.example.org",
        "may have been sent: nobody can tell (No answer came.)",
        f'id="channel-{channel.pk}"',
        f"/desk/channels/{channel.pk}/check",
        f"/desk/channels/{channel.pk}/resume",
    ):
        assert expected in text
    today = page(desk, "/desk/")
    assert "Channels stopped" in today
    assert channel.name in today


def test_today_tells_channels_that_are_not_connected_or_whose_access_ends_from_those_that_are_down(
    desk: Client,
) -> None:
    new = a_channel("sandbox", name="New one", paused_reason="Not connected yet: no token")
    known(new, state="unconnected")
    known(a_channel("sandbox", name="Ending one"), state="good", credentials_end_at=clock.now() + 5 * DAY)
    known(a_channel("sandbox", name="Fine one"), state="good", credentials_end_at=clock.now() + 50 * DAY)
    today = page(desk, "/desk/")
    assert "Channels not connected" in today
    assert "New one: store the access" in today
    assert "Accesses that end soon" in today
    assert "Ending one: make a new one" in today
    assert "Channels stopped" not in today
    assert "in 4 days" in page(desk)


def test_the_account_its_limits_and_its_pace_are_shown(desk: Client) -> None:
    channel = a_channel("mastodon")
    known(channel, state="good", account_name="@office@mastodon.example", checked_at=clock.now(),
          told_limits={"max_characters": 1000, "image_types": ["image/png"]})  # fmt: skip
    health.note_pace(channel.pk, Pace(12, timedelta(minutes=5), 300), now=clock.now())
    text = page(desk)
    for expected in (
        "@office@mastodon.example",
        "max characters 1,000",
        "12 of 300 left until",
        "nobody: give the channel",
    ):
        assert expected in text


def test_check_now_asks_the_network_and_says_what_it_answered(desk: Client, tmp_path: Path) -> None:
    with sandbox(tmp_path / "sandbox", tokens=frozenset({"right"})) as server:
        channel = a_channel("sandbox", credentials={"token": "wrong"}, settings={"url": server.url})
        text = desk.post(f"/desk/channels/{channel.pk}/check", follow=True).content.decode()
        assert f"{channel.name}: " in text
        assert Channel.objects.get(pk=channel.pk).paused_reason
        Channel.objects.filter(pk=channel.pk).update(credentials={"token": "right"})
        text = desk.post(f"/desk/channels/{channel.pk}/check", follow=True).content.decode()
        assert f"{channel.name} works, as" in text
        assert "The account works again" in text
        assert Channel.objects.get(pk=channel.pk).paused_reason


def test_a_check_is_no_link_and_of_a_network_that_is_gone_a_refusal(desk: Client) -> None:
    channel = a_channel("gone_network")
    assert desk.get(f"/desk/channels/{channel.pk}/check").status_code == 405
    text = desk.post(f"/desk/channels/{channel.pk}/check", follow=True).content.decode()
    assert "There is no network" in text


def test_a_channel_that_is_not_connected_says_where_its_access_goes_in_words_and_not_in_signs(
    desk: Client,
) -> None:
    channel = a_channel("bluesky", paused_reason="Not connected yet: it needs an `app_password` <now>.")
    known(channel, state="unconnected")
    text = page(desk)
    assert "it needs an <code>app_password</code> &lt;now&gt;." in text
    assert "docs/networks.md" in text
    assert "<span>Bluesky</span>" in text


def test_nobody_is_asked_about_a_channel_whose_posts_a_person_publishes(desk: Client) -> None:
    by_hand, drafts = (
        a_channel("weibo"),
        a_channel("wechat", credentials={"app_id": "wx1", "app_secret": "s"}),
    )
    text = page(desk)
    assert f"/desk/channels/{by_hand.pk}/check" not in text
    assert f"/desk/channels/{drafts.pk}/check" in text


def test_a_post_for_a_channel_that_is_stopped_says_that_it_will_wait_and_may_be_approved(
    desk: Client,
) -> None:
    channel = a_channel("sandbox", paused_reason="Not connected yet: the channel has no token.")
    post = a_post(channel=channel)
    text = page(desk, f"/desk/posts/{post.pk}")
    assert "the channel has no token" in text
    assert "it waits until the" in text
    given = {"version": post.version, "text": [post.parts[0]["text"]], "then": "approve"}
    text = desk.post(f"/desk/posts/{post.pk}/edit", given, follow=True).content.decode()
    assert f"It waits until {channel.name} goes on." in text
    assert Post.objects.get(pk=post.pk).state == "approved"


@pytest.mark.parametrize(("channels", "more"), [(4, False), (5, True)])
def test_today_names_four_channels_and_says_that_there_are_more_only_when_there_are(
    desk: Client, channels: int, more: bool
) -> None:
    for n in range(channels):
        known(a_channel(name=f"Account {n}", paused_reason="x"), state="unconnected", problem="x")
    shown = page(desk, "/desk/")
    assert "Account 3" in shown
    assert "Account 4" not in shown
    assert ("Account 3 …" in shown) == more
