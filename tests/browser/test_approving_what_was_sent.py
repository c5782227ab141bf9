"""On a phone: a correction that waits for a second person, and an edition whose introduction waits for a clearance."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.delivery.models import Amendment
from publisher.review import approvals
from publisher.review.models import ClearanceTag, Kind, TextTag
from tests.browser.conftest import OpenWindow
from tests.browser.test_every_page import faults, log_in, sticks_out
from tests.browser.world import World, build
from tests.builders import a_channel, an_item
from tests.desk.builders import a_post, a_post_delivery, an_amendment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HALF_A_THREAD = "Two hundred families share the water of one spring. " * 4


@pytest.fixture
def world(transactional_db: None) -> World:
    return build()


@pytest.fixture
def asked(world: World) -> Amendment:
    """Ben asked for an edit of what was sent; its channel asks for one person who approves."""
    now = clock.now()
    channel = a_channel("sandbox", name="Almaria, approved by one", approvals=1)
    post = a_post(an_item(title="The spring of Sorrel"), channel, "As it was.", state="sent", sent_at=now)
    a_post_delivery(post, at=now, state="sent", sent_at=now, remote_id="1", remote_url="https://a.example/1")
    row = an_amendment(
        post, deed="edit", state="waiting", text=HALF_A_THREAD, replaced="As it was.", created_at=now
    )
    approvals.changed(Kind.AMENDMENT, row.pk, user=User.objects.get(username="ben"), now=now)
    return row


def test_a_second_person_finds_a_correction_without_scripts_and_approves_it(
    world: World, asked: Amendment, live_server: LiveServer, window: OpenWindow
) -> None:
    page = window(width=360, scripts=False)
    log_in(page, live_server.url)
    page.get_by_role("link", name="The spring of Sorrel Edit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Correct everywhere")
    expect(page.get_by_text("Waiting for approval")).to_be_visible()
    assert sticks_out(page) <= 0
    page.get_by_role("button", name=re.compile(r"Approve ?: Edit, Almaria, approved by one")).click()
    expect(page.get_by_text("Approved. It is done next.")).to_be_visible()
    asked.refresh_from_db()
    assert asked.state == "queued"


def test_the_pages_of_both_are_accessible(
    world: World, asked: Amendment, live_server: LiveServer, window: OpenWindow
) -> None:
    tag = ClearanceTag.objects.create(
        name="Flag",
        meaning="As the house draws it.",
        group=Group.objects.get(name="Cartography"),
        created_at=clock.now(),
    )
    TextTag.objects.create(
        kind="edition",
        object_id=world.waiting.pk,
        tag=tag,
        words=["flag"],
        at=clock.now(),
        fingerprint="f" * 64,
    )
    page = window(width=360)
    log_in(page, live_server.url)
    post = asked.delivery.post
    assert post is not None
    for address in (
        "/desk/",
        "/desk/clearance",
        f"/desk/items/{post.item_id}/correct",
        f"/desk/editions/{world.waiting.pk}",
    ):
        page.goto(live_server.url + address, wait_until="load")
        assert (sticks_out(page), faults(page)) == (0, []), address
    page.get_by_role("button", name="Clear Flag").click()
    expect(page.get_by_text("Cleared: Flag.")).to_be_visible()
    assert TextTag.objects.get(tag=tag).state == "cleared"
