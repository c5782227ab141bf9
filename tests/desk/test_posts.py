"""Posts in the desk: list, composer, approving, editing, cancelling, another time, and two people at once."""

from __future__ import annotations

import html
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.desk.posts.measuring import measured
from publisher.people.permissions import EDITOR
from publisher.social import approval
from publisher.social.models import Post
from tests.builders import a_channel, a_schedule, an_item
from tests.desk.builders import a_post, a_post_delivery
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db


def do(client: Client, post: Post, deed: str, **values: Any) -> HttpResponse:
    values.setdefault("version", post.version)
    return client.post(f"/desk/posts/{post.pk}/{deed}", values, follow=True)


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("", {"draft", "scheduled", "sent", "held"}),
        ("state=draft", {"draft"}),
        ("state=planned", {"scheduled"}),
        ("state=trouble", {"held"}),
        ("state=sent", {"sent"}),
        ("state=held", {"held"}),
        ("state=nonsense", set()),
    ],
)
def test_a_tab_shows_the_posts_of_its_states(desk: Client, query: str, states: set[str]) -> None:
    for state in ("draft", "scheduled", "sent", "held"):
        a_post(an_item(title=f"It is {state}"), state=state)
    text = text_of(desk.get(f"/desk/posts?{query}"))
    assert {state for state in ("draft", "scheduled", "sent", "held") if f">It is {state}<" in text} == states


def test_posts_are_found_by_channel(desk: Client) -> None:
    meant = a_post(an_item(title="Meant"))
    a_post(an_item(title="Other"))
    text = text_of(desk.get(f"/desk/posts?channel={meant.channel_id}"))
    assert (">Meant<" in text, ">Other<" in text) == (True, False)


def test_the_counter_measures_what_is_typed_as_the_network_would(desk: Client) -> None:
    post = a_post()
    answer = desk.post(
        f"/desk/posts/{post.pk}/measure/1", {"text": ["one", "字" * 501]}, headers={"HX-Request": "true"}
    )
    text = text_of(answer)
    assert "501 of 500" in text
    assert "1 characters too long" in text
    assert 'id="preview-1"' in text
    assert "<html" not in text


def test_a_part_that_is_not_there_is_not_measured(desk: Client) -> None:
    assert desk.post(f"/desk/posts/{a_post().pk}/measure/3", {"text": ["one"]}).status_code == 400


def test_a_post_of_a_network_that_is_not_installed_can_still_be_read(desk: Client) -> None:
    post = a_post(channel=a_channel("gone_network"))
    text = text_of(desk.get(f"/desk/posts/{post.pk}"))
    assert "There is no network" in text


def test_links_and_tags_are_marked_in_the_preview() -> None:
    [part] = measured(a_channel(), ["Read https://a.example/x #Water 读"])
    assert [piece for marked, piece in part.words if marked] == ["https://a.example/x", "#Water"]


def test_approving_an_untouched_text_does_not_count_as_an_edit(desk: Client) -> None:
    post = a_post(text="Fields carry water")
    answer = do(desk, post, "edit", text=["Fields carry water"], then="approve")
    post.refresh_from_db()
    assert (post.state, post.edited, post.approved_by and post.approved_by.username) == (
        "approved",
        False,
        "mira",
    )
    assert "Approved." in text_of(answer)


def test_approving_saves_what_was_typed(desk: Client) -> None:
    post = a_post(text="Fields carry water")
    do(desk, post, "edit", text=["Fields carry\r\nwater again", "", "Second part"], then="approve")
    post.refresh_from_db()
    assert (post.state, post.edited) == ("approved", True)
    assert post.parts == [{"text": "Fields carry\nwater again"}, {"text": "Second part"}]


def test_saving_alone_does_not_approve(desk: Client) -> None:
    post = a_post()
    do(desk, post, "edit", text=["Another text"])
    post.refresh_from_db()
    assert (post.state, post.parts) == ("draft", [{"text": "Another text"}])


def test_a_text_that_does_not_fit_is_not_saved_and_not_lost(desk: Client) -> None:
    post = a_post(text="Short")
    answer = do(desk, post, "edit", text=["x" * 600], then="approve")
    post.refresh_from_db()
    assert (answer.status_code, post.state, post.parts) == (422, "draft", [{"text": "Short"}])
    assert "x" * 600 in text_of(answer)
    assert "does not fit" in text_of(answer)


@pytest.mark.parametrize("deed", ["edit", "cancel", "reschedule"])
def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(desk: Client, deed: str) -> None:
    post = a_post(text="As drafted", state="approved", approved_at=clock.now())
    other = a_person("tomas", EDITOR)
    approval.edit(post.pk, user=other, version=post.version, texts=["What Tomas wrote"], now=clock.now())
    values = {"text": ["What Mira wrote"], "at": "2099-01-01T12:00", "reason": "The minister fell ill"}
    answer = do(desk, post, deed, **values)
    text = text_of(answer)
    changed = Post.objects.get(pk=post.pk)
    assert answer.status_code == 409
    assert changed.parts == [{"text": "What Tomas wrote"}]
    assert changed.state == "draft"
    assert "tomas" in text
    assert "edited the text" in text
    if deed == "cancel":
        assert "The minister fell ill" in text
    if deed == "edit":
        assert "What Mira wrote" in text
        assert f'name="version" value="{changed.version}"' in text


def test_a_form_without_version_changes_nothing(desk: Client) -> None:
    post = a_post(text="As drafted")
    assert do(desk, post, "edit", text=["x"], version="").status_code == 400
    post.refresh_from_db()
    assert post.parts == [{"text": "As drafted"}]


