"""Moving posts in the calendar in a real browser: by mouse, by keyboard, against the rules with a reason, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.people.permissions import EDITOR
from publisher.social import approval
from publisher.social.models import Post
from publisher.social.networks.sandbox.server import Server
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import faults, log_in, wrong_with
from tests.builders import a_schedule
from tests.delivery.post_steps import tick
from tests.desk.conftest import a_person
from tests.fakes.sandbox import sandbox, timeline
from tests.social.steps import a_draft, a_sandbox_channel, approved, fresh, text_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BERLIN = ZoneInfo("Europe/Berlin")
TITLE = "Terraced fields carry water again"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Server]:
    with sandbox(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def staff(transactional_db: None) -> None:
    a_person("mira", EDITOR)


def monday() -> date:
    """The first day of the week after the next: whatever day it is, all of it is to come."""
    today = datetime.now(BERLIN).date()
    return today + timedelta(days=14 - today.weekday())


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of that week (0 is Monday) on the walls of Berlin, where the window stands."""
    return datetime.combine(monday() + timedelta(days=day), time(hour, minute), BERLIN).astimezone(UTC)


def a_planned_post(when: datetime, *, server: Server | None = None, **schedule: Any) -> Post:
    rules = {"zone": "Europe/Berlin", "quiet": [{"start": "22:00", "end": "07:00"}]} | schedule
    channel = a_sandbox_channel(server, name="City news", schedule=a_schedule(**rules))
    now = clock.now()
    post = approved(a_draft(channel, now=now, title=TITLE, at=now), now=now)
    return approval.reschedule(post.pk, user=None, version=post.version, at=when, now=now)


def week(page: Page, base: str) -> None:
    page.goto(f"{base}/desk/calendar?view=week&date={monday()}")
    expect(page.locator(".entry[draggable=true]")).to_have_count(1)


def cell(page: Page, day: int, hour: int) -> Locator:
    return page.locator(f'td[data-day="{monday() + timedelta(days=day)}"][data-hour="{hour}"]')


def drag(page: Page, entry: Locator, target: Locator, *, part: float = 0.1) -> None:
    """With the mouse, to so far down the cell."""
    box = target.bounding_box()
    assert box
    entry.drag_to(target, target_position={"x": box["width"] / 2, "y": box["height"] * part})


