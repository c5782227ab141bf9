"""What staff and readers do, in a real browser: with the keyboard alone, and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.audience import tokens
from publisher.delivery.models import Delivery
from publisher.items.models import ItemTopic
from publisher.social.models import Post
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import log_in
from tests.browser.world import World, build
from tests.desk.builders import a_mail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return build()


def tab_to(page: Page, name: str, most: int = 120) -> None:
    """Press Tab until what has that name, or leads to that address, has the focus; each stop must be visible and marked."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        outline = focused.evaluate("element => getComputedStyle(element).outlineStyle")
        assert outline != "none"
        said = focused.inner_text().strip() or focused.get_attribute("aria-label") or ""
        if name in said or name == focused.get_attribute("href"):
            return
    raise AssertionError(f"“{name}” was not reached with the keyboard")


def test_a_post_is_approved_with_the_keyboard_alone(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    log_in(page, live_server.url)
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    tab_to(page, f"/desk/posts/{world.draft.pk}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/posts/{world.draft.pk}")
    tab_to(page, "Approve")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Approved")
    assert Post.objects.get(pk=world.draft.pk).state == "approved"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_reaches_every_page_by_one_menu(
    scripts: bool, world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(width=360, height=640, scripts=scripts)
    log_in(page, live_server.url)
    page.get_by_role("button", name="Menu").click()
    menu = page.get_by_role("navigation", name="Menu")
    assert menu.get_by_role("link").count() == page.locator(".sections a").count()
    menu.get_by_role("link", name="System").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("System")
    expect(menu).to_be_hidden()


def test_a_wide_screen_shows_every_page_and_no_menu(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(width=1280, height=900)
    log_in(page, live_server.url)
    expect(page.get_by_role("button", name="Menu")).to_be_hidden()
    sections = page.locator(".sections").bounding_box()
    who = page.locator(".who").bounding_box()
    assert sections is not None
    assert who is not None
    assert sections["y"] + sections["height"] <= who["y"], "nothing stands behind the name"
    last = page.locator(".sections a").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()


def test_the_counter_and_the_preview_follow_what_is_typed(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/posts/{world.draft.pk}")
    page.get_by_label("What is published").fill("Read https://a.example/x 读")
    expect(page.locator("#counter-0")).to_contain_text("26 of 500")
    expect(page.locator("#preview-0")).to_have_text("Read https://a.example/x 读")
    page.get_by_label("What is published").fill("字" * 510)
    expect(page.locator("#counter-0")).to_contain_text("10 characters too long")


def test_a_topic_is_accepted_without_leaving_the_page(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/items/{world.item.pk}")
    page.get_by_role("button", name="Accept SDG 2").or_(
        page.get_by_role("button", name="Accept Goal 2")
    ).click()
    expect(page.locator("#topics .badge.good")).to_have_count(2)
    assert ItemTopic.objects.filter(state="accepted").count() == 2


def test_the_desk_works_without_scripts(world: World, live_server: LiveServer, window: OpenWindow) -> None:
    page = window(scripts=False)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/items/{world.item.pk}")
    page.get_by_role("button", name="Accept").first.click()
    expect(page.get_by_role("status")).to_contain_text("is accepted")
    page.goto(f"{live_server.url}/desk/posts/{world.draft.pk}")
    page.get_by_label("What is published").fill("Written without scripts")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text("Approved")
    a_mail(world.waiting)
    page.goto(f"{live_server.url}/desk/editions/{world.waiting.pk}")
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("to 1 reader")
    page.get_by_role("button", name="Yes, send it").click()
    expect(page.get_by_role("status")).to_contain_text("goes out")
    page.goto(f"{live_server.url}/desk/deliveries?state=failed")
    page.get_by_role("link", name="@example.net").first.click()
    expect(page.get_by_role("heading", name="Tries")).to_be_visible()


def test_a_bounced_address_is_found_and_what_happened_to_it_is_read(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    row = Delivery.objects.get(state="bounced")
    page = window()
    log_in(page, live_server.url)
    page.get_by_role("link", name="Delivery log").click()
    page.get_by_label("Address begins with").fill(row.address[:12])
    page.get_by_role("checkbox", name="Came back").check()
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name=row.address).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(row.address)
    expect(page.get_by_text("It was accepted first and came back later.")).to_be_visible()
    page.get_by_text("Show the message").click()
    expect(page.get_by_role("region", name="The message")).to_contain_text("MIME-Version: 1.0")


def test_times_are_those_of_the_viewer_from_the_login_on(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    log_in(page, live_server.url)
    expect(page.get_by_text("Times are in Europe/Berlin")).to_be_visible()


def test_a_reader_unsubscribes_without_scripts(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(scripts=False, width=360)
    link = (world.subscription.subscriber_id, world.subscription.digest_id)
    page.goto(f"{live_server.url}/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, *link)}")
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("status")).to_contain_text("no more mail")
    world.subscription.refresh_from_db()
    assert world.subscription.state == "ended"
