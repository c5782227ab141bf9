"""Pausing and releasing in a real browser: without scripts and by the keyboard; and the pages while something is paused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.core.models import Pause
from publisher.digests.models import Edition, EditionItem
from publisher.social.models import Channel, Post
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import WIDTHS, log_in, wrong_with
from tests.browser.test_trips import tab_to
from tests.browser.world import World, build, without_review
from tests.builders import a_schedule, a_topic
from tests.desk.builders import a_pause, a_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EVERY_HOUR = [{"weekday": day, "at": f"{hour:02}:00"} for day in range(7) for hour in range(24)]


@pytest.fixture
def world(transactional_db: None) -> World:
    world = build()
    without_review()
    return world


@pytest.fixture
def late(world: World) -> Post:
    """A post whose slot has passed twenty minutes ago, on a channel with a slot in every hour."""
    channel = Channel.objects.create(
        name="Office on the sandbox",
        network="sandbox",
        credentials={"token": "t"},
        schedule=a_schedule(slots=EVERY_HOUR),
        region="KE",
        created_at=clock.now(),
    )
    at = clock.now() - timedelta(minutes=20)
    text = (
        "Terraced fields in Sorrel Valley carry water again after eleven years https://office.example.org/1"
    )
    return a_post(world.item, channel, text, state="scheduled", slot_at=at, approved_at=at)


def test_a_channel_is_paused_from_any_page_and_released_post_by_post_without_scripts(
    world: World, late: Post, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(scripts=False)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/deliveries")
    page.get_by_role("navigation", name="Desk").get_by_role("link", name="Pause").click()
    page.locator("summary").filter(has_text="Channels").click()  # more than a few are folded up
    page.get_by_label("Office on the sandbox").check()
    page.get_by_label("Why").fill("A flood in the valley")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pause channel Office on the sandbox?")
    page.get_by_role("button", name="Yes, pause it").click()
    expect(page.get_by_role("status")).to_contain_text("Paused.")
    page.goto(f"{live_server.url}/desk/items")
    banner = page.locator(".notice.standstill")
    expect(banner).to_contain_text("Paused: Channel Office on the sandbox (A flood in the valley)")
    banner.get_by_role("link").click()
    page.get_by_role("link", name="Channel Office on the sandbox").click()
    expect(page.locator(".waiting")).to_contain_text("carry water again after eleven years")
    page.get_by_label("Post by post").check()
    page.get_by_role("button", name="Release it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Posts that ask")
    mine = page.get_by_role("listitem").filter(has_text="after eleven years")
    mine.get_by_role("button", name="Let this one go").click()
    expect(page.get_by_role("status")).to_contain_text("it goes out on")
    post = Post.objects.get(pk=late.pk)
    assert post.state == "scheduled"
    assert post.slot_at
    assert post.slot_at > clock.now()
    assert not Pause.objects.exists()


def test_a_release_needs_the_keyboard_only(
    world: World, late: Post, live_server: LiveServer, window: OpenWindow
) -> None:
    row = a_pause(scope="channel", channel_id=late.channel_id, name=late.channel.name)
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/pauses/{row.pk}")
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("type") == "radio":
            break
    page.keyboard.press("Space")
    tab_to(page, "Release it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 post got a new slot.")


@pytest.mark.parametrize("scheme", WIDTHS)
def test_the_pages_of_a_pause_are_accessible_and_fit(
    scheme: str, late: Post, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    waiting = Edition.objects.get(state="waiting")
    topic = a_topic("sdg-6")
    row = a_pause(scope="channel", channel_id=late.channel_id, name=late.channel.name)
    a_pause(
        scope="topic",
        topic_id=topic.pk,
        name=topic.name_en,
        reason="Numbers of the water supply in Sorrel Valley are disputed; the ministry answers on Thursday",
    )
    EditionItem.objects.update(topics=[topic.pk])
    asking = a_post(channel=Channel.objects.exclude(pk=late.channel_id).earliest("pk"), state="expired")
    Post.objects.filter(pk=asking.pk).update(problem="It waited behind a pause.", slot_at=late.slot_at)
    page = window(width=WIDTHS[scheme][-1], scheme=scheme)
    log_in(page, live_server.url)
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        if found := wrong_with(page, name, scheme, keep):
            wrong[name] = found

    for name, address in {
        "pauses": "/desk/pauses",
        "pause": f"/desk/pauses/{row.pk}",
        "pause-banner": "/desk/",
        "posts-asking": "/desk/posts/asking",
        "edition-paused": f"/desk/editions/{waiting.pk}",
    }.items():
        page.goto(live_server.url + address)
        look(name)
    page.goto(f"{live_server.url}/desk/pauses")
    page.get_by_label("KE", exact=True).check()
    page.get_by_label("Why").fill("A flood in the valley")
    page.get_by_role("button", name="Pause").click()
    look("pause-asks")
    assert wrong == {}
