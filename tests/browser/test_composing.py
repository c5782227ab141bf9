"""Writing the posts of an item for several channels at once, in a real browser: on a phone, on a wide screen, without scripts,
and by two people at the same time."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.social import approval, link_checks, slots
from publisher.social.models import Post
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import faults, log_in, sticks_out
from tests.browser.world import World, build, without_review

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """No link is asked: there is no internet here."""

    def nothing(_urls: object, **_given: object) -> dict[str, link_checks.LinkCheck]:
        return {}

    monkeypatch.setattr(link_checks, "check", nothing)
    world = build()
    without_review()
    return world


def drafts(world: World) -> list[Post]:
    """Three posts of the item that can be written, and that one person approves: on Sandbox, on X with threads, and one that is
    held."""
    written = world.item.posts.filter(state__in=("draft", "held"), channel__approvals=0)
    return list(written.order_by("channel__name"))


def open_composer(page: Page, live_server: LiveServer, world: World) -> None:
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/items/{world.item.pk}")
    page.get_by_role("link", name="Write the posts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Write the posts")


@pytest.mark.parametrize("width", [360, 1280])
def test_three_channels_are_written_saved_and_approved_at_once(
    world: World, live_server: LiveServer, window: OpenWindow, keep: Keep, width: int
) -> None:
    page = window(width=width)
    open_composer(page, live_server, world)
    first, second, third = drafts(world)
    box = page.locator(f"#post-{first.pk} textarea[name='text-{first.pk}']")
    box.fill("Water runs through the terraces again. " * 3)
    expect(page.locator(f"#counter-{first.pk}-0")).to_contain_text("117 of")
    expect(page.locator(f"#preview-{first.pk}-0")).to_contain_text("Water runs through")
    expect(page.locator(f"#post-{first.pk} .unsaved-mark")).to_be_visible()
    column = page.locator(f"#post-{first.pk}")
    column.get_by_text("Copy this text to other channels").click()
    column.get_by_role("button", name="Copy the text").click()
    expect(page.get_by_role("status").first).to_contain_text("Nothing is saved yet")
    assert Post.objects.get(pk=second.pk).version == second.version
    expect(page.locator(f"#post-{second.pk} textarea[name='text-{second.pk}']").first).to_have_value(
        re.compile("Water runs")
    )
    keep(page, f"{width}-light/compose-copied")
    page.get_by_role("button", name="Save all").click()
    expect(page.get_by_role("status").first).to_contain_text("posts are saved")
    for post in (first, second, third):
        post.refresh_from_db()
        assert post.parts[0]["text"].startswith("Water runs")
    page.get_by_role("button", name="Approve all that are ready").click()
    expect(page.get_by_role("status").first).to_contain_text("approved")
    first.refresh_from_db()
    assert first.state == "approved"
    slots.give_slots(first.channel_id, now=clock.now())
    page.reload()
    expect(page.locator(f"#post-{first.pk}").get_by_text("Scheduled", exact=True)).to_be_visible()
    assert sticks_out(page) <= 0
    assert faults(page) == []


def test_a_long_text_becomes_a_thread_without_leaving_the_page(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    open_composer(page, live_server, world)
    post = drafts(world)[0]
    column = page.locator(f"#post-{post.pk}")
    long = " ".join(f"Terrace number {n} holds water again." for n in range(30))
    column.locator(f"textarea[name='text-{post.pk}']").fill(long)
    expect(page.locator(f"#counter-{post.pk}-0")).to_contain_text("too long")
    column.get_by_role("button", name="Split into a thread").click()
    expect(column.get_by_label(re.compile("Part 1 of"))).to_be_visible()
    expect(column.locator(".counter.over")).to_have_count(0)
    column.get_by_role("button", name="Join again").click()
    expect(column.locator(f"textarea[name='text-{post.pk}']")).to_have_count(1)
    assert column.locator(f"textarea[name='text-{post.pk}']").input_value().split() == long.split()


def test_of_two_people_the_second_is_told_and_loses_nothing(
    world: World, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    page = window()
    open_composer(page, live_server, world)
    first, second, *_ = drafts(world)
    page.locator(f"textarea[name='text-{first.pk}']").first.fill("What I wrote")
    page.locator(f"textarea[name='text-{second.pk}']").first.fill("Also mine")
    approval.edit(
        first.pk, user=world.user, version=first.version, texts=["What they wrote"], now=clock.now()
    )
    page.get_by_role("button", name="Save all").click()
    column = page.locator(f"#post-{first.pk}")
    expect(column.get_by_role("alert")).to_contain_text("Somebody else changed this post")
    expect(column.locator(".post-text")).to_have_text("What they wrote")
    expect(column.locator(f"textarea[name='text-{first.pk}']")).to_have_value("What I wrote")
    assert Post.objects.get(pk=second.pk).parts[0]["text"] == "Also mine"
    assert faults(page) == []
    keep(page, "1280-light/compose-conflict")
    column.get_by_role("button", name="Save", exact=False).first.click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    assert Post.objects.get(pk=first.pk).parts == [{"text": "What I wrote"}]


def test_leaving_a_page_with_unsaved_text_asks_first(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    open_composer(page, live_server, world)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    post = drafts(world)[0]
    page.locator(f"textarea[name='text-{post.pk}']").first.fill("Half written")
    page.get_by_role("link", name="The item", exact=True).click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Write the posts")


def test_the_keyboard_saves_approves_and_goes_places(
    world: World, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    page = window()
    open_composer(page, live_server, world)
    post = drafts(world)[0]
    box = page.locator(f"textarea[name='text-{post.pk}']").first
    box.fill("Saved by the keyboard?")
    box.press("Control+Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    page.wait_for_load_state("load")  # keys are heard once the scripts are there
    page.locator(f"textarea[name='text-{post.pk}']").first.press("Control+Shift+Enter")
    expect(page.get_by_role("status").first).to_contain_text("approved")
    page.locator("h1").click()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    assert faults(page) == []
    keep(page, "1280-light/keyboard")
    dialog.get_by_label(re.compile("Single keys")).uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keyboard").click()
    dialog.get_by_label(re.compile("Single keys")).check()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/desk/items")
    page.keyboard.press("/")
    expect(page.locator("main input[type='search'], main [role='search'] input").first).to_be_focused()


def test_the_composer_works_without_scripts(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(scripts=False, width=360)
    open_composer(page, live_server, world)
    post = drafts(world)[0]
    box = page.locator(f"textarea[name='text-{post.pk}']").first
    box.fill("字" * 1200)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator(f"#counter-{post.pk}-0")).to_contain_text("too long")
    page.locator(f"textarea[name='text-{post.pk}']").first.fill("Written without scripts")
    page.locator(f"#post-{post.pk}").get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_role("status").first).to_contain_text("approved")
    assert Post.objects.get(pk=post.pk).parts == [{"text": "Written without scripts"}]


def test_a_picture_is_described_while_a_text_is_being_written(
    world: World, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/posts/{world.draft.pk}")
    page.get_by_label("What is published").fill("Half written")
    page.get_by_label(re.compile("What it shows")).first.fill("Two farmers lift a stone")
    page.get_by_role("button", name="Save the description").first.click()
    expect(page.get_by_label("What is published")).to_have_value("Half written")
    expect(page.get_by_text("The text below is not saved yet")).to_be_visible()
    post = Post.objects.get(pk=world.draft.pk)
    assert post.pictures[0]["alt"] == "Two farmers lift a stone"
    assert post.parts != [{"text": "Half written"}]