def test_a_post_is_dragged_to_another_day_and_quarter_of_an_hour(
    staff: None, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    post = a_planned_post(at(1, 10, 20))
    page = window(height=1600)
    log_in(page, live_server.url)
    week(page, live_server.url)
    keep(page, "trips/calendar-week")
    drag(page, page.locator(".entry"), cell(page, 3, 14), part=0.6)
    expect(page.locator("#move-said")).to_contain_text("Moved")
    expect(cell(page, 3, 14).locator(".entry")).to_contain_text("14:30")
    expect(page.locator(".entry-link")).to_be_focused()
    assert fresh(post).slot_at == at(3, 14, 30)


def test_in_a_month_a_dragged_post_keeps_its_time_of_day(
    staff: None, live_server: LiveServer, window: OpenWindow
) -> None:
    post = a_planned_post(at(1, 10, 20))
    page = window(height=1600)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/calendar?date={monday()}")
    there = page.locator(f'td[data-day="{monday() + timedelta(days=4)}"]')
    drag(page, page.locator(".entry"), there)
    expect(page.locator("#move-said")).to_contain_text("Moved")
    expect(there.locator(".entry")).to_contain_text("10:20")
    assert fresh(post).slot_at == at(4, 10, 20)


def test_a_drop_in_quiet_hours_is_refused_and_done_with_a_reason_and_the_post_goes_out_then(
    staff: None, network: Server, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    post = a_planned_post(at(1, 10), server=network)
    page = window(height=1700)
    log_in(page, live_server.url)
    week(page, live_server.url)
    drag(page, page.locator(".entry"), cell(page, 1, 23))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("quiet hours 22:00–07:00 Europe/Berlin")
    expect(dialog).to_contain_text("next free slot")
    keep(page, "trips/calendar-refused")
    assert faults(page) == []
    dialog.get_by_role("button", name="Leave it where it was").click()
    expect(cell(page, 1, 10).locator(".entry")).to_be_visible()
    expect(page.locator("#move-said")).to_contain_text("stays where it was")
    assert fresh(post).slot_at == at(1, 10)

    drag(page, page.locator(".entry"), cell(page, 1, 23))
    dialog.get_by_label("say why").fill("The flood warning must go out tonight.")
    dialog.get_by_role("button", name="Move it even so").click()
    expect(page.locator("#move-said")).to_contain_text("Moved")
    expect(cell(page, 1, 23).locator(".entry")).to_be_visible()
    assert fresh(post).override_reason == "The flood warning must go out tonight."

    tick(now=at(1, 23) - timedelta(minutes=1))
    assert timeline(network) == []
    tick(now=at(1, 23))
    assert timeline(network) == [text_of(post)]


def test_a_post_is_moved_with_the_keyboard_alone(
    staff: None, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    post = a_planned_post(at(1, 10))
    page = window(height=1600)
    log_in(page, live_server.url)
    week(page, live_server.url)
    said = page.locator("#move-said")
    page.locator(".entry-link").focus()
    page.keyboard.press("m")
    expect(said).to_contain_text("Moving “Terraced fields")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(said).to_contain_text("stays where it was")
    expect(page.locator(".entry-link")).to_be_focused()
    assert fresh(post).slot_at == at(1, 10)

    page.keyboard.press("m")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    expect(said).to_contain_text("10:15")
    keep(page, "trips/calendar-moving")
    assert faults(page) == []
    page.keyboard.press("Enter")
    expect(said).to_contain_text("Moved")
    expect(page.locator(".entry-link")).to_be_focused()
    assert fresh(post).slot_at == at(2, 10, 15)


def test_on_a_phone_a_post_is_moved_by_buttons(
    staff: None, live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    post = a_planned_post(at(1, 10))
    page = window(width=360)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/calendar?view=list&date={monday()}")
    page.get_by_role("button", name=re.compile("Move.*Terraced")).click()
    bar = page.get_by_role("group", name="Moving a post")
    bar.get_by_role("button", name="A day later").click()
    bar.get_by_role("button", name="15 minutes earlier").click()
    assert wrong_with(page, "calendar-moving", "light", keep) == []
    bar.get_by_role("button", name="Drop it here").click()
    expect(page.locator("#move-said")).to_contain_text("Moved")
    assert fresh(post).slot_at == at(2, 9, 45)


def test_who_drops_what_somebody_else_moved_meanwhile_is_told(
    staff: None, live_server: LiveServer, window: OpenWindow
) -> None:
    post = a_planned_post(at(1, 10))
    page = window(height=1600)
    log_in(page, live_server.url)
    week(page, live_server.url)
    approval.reschedule(post.pk, user=None, version=post.version, at=at(2, 9), now=clock.now())
    drag(page, page.locator(".entry"), cell(page, 3, 14))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("has changed since you opened it")
    expect(dialog.get_by_role("button", name="Move it even so")).to_be_hidden()
    assert fresh(post).slot_at == at(2, 9)
    dialog.get_by_role("link", name="See the post").click()
    page.wait_for_url(f"**/desk/posts/{post.pk}")


def test_without_scripts_an_entry_leads_to_the_form_for_its_time(
    staff: None, live_server: LiveServer, window: OpenWindow
) -> None:
    post = a_planned_post(at(1, 10))
    page = window(scripts=False)
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/desk/calendar?date={monday()}")
    page.get_by_role("link", name="Terraced fields").click()
    night = f"{monday() + timedelta(days=1)}T23:00"
    page.get_by_label("Time in Europe/Berlin").fill(night)
    page.get_by_role("button", name="Change the time").click()
    expect(page.locator("#against")).to_contain_text("quiet hours")
    page.get_by_label("say why").fill("A flood.")
    page.get_by_role("button", name="Change the time").click()
    assert fresh(post).slot_at == at(1, 23)