def test_a_cancelled_post_says_why_in_its_history(desk: Client) -> None:
    post = a_post()
    answer = do(desk, post, "cancel", reason="The event was moved")
    post.refresh_from_db()
    assert post.state == "cancelled"
    assert "The event was moved" in text_of(answer)
    assert AuditEntry.objects.get().actor_name == "mira"


def test_what_was_sent_offers_nothing_that_would_change_it(desk: Client) -> None:
    post = a_post(state="sent", sent_at=clock.now())
    row = a_post_delivery(post, state="sent", remote_url="https://network.example/1")
    text = text_of(desk.get(f"/desk/posts/{post.pk}"))
    assert "<textarea" not in text
    assert "Cancel this post" not in text
    assert f"/desk/deliveries/{row.pk}" in text
    assert do(desk, post, "cancel").status_code == 422


def test_another_time_is_read_in_the_zone_of_the_channel(desk: Client) -> None:
    channel = a_channel(schedule=a_schedule(zone="Asia/Shanghai"))
    post = a_post(channel=channel, state="approved", approved_at=clock.now())
    day = (clock.now() + timedelta(days=3)).date()
    do(desk, post, "reschedule", at=f"{day}T15:00")
    post.refresh_from_db()
    assert post.slot_at is not None
    assert post.slot_at.strftime("%Y-%m-%d %H:%M") == f"{day} 07:00"


def test_a_time_in_quiet_hours_is_refused_and_taken_with_a_reason(desk: Client) -> None:
    channel = a_channel(schedule=a_schedule(quiet=[{"start": "22:00", "end": "07:00"}]))
    post = a_post(channel=channel, state="approved", approved_at=clock.now())
    at = f"{(clock.now() + timedelta(days=3)).date()}T23:00"
    assert 'name="override"' not in text_of(desk.get(f"/desk/posts/{post.pk}"))
    refused = do(desk, post, "reschedule", at=at)
    assert refused.status_code == 422
    assert "quiet hours 22:00–07:00" in text_of(refused)
    assert f'value="{at}"' in text_of(refused)
    assert 'name="override"' in text_of(refused)
    taken = do(desk, post, "reschedule", at=at, override="The flood warning")
    post.refresh_from_db()
    assert post.is_against_rules
    assert "chosen against the channel's rules: “The flood warning”" in html.unescape(text_of(taken))


def test_no_reason_is_asked_for_a_time_that_has_passed(desk: Client) -> None:
    post = a_post(state="approved", approved_at=clock.now())
    refused = do(desk, post, "reschedule", at="2020-01-01T10:00")
    assert "That time has passed." in text_of(refused)
    assert 'name="override"' not in text_of(refused)


@pytest.mark.parametrize("at", ["", "soon", "2026-13-01T10:00", "9999-99-99T00:00"])
def test_a_time_that_is_none_is_said_beside_its_field(desk: Client, at: str) -> None:
    post = a_post(state="approved", approved_at=clock.now())
    answer = do(desk, post, "reschedule", at=at)
    assert answer.status_code == 422
    assert 'id="at-error"' in text_of(answer)


def test_an_hour_that_the_clocks_leave_out_is_refused(desk: Client) -> None:
    channel = a_channel(schedule=a_schedule(zone="Europe/Berlin"))
    post = a_post(channel=channel, state="approved", approved_at=clock.now())
    assert "no such time" in text_of(do(desk, post, "reschedule", at="2027-03-28T02:30"))


def test_a_newer_revision_of_the_item_is_pointed_out(desk: Client) -> None:
    item = an_item(revision=2)
    post = a_post(item, item_revision=1)
    assert "newer revision (2)" in text_of(desk.get(f"/desk/posts/{post.pk}"))


def test_the_page_says_what_a_post_costs_and_that_the_month_has_no_room_for_it(desk: Client) -> None:
    channel = a_channel("x", month_budget=Decimal("0.30"))
    first, second = a_post(channel=channel), a_post(channel=channel)
    assert "costs $0.20" in text_of(desk.get(f"/desk/posts/{second.pk}"))
    assert "budget of" not in text_of(desk.get(f"/desk/posts/{second.pk}"))
    a_post_delivery(first, state="sent", price=Decimal("0.2"), at=clock.now(), sent_at=clock.now())
    page = text_of(desk.get(f"/desk/posts/{second.pk}"))
    assert "The month’s budget of $0.30 is used up" in page.replace("&#39;", "’").replace("'", "’")
    next_month = clock.now() + timedelta(days=32)
    Post.objects.filter(pk=second.pk).update(state="scheduled", slot_at=next_month)
    assert "is used up" not in text_of(desk.get(f"/desk/posts/{second.pk}"))
    free = text_of(desk.get(f"/desk/posts/{a_post().pk}"))
    assert "costs" not in free


def test_the_page_of_a_sent_post_says_what_it_cost(desk: Client) -> None:
    post = a_post(channel=a_channel("x"), state="sent")
    a_post_delivery(post, state="sent", price=Decimal("0.215"))
    assert "costs $0.215" in text_of(desk.get(f"/desk/posts/{post.pk}"))


def test_a_price_that_is_no_amount_is_told_on_the_page(desk: Client) -> None:
    post = a_post(channel=a_channel("x", settings={"price": "cheap"}))
    assert "must be an amount of dollars" in text_of(desk.get(f"/desk/posts/{post.pk}"))


def test_the_page_says_that_the_regions_link_is_missing(desk: Client) -> None:
    channel = a_channel(region="CN")
    without = a_post(channel=channel)
    known = a_post(an_item(links={"CN": "https://example.cn/1"}), channel)
    assert "without a link for readers in CN" in text_of(desk.get(f"/desk/posts/{without.pk}"))
    assert "without a link for readers in CN" not in text_of(desk.get(f"/desk/posts/{known.pk}"))
