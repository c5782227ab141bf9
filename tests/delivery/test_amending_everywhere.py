"""One action over all channels of an item: each network does what it allows, and one that fails holds up none of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from publisher.delivery import doubts
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.standing import standing_of
from publisher.delivery.models import Amendment
from publisher.items.models import Item
from publisher.social.drafting import draft_item
from publisher.social.models import Channel, Post
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule, an_item
from tests.delivery.amending_steps import LATER, ask, decide, outcomes, retracted, revised, tick, until_done
from tests.delivery.post_steps import delivery_of, until_settled
from tests.fakes import telegram as fake_telegram
from tests.fakes.linkedin import FakeLinkedIn
from tests.fakes.linkedin import Fault as LinkedInFault
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.mastodon import serving as serving_mastodon
from tests.fakes.sandbox import timeline
from tests.fakes.switches import Fault as TelegramFault
from tests.fakes.switches import serving
from tests.fakes.telegram import FakeTelegram
from tests.fakes.x import SECRETS, FakeX, fake_x
from tests.social.steps import EVERY_MINUTE, a_sandbox_channel, an_editor, approved, fresh, text_of

pytestmark = pytest.mark.django_db

THERE = "https://t.me/almaria_news/7"


@dataclass
class World:
    """The five networks and the post on each, sent. A person confirmed the one on Telegram."""

    sandbox: Server
    mastodon: FakeMastodon
    x: FakeX
    telegram: FakeTelegram
    linkedin: FakeLinkedIn
    item: Item
    posts: dict[str, Post] = field(default_factory=dict)


@pytest.fixture
def world(network: Server, settings: Any) -> Iterator[World]:
    schedule = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0)
    mastodon, telegram = FakeMastodon(), FakeTelegram()
    with ExitStack() as stack:
        url = stack.enter_context(serving_mastodon(mastodon))
        stack.enter_context(serving(telegram))
        x = stack.enter_context(fake_x())
        linkedin = stack.enter_context(FakeLinkedIn(knows_repeats=False))
        settings.FETCH_ALLOW = [f"127.0.0.1:{each.port}" for each in (telegram, linkedin)]
        account = fake_telegram.account_at(telegram)
        channels = [
            a_sandbox_channel(network, schedule=schedule),
            a_channel(
                "mastodon", credentials={"access_token": "token"}, settings={"url": url}, schedule=schedule
            ),
            a_channel(
                "x", credentials=SECRETS, settings={"api_url": x.url, "threads": True}, schedule=schedule
            ),
            a_channel(
                "telegram",
                credentials=dict(account.credentials),
                settings=dict(account.settings),
                schedule=schedule,
            ),
            a_channel(
                "linkedin",
                credentials={"access_token": linkedin.token},
                settings={"organization": linkedin.organization, "api": linkedin.url},
                schedule=schedule,
            ),
        ]
        item = an_item(url="https://office.example.org/terraces")
        draft_item(item.pk, now=NOON)
        posts = {post.channel.network: approved(post) for post in Post.objects.filter(item=item)}
        for channel in channels:
            give_slots(channel.pk, now=NOON)
        telegram.faults.append(TelegramFault.DROP_AFTER)
        until_settled(hours=1)
        doubts.confirm(
            delivery_of(posts["telegram"]).pk, user=an_editor(), was_published=True, url=THERE, now=NOON
        )
        assert {fresh(post).state for post in posts.values()} == {"sent"}
        yield World(network, mastodon, x, telegram, linkedin, item, posts)


def proposals(item: Item) -> dict[str, str]:
    item.refresh_from_db()
    return {each.post.channel.network: each.proposed.value for each in standing_of(item, now=LATER)}


def test_a_revised_item_is_corrected_on_all_channels_as_each_allows(world: World) -> None:
    old = {name: text_of(post) for name, post in world.posts.items()}
    item = revised(world.posts["x"])
    assert proposals(item) == {
        "sandbox": "edit",
        "mastodon": "edit",
        "x": "reply",
        "telegram": "later",
        "linkedin": "edit",
    }
    telegram = world.posts["telegram"]
    ask(*world.posts.values(), **{f"p{telegram.pk}": decide(telegram, Choice.HAND)})
    until_done()
    title = "Harvests are back in Sorrel Valley"
    assert [title in text for text in timeline(world.sandbox)] == [True]
    assert [title in text for text in world.mastodon.texts] == [True]
    assert [title in text for text in world.linkedin.texts] == [True]
    assert sorted(world.x.texts) == sorted([old["x"], Amendment.objects.get(deed="reply").text])
    assert world.x.posts[-1].reply_to == delivery_of(world.posts["x"]).remote_id
    assert world.telegram.texts == [old["telegram"]]
    assert set(proposals(item).values()) == {"later"}


def test_a_retracted_item_is_deleted_wherever_that_is_possible(world: World) -> None:
    item = retracted(world.posts["x"])
    assert proposals(item) == {
        "sandbox": "delete",
        "mastodon": "delete",
        "x": "delete",
        "telegram": "later",
        "linkedin": "delete",
    }
    ask(*world.posts.values())
    until_done()
    assert (timeline(world.sandbox), world.mastodon.texts, world.x.texts) == ([], [], [])
    assert (world.linkedin.texts, len(world.telegram.texts)) == ([], 1)
    withdrawn = {name for name, post in world.posts.items() if fresh(post).withdrawn_at}
    assert withdrawn == {"sandbox", "mastodon", "x", "linkedin"}


def test_one_network_that_fails_holds_up_none_of_the_others(world: World) -> None:
    revised(world.posts["x"])
    world.linkedin.faults.append(LinkedInFault("edit", "unauthorised", times=9))
    world.mastodon.statuses.clear()  # somebody deleted it there
    ask(*(post for name, post in world.posts.items() if name != "telegram"))
    tick()
    found = {name: outcomes(post) for name, post in world.posts.items()}
    assert found == {
        "sandbox": [("edit", "done")],
        "mastodon": [("edit", "failed")],
        "x": [("reply", "done")],
        "telegram": [],
        "linkedin": [("edit", "queued")],
    }
    assert Channel.objects.get(network="linkedin").paused_reason
    refused = Amendment.objects.get(state="failed")
    assert refused.reason


def test_where_a_channel_takes_no_answers_that_is_said_before_anybody_asks(world: World) -> None:
    Channel.objects.filter(network="x").update(settings={"api_url": world.x.url})
    item = revised(world.posts["x"])
    assert proposals(item)["x"] == "leave"
    (on_x,) = [each for each in standing_of(item, now=LATER) if each.post.channel.network == "x"]
    assert "threads" in on_x.hindrances[Choice.REPLY]
    assert "does not let Publisher edit" in on_x.hindrances[Choice.EDIT]
