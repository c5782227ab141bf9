"""Two persons approve what a third wrote, and a tag holds it until it is cleared: in a real browser, without scripts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.people import roles
from publisher.people.permissions import EDITOR
from publisher.social.models import Post
from publisher.social.slots import give_slots
from tests.browser.conftest import Keep, OpenWindow
from tests.browser.test_every_page import log_in
from tests.browser.world import PASSWORD
from tests.builders import a_channel, a_schedule, an_item
from tests.desk.builders import a_post
from tests.review.steps import a_role, a_tag, tagged

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_window_of(name: str, server: LiveServer, window: OpenWindow, *, width: int = 1280) -> Page:
    """A browser in which this editor is signed in."""
    roles.keep_roles()
    user = User.objects.create_user(name, password=PASSWORD)
    roles.give(user, EDITOR)
    page = window(scripts=False, width=width)
    log_in(page, server.url, name)
    return page


def test_two_editors_approve_what_the_author_wrote_and_a_tag_holds_it_until_it_is_cleared(
    live_server: LiveServer, window: OpenWindow, keep: Keep
) -> None:
    every_minute = [
        {"weekday": d, "at": f"{h:02}:{m:02}"} for d in range(7) for h in range(24) for m in (0, 30)
    ]
    channel = a_channel(approvals=2, schedule=a_schedule(slots=every_minute, least_gap_minutes=0))
    item = an_item(at=clock.now() - timedelta(hours=1), title="The bridge opens")
    post = a_post(item, channel, created_at=clock.now())
    tag = tagged(item, a_tag(words=("map",)))
    address = f"{live_server.url}/desk/posts/{post.pk}"
    author = a_window_of("mira", live_server, window, width=360)
    first, second = (a_window_of(name, live_server, window) for name in ("ben", "cyn"))

    author.goto(address)
    author.get_by_label("What is published").fill("The bridge opens today.")
    author.get_by_role("button", name="Save and approve").click()
    expect(author.get_by_role("status")).to_contain_text("somebody else must approve it")
    expect(author.get_by_role("button", name="Approve what is saved")).to_have_count(0)

    first.goto(f"{live_server.url}/desk/")
    first.get_by_role("link", name="The bridge opens").first.click()
    first.get_by_role("button", name="Approve what is saved").click()
    expect(first.get_by_role("status")).to_contain_text("1 of 2 approvals")
    keep(first, "trips/review-one-of-two")

    second.goto(address)
    second.get_by_role("button", name="Approve what is saved").click()
    expect(second.get_by_role("status")).to_contain_text("waits for the clearance “Map” by Cartography")
    assert give_slots(channel.pk, now=clock.now()) == 0

    a_role().user_set.add(User.objects.get(username="mira"))
    author.goto(f"{live_server.url}/desk/")
    author.get_by_role("region", name="Waits for your clearance").get_by_role("link").click()
    author.get_by_label("Note").fill("Borders are right.")
    author.get_by_role("button", name=f"Clear {tag.name}").click()
    expect(author.get_by_role("status")).to_contain_text("Cleared")
    assert give_slots(channel.pk, now=clock.now()) == 1
    assert Post.objects.get(pk=post.pk).state == "scheduled"
