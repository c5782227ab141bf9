"""Trips of whoever sets the office up: connecting an account, painting a week with the keyboard, writing a template."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.core.crypto import opened
from publisher.social.models import Channel
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import faults, log_in, sticks_out
from tests.browser.world import PASSWORD
from tests.builders import a_channel, a_schedule, an_item
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.mastodon import serving as mastodon

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(live_server: LiveServer, window: OpenWindow, settings: Any) -> Page:
    """Mira is logged in."""
    settings.BASE_URL = live_server.url
    User.objects.create_superuser("mira", "", PASSWORD)
    opened_page = window()
    log_in(opened_page, live_server.url)
    return opened_page


def accessible(page: Page) -> None:
    assert faults(page) == []
    assert sticks_out(page) <= 0


def test_an_account_on_mastodon_is_connected_by_its_own_page(
    page: Page, live_server: LiveServer, settings: Any
) -> None:
    fake = FakeMastodon()
    a_schedule(name="Office")
    with mastodon(fake) as there:
        settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, there.removeprefix("http://")]
        page.goto(live_server.url + reverse("desk:channels"))
        page.get_by_role("link", name="New channel").click()
        page.get_by_label("Name", exact=False).first.fill("Almaria Office")
        page.get_by_label("Network").select_option("mastodon")
        page.get_by_role("button", name="Make it, then connect it").click()
        page.get_by_label("Server").fill(there)
        page.get_by_role("button", name="Try and save").click()
        page.get_by_role("button", name="Connect with Mastodon").click()
        accessible(page)
        page.get_by_role("link", name="Go to Mastodon").click()
        page.get_by_role("link", name="Authorize").click()
        expect(page.get_by_role("heading", name="Is this the account?")).to_be_visible()
        accessible(page)
        page.get_by_role("button", name="Yes, connect it").click()
        expect(page.get_by_text("The network answered: this is @office@")).to_be_visible()
        accessible(page)
        page.get_by_role("button", name="Connect again with Mastodon").click()
        page.get_by_role("link", name="Go to Mastodon").click()
        page.get_by_role("link", name="Deny").click()
        expect(page.get_by_role("alert")).to_contain_text("Access was not given")
        accessible(page)
    assert opened(Channel.objects.get().credentials) == {"access_token": fake.oauth.tokens[0]}


def test_a_week_is_painted_with_the_keyboard(page: Page, live_server: LiveServer) -> None:
    schedule = a_schedule(
        name="Office", slots=[{"weekday": 0, "at": "09:00"}], quiet=[{"start": "21:00", "end": "08:00"}]
    )
    page.goto(live_server.url + reverse("desk:schedule", args=[schedule.pk]))
    start = page.get_by_role("button", name="Monday 09:00")
    expect(start).to_have_attribute("aria-pressed", "true")
    start.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Tuesday 09:30")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Tuesday", exact=True).first).to_have_value("09:30")
    expect(page.locator("#outlook")).to_contain_text("09:30")
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name=re.compile("Tuesday 00:00, quiet"))).to_be_focused()
    page.get_by_role("button", name="Wednesday 10:00").click()
    page.get_by_role("button", name="Monday 09:00").click()
    expect(page.get_by_label("Monday", exact=True).first).to_have_value("")
    accessible(page)
    page.get_by_role("button", name="Save the schedule").click()
    page.wait_for_url("**/desk/schedules")
    schedule.refresh_from_db()
    assert schedule.slots == [{"weekday": 1, "at": "09:30"}, {"weekday": 2, "at": "10:00"}]


def test_a_template_is_written_with_its_preview_saved_and_taken_back(
    page: Page, live_server: LiveServer
) -> None:
    channel, item = a_channel(name="Almaria Office"), an_item()
    page.goto(live_server.url + reverse("desk:template", args=[channel.pk]))
    text = page.get_by_label("Template")
    text.fill("First {{ link }}")
    expect(page.locator("#trials")).to_contain_text(f"First {item.url}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    page.get_by_label("Template").fill("Second {{ itm }}")
    expect(page.locator("#trials")).to_contain_text("did you mean")
    accessible(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("line 1")
    accessible(page)
    page.get_by_label("Template").fill("Second {{ link }}")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Version 1").click()
    accessible(page)
    page.get_by_role("button", name="Use this text again").click()
    expect(page.get_by_label("Template")).to_have_value("First {{ link }}\n")
    page.wait_for_load_state()
    page.get_by_label("Template").press("Tab")
    expect(page.get_by_label("Template")).to_be_focused()
    page.get_by_label("Template").press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Template")).not_to_be_focused()
