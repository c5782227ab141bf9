"""A digest made by its form, and an edition arranged, looked at and sent, in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.delivery.enqueue import assemble
from publisher.digests.models import Digest, Edition
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import faults, log_in, sticks_out
from tests.browser.world import World, build, without_review

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    world = build()
    without_review()
    return world


@pytest.fixture
def edition(world: World) -> Edition:
    """One that waits, of items that came in lately."""
    now = clock.now()
    made = Edition.objects.create(
        digest=Digest.objects.get(slug="weekly"),
        due_at=now - timedelta(minutes=1),
        window_from=now - timedelta(days=7),
        window_to=now,
        item_ids=list(
            world.waiting.digest.editions.get(state="sending").edition_items.values_list("item_id", flat=True)
        ),
        created_at=now,
        after_assembly="waiting",
        trace_id="e" * 32,
    )
    return assemble(made.pk, now=now)


def titles(page: Page) -> list[str]:
    return page.locator("ol.arranged .arranged-what > a").all_inner_texts()


def assembled(page: Page, edition: Edition) -> None:
    """What the worker does meanwhile, out of sight: a page that sees the end of it opens itself anew."""
    address = page.url.partition("#")[0]
    page.goto("about:blank")
    assemble(edition.pk, now=clock.now())
    page.goto(address)


def test_an_edition_is_arranged_by_the_keyboard_previewed_and_sent(
    edition: Edition, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/editions/{edition.pk}")
    before = titles(page)
    page.locator("ol.arranged").first.get_by_role("button", name="Move down:").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Save the order")).to_be_visible()
    assert titles(page)[:2] == before[:2][::-1]
    expect(page.locator(":focus")).to_have_attribute("aria-label", f"Move up: {before[0]}")
    page.get_by_role("button", name="Save the order").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("assembled again")
    assembled(page, edition)
    assert titles(page)[:2] == before[:2][::-1]
    page.get_by_label("Subject", exact=True).first.fill(
        "Water comes back to the terraces of Sorrel Valley, and more"
    )
    expect(page.locator("#hint-en")).to_contain_text("Long")
    page.get_by_role("button", name="Save the texts").click()
    expect(page.get_by_role("status").first).to_contain_text("assembled again")
    assembled(page, edition)
    with page.expect_response(lambda answer: "/pictures/" in answer.url) as loaded:
        page.locator("iframe.mail").scroll_into_view_if_needed()
        page.reload()
        page.locator("iframe.mail").scroll_into_view_if_needed()
    assert (loaded.value.status, loaded.value.headers["content-type"]) in (
        (200, "image/jpeg"),
        (200, "image/png"),
    )
    picture = page.frame_locator("iframe.mail").locator("img[src*='/pictures/']").first
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_role("link", name="Dark").click()
    page.locator("iframe.mail").scroll_into_view_if_needed()  # it is loaded when it is near
    frame = page.frame_locator("iframe.mail")
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    assert (
        frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(15, 19, 24)"
    )
    page.get_by_role("link", name="Images off").click()
    expect(page.locator("iframe.images-off")).to_be_visible()
    page.get_by_label("Send a test to").fill("mira@office.example.org")
    page.get_by_role("button", name="Send the test").click()
    expect(page.get_by_role("status").first).to_contain_text("A test is on its way")
    for width, scheme in ((360, "light"), (1280, "light"), (360, "dark")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        keep(page, f"{width}-{scheme}/edition-arranging")
        assert sticks_out(page) <= 0
        assert faults(page) == []
    page.get_by_role("button", name="Approve and send").click()
    page.get_by_role("button", name="Yes, send it").click()
    expect(page.get_by_role("status").first).to_contain_text("It goes out now")
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".badge", has_text="Paused").first).to_be_visible()


def test_a_digest_is_made_by_the_form_also_without_scripts(
    world: World, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    for scripts in (False, True):
        page = window(scripts=scripts)
        log_in(page, live_server.url)
        page.goto(f"{live_server.url}/desk/digests")
        page.get_by_role("link", name="Make a digest").click()
        page.get_by_label("Short name").fill(f"monthly-{int(scripts)}")
        page.get_by_label("Title", exact=True).fill("The month in Almaria")
        page.get_by_label("Sender’s name").fill("Country Office")
        page.get_by_label("Another language").fill("fr")
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_label("Title", exact=True).first).to_have_value("The month in Almaria")
        page.get_by_role("button", name="Make the digest").click()
        expect(page.get_by_role("alert")).to_contain_text("what you typed is still here")
        if scripts:
            for width in (360, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                keep(page, f"{width}-light/digest-form")
                assert sticks_out(page) <= 0
                assert faults(page) == []
        page.locator("[name=from_address]").fill("news@office.example.org")
        page.get_by_role("button", name="Make the digest").click()
        expect(page.get_by_role("status").first).to_contain_text("is made")
        assert Digest.objects.get(slug=f"monthly-{int(scripts)}").languages == ["en", "fr"]


def test_the_second_of_two_people_goes_on_in_the_form_of_a_digest(
    world: World, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    digest = Digest.objects.get(slug="weekly")
    page = window()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/digests/{digest.pk}")
    Digest.objects.filter(pk=digest.pk).update(weekday=5, version=digest.version + 1)  # somebody else
    page.get_by_label("Title", exact=True).first.fill("Water and work in Almaria")
    page.get_by_role("button", name="Save the digest").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved or overwritten")
    expect(page.get_by_role("table").first).to_contain_text("Saturday")
    expect(page.get_by_label("Title", exact=True).first).to_have_value("Water and work in Almaria")
    for width, scheme in ((360, "light"), (1280, "light"), (360, "dark")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        keep(page, f"{width}-{scheme}/digest-form-second")
        assert sticks_out(page) <= 0
        assert faults(page) == []
    page.get_by_role("button", name="Save the digest").click()
    expect(page.get_by_role("status").first).to_contain_text("is changed")
    digest.refresh_from_db()
    assert digest.title["en"] == "Water and work in Almaria"
