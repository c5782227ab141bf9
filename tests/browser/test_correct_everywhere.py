"""Correct everywhere in a real browser: with the live counter, and on a narrow screen without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.delivery.amending import doing
from publisher.delivery.models import Amendment
from publisher.social.models import Post
from publisher.social.networks.sandbox.server import Server
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import WIDTHS, log_in, wrong_with
from tests.browser.world import World, build
from tests.builders import a_channel
from tests.delivery.amending_steps import a_sent_post, revised
from tests.desk.builders import a_handed_post, a_pause, a_post, a_post_delivery, an_amendment
from tests.fakes.sandbox import sandbox, timeline
from tests.social.steps import a_sandbox_channel, fresh

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Server]:
    with sandbox(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def world(transactional_db: None) -> World:
    return build()


@pytest.fixture
def post(network: Server, world: World) -> Post:
    """Sent on a channel that works; beside it, one of a network on which Publisher can do nothing, and one that is unclear."""
    sent = a_sent_post(a_sandbox_channel(network, name="Almaria on the village board"))
    now = clock.now()
    for network_name, state in (("bluesky", "sent"), ("sandbox", "unknown")):
        channel = a_sandbox_channel(network, name=f"Almaria {state}")
        channel.network = network_name
        channel.save()
        other = a_post(sent.item, channel, state=state, sent_at=now, created_at=now)
        a_post_delivery(other, at=now, state=state, sent_at=now, remote_url="http://127.0.0.1/timeline/1")
    revised(sent)
    return fresh(sent)


def do_all() -> None:
    """What the task does, once."""
    now = clock.now()
    for amendment_id in doing.due(now=now):
        doing.do(amendment_id, now=now)


def test_what_was_sent_is_corrected_everywhere_with_one_press(
    network: Server, world: World, post: Post, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/items/{post.item_id}")
    expect(page.get_by_text("2 posts that were sent say what the item does not say any more")).to_be_visible()
    page.get_by_role("link", name="Correct everywhere").click()
    page.wait_for_load_state()  # before, nobody measures what is typed
    board = page.get_by_role("group", name="Almaria on the village board")
    expect(board.get_by_role("radio", name="Edit it")).to_be_checked()
    board.get_by_label("New text").fill("字" * 510)
    expect(board.locator(".counter").first).to_contain_text("10 characters too long")
    page.get_by_role("button", name="Correct everywhere").click()
    expect(board.get_by_text("The text does not fit Sandbox")).to_be_visible()
    expect(board.get_by_label("New text")).to_have_value("字" * 510)
    board.get_by_label("New text").fill("Harvests are back, and this is the right text.")
    page.get_by_role("group", name="Almaria sent").get_by_role("radio", name="by hand").check()
    page.get_by_role("button", name="Correct everywhere").click()
    expect(page.get_by_role("status").first).to_contain_text("Decided about 2 posts")
    do_all()
    expect(page.locator("#corrections .badge.good")).to_contain_text("Done")
    assert timeline(network) == ["Harvests are back, and this is the right text."]
    page.goto(f"{live_server.url}/desk/items/{post.item_id}")
    expect(page.get_by_text("does not say any more")).to_have_count(0)


def everything_else(post: Post) -> None:
    """On a paid network an answer that is there and a budget that is used up; one with a person; a pause."""
    now = clock.now()
    paid = a_channel("x", name="Office on X", settings={"threads": True}, month_budget="0.10")
    tweet = a_post(post.item, paid, state="sent", sent_at=now, created_at=now, item_revision=1)
    a_post_delivery(tweet, at=now, state="sent", sent_at=now, remote_id="7")
    an_amendment(tweet, state="done", remote_id="8", settled_at=now)
    a_handed_post(channel=a_channel("weibo", name="Office on Weibo"), item=post.item)
    only_deleted = a_channel("x", name="Office on X, without threads")
    left = a_post(post.item, only_deleted, state="sent", sent_at=now, created_at=now, item_revision=1)
    a_post_delivery(left, at=now, state="sent", sent_at=now, remote_id="9")
    a_pause(scope="channel", channel_id=post.channel_id, name="Almaria on the village board")


@pytest.mark.parametrize("scheme", WIDTHS)
def test_the_page_is_accessible_and_fits(
    scheme: str, post: Post, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    Amendment.objects.create(
        delivery=post.deliveries.get(),
        deed="edit",
        text="A text that the network refused.",
        revision=2,
        idempotency_key="k",
        state="failed",
        reason="The network answered: this post is older than the time in which it may be edited.",
        due_at=clock.now(),
        created_at=clock.now(),
        settled_at=clock.now(),
    )
    everything_else(post)
    page = window(width=WIDTHS[scheme][-1], scheme=scheme)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/items/{post.item_id}/correct")
    for details in page.locator("details").all():
        details.evaluate("each => each.open = true")
    assert wrong_with(page, "correct-everywhere", scheme, keep) == []


def test_it_works_on_a_narrow_screen_without_scripts(
    network: Server, post: Post, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(width=360, scripts=False)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/items/{post.item_id}/correct")
    board = page.get_by_role("group", name="Almaria on the village board")
    board.get_by_role("radio", name="Delete it").check()
    page.get_by_role("button", name="Correct everywhere").click()
    expect(page.get_by_role("status")).to_contain_text("Decided about 1 post")
    do_all()
    assert timeline(network) == []
    page.reload()
    expect(page.get_by_role("region", name="Nothing to decide about")).to_contain_text("Withdrawn")
