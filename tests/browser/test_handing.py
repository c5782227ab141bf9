"""Posting by hand in a real browser: what is copied is what stands there, and everything works without scripts on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from publisher.delivery.models import Delivery
from publisher.social.models import Post
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import log_in, sticks_out
from tests.browser.world import World, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THERE = "https://weibo.com/1234567890/PxYzAb123"
COPIED_HTML = """async () => {
  const [item] = await navigator.clipboard.read();
  return await (await item.getType("text/html")).text();
}"""


@pytest.fixture
def world(transactional_db: None) -> World:
    return build()


def handed(network: str) -> Post:
    return Post.objects.get(channel__network=network, state="handed")


def test_the_button_copies_exactly_the_text(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(width=360)
    log_in(page, live_server.url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + world.desk_pages["hand-weibo"])
    page.locator('[data-copy="copy-1-1"]').click()
    expect(page.locator("#copy-1-1-said")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == handed("weibo").parts[0]["text"]
    page.locator('[data-copy="alt-1-1"]').click()
    assert page.evaluate("navigator.clipboard.readText()") == "两位农民抬起一块石板，放进水渠"


def test_an_article_is_copied_with_its_headings(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + world.desk_pages["hand-wechat"])
    page.locator(".copied:has(.article) [data-copy]").click()
    html = page.evaluate(COPIED_HTML)
    assert "<h2" in html
    assert "两百户家庭" in html
    assert "十一年来" in page.evaluate("navigator.clipboard.readText()")


def test_the_pictures_are_shown_and_saved(world: World, live_server: LiveServer, window: OpenWindow) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(live_server.url + world.desk_pages["hand-weibo"])
    first = page.locator(".downloads img").first
    first.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.downloads img').complete")
    assert first.evaluate("image => image.naturalWidth") == 1200
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save picture 1").click()
    assert saving.value.suggested_filename == f"post-{handed('weibo').pk}-1.jpeg"


def test_on_a_phone_without_scripts_a_post_is_handed_over_and_said_to_be_there(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(width=360, scripts=False)
    log_in(page, live_server.url)
    page.get_by_role("link", name="Posts for you to post").click()
    page.locator(f'a[href$="/desk/posts/{handed("weibo").pk}"]').first.click()
    page.get_by_role("link", name="Post it now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Post this on Weibo")
    assert sticks_out(page) <= 0
    expect(page.locator("#copy-1-1")).to_have_value(handed("weibo").parts[0]["text"])
    expect(page.locator("[data-copy]").first).to_be_hidden()
    address = page.get_by_label("Its address on Weibo")
    address.fill("https://blog.example.org/1")
    page.get_by_role("button", name="I have posted it").click()
    expect(page.get_by_role("alert")).to_contain_text("weibo.com")
    page.get_by_label("Its address on Weibo").fill(THERE)
    page.get_by_role("button", name="The address is right").click()
    expect(page.get_by_role("status")).to_contain_text("Noted.")
    assert Delivery.objects.get(post__channel__network="weibo").remote_url == THERE
