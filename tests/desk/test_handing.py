"""The page for whoever posts by hand: what it shows, what it takes, and who is told what."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery import handing
from publisher.delivery.models import Delivery
from publisher.items.models import Item
from publisher.people.permissions import EDITOR
from publisher.social import channels
from publisher.social.media import store
from publisher.social.models import Post
from publisher.social.networks.base import Picture
from tests.builders import a_channel, an_item
from tests.desk.builders import a_handed_post, a_post, a_post_delivery, pictures_in
from tests.desk.conftest import a_person
from tests.drawn import drawn

pytestmark = pytest.mark.django_db

THERE = "https://weibo.com/1234567890/PxYzAb123"


def text_of(response: Any) -> str:
    return str(response.content.decode())


def row_of(post: Post) -> Delivery:
    return Delivery.objects.get(post=post)


def say(desk: Client, post: Post, url: str = THERE, **more: str) -> HttpResponse:
    return desk.post(f"/desk/deliveries/{row_of(post).pk}/posted", {"url": url, **more}, follow=True)


def test_the_first_page_asks_for_a_person_and_leads_to_the_post(desk: Client) -> None:
    post = a_handed_post()
    assert "Posts for you to post" in text_of(desk.get("/desk/"))
    assert f"/desk/posts/{post.pk}" in text_of(desk.get("/desk/posts?state=handed"))
    assert f"/desk/posts/{post.pk}" in text_of(desk.get("/desk/posts?state=trouble"))
    for page in (f"/desk/posts/{post.pk}", f"/desk/deliveries/{row_of(post).pk}"):
        assert f"/desk/posts/{post.pk}/hand" in text_of(desk.get(page))


def test_the_page_holds_the_text_for_copying_by_hand_or_by_a_button(desk: Client) -> None:
    post = a_handed_post(parts=[{"text": "雨来了 <b>&</b> #水#"}])
    text = text_of(desk.get(f"/desk/posts/{post.pk}/hand"))
    assert 'id="copy-1-1" readonly' in text
    assert "雨来了 &lt;b&gt;&amp;&lt;/b&gt; #水#" in text
    assert 'data-copy="copy-1-1" hidden' in text
    assert "Step by step" in text


def test_an_article_is_shown_formatted_and_holds_nothing_of_ours_that_could_run(desk: Client) -> None:
    post = a_handed_post("wechat", parts=[{"text": "标题\n\n<script>alert(1)</script>\n\n## 小标题\n\n正文"}])
    text = text_of(desk.get(f"/desk/posts/{post.pk}/hand"))
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p><h2>小标题</h2><p>正文</p>" in text
    assert "<script>alert" not in text


def test_who_has_posted_it_says_where_and_is_thanked(desk: Client) -> None:
    post = a_handed_post()
    text = text_of(say(desk, post))
    post.refresh_from_db()
    assert (post.state, row_of(post).remote_url) == ("sent", THERE)
    assert "Noted." in text
    assert THERE in text
    assert AuditEntry.objects.get(action="post.posted").actor_name == "mira"
    assert "posted it by hand" in text


@pytest.mark.parametrize("url", ["", "weibo.com/1", "javascript:alert(1)"])
def test_what_is_no_address_is_said_beside_its_field_and_kept_there(desk: Client, url: str) -> None:
    post = a_handed_post()
    answer = say(desk, post, url)
    assert answer.status_code == 422
    assert 'id="url-error-1"' in text_of(answer)
    assert f'name="url" value="{url}"' in text_of(answer)
    post.refresh_from_db()
    assert post.state == "handed"


def test_an_odd_address_is_asked_about_once_more_and_only_that_one_is_then_taken(desk: Client) -> None:
    post = a_handed_post()
    odd = "https://blog.example.org/1"
    answer = say(desk, post, odd)
    assert answer.status_code == 422
    assert f'name="sure" value="{odd}"' in text_of(answer)
    assert say(desk, post, "https://other.example.org/2", sure=odd).status_code == 422
    assert say(desk, post, odd, sure=odd).status_code == 200
    assert row_of(post).remote_url == odd


def test_a_double_press_and_a_second_person_are_told_and_change_nothing(desk: Client) -> None:
    post = a_handed_post()
    other = a_person("tomas", EDITOR)
    handing.posted(row_of(post).pk, user=other, url=THERE, now=clock.now())
    answer = say(desk, post, "https://weibo.com/2/b")
    assert answer.status_code == 409
    assert "tomas" in text_of(answer)
    assert THERE in text_of(answer)
    given = {"reason": "Too late", "then": "cancel"}
    assert desk.post(f"/desk/posts/{post.pk}/not-posted", given).status_code == 409
    assert (row_of(post).remote_url, row_of(post).state) == (THERE, "sent")


def test_who_will_not_post_it_must_say_why(desk: Client) -> None:
    post = a_handed_post()
    answer = desk.post(f"/desk/posts/{post.pk}/not-posted", {"reason": "", "then": "cancel"})
    assert answer.status_code == 422
    assert "Say why" in text_of(answer)
    given = {"reason": "The event was moved", "then": "cancel"}
    text = text_of(desk.post(f"/desk/posts/{post.pk}/not-posted", given, follow=True))
    post.refresh_from_db()
    assert post.state == "cancelled"
    assert "The event was moved" in text


def test_it_can_be_taken_back_and_changed(desk: Client) -> None:
    post = a_handed_post()
    text = text_of(desk.post(f"/desk/posts/{post.pk}/not-posted", {"then": "draft"}, follow=True))
    post.refresh_from_db()
    assert post.state == "draft"
    assert 'name="then" value="approve"' in text


def test_what_was_stopped_can_be_said_to_be_there_after_all(desk: Client) -> None:
    post = a_handed_post(slot_at=clock.now() - 25 * timedelta(hours=1))
    handing.stop_handed(now=clock.now())
    assert f"/desk/posts/{post.pk}/hand" in text_of(desk.get(f"/desk/posts/{post.pk}"))
    page = text_of(desk.get(f"/desk/posts/{post.pk}/hand"))
    assert "It waits for nobody" in page
    assert 'id="copy-1-1"' not in page
    say(desk, post)
    post.refresh_from_db()
    assert post.state == "sent"


def test_while_something_is_against_it_the_text_is_not_offered(desk: Client) -> None:
    post = a_handed_post()
    channels.pause(post.channel_id, user=None, reason="The account was stolen.")
    text = text_of(desk.get(f"/desk/posts/{post.pk}/hand"))
    assert "Do not post it now." in text
    assert "The account was stolen." in text
    assert 'id="copy-1-1"' not in text
    assert "I have posted it" in text


def test_who_pauses_a_part_reads_how_many_posts_are_with_a_person(desk: Client) -> None:
    post = a_handed_post()
    asked = desk.post("/desk/pauses/begin", {"what": f"channel:{post.channel_id}", "reason": "A drill"})
    assert "1 post (1 with a person)" in text_of(asked)


def test_a_newer_revision_of_the_item_is_pointed_out(desk: Client) -> None:
    post = a_handed_post()
    Item.objects.filter(pk=post.item_id).update(revision=2)
    assert "The item has changed" in text_of(desk.get(f"/desk/posts/{post.pk}/hand"))


@pytest.fixture
def pictured(tmp_path: Path, settings: Any) -> Post:
    pictures_in(tmp_path, settings)
    pictures = (
        Picture(store.put(drawn(size=(6000, 300))), "一条河 <of> stones"),
        Picture(store.put(drawn()), ""),
    )
    return a_handed_post(pictures=pictures)


def test_pictures_come_fitted_in_their_order_with_their_descriptions(desk: Client, pictured: Post) -> None:
    page = text_of(desk.get(f"/desk/posts/{pictured.pk}/hand"))
    base = f"/desk/deliveries/{row_of(pictured).pk}/pictures"
    assert page.index(f"{base}/0") < page.index(f"{base}/1")
    assert "一条河 &lt;of&gt; stones" in page
    assert "It has no description." in page
    answer = desk.get(f"{base}/0")
    assert (answer["Content-Type"], Image.open(io.BytesIO(answer.content)).width) == ("image/jpeg", 4096)
    assert answer["Content-Disposition"].startswith('attachment; filename="post-')
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_pictures_are_for_staff_only(outsider: Client, pictured: Post) -> None:
    address = f"/desk/deliveries/{row_of(pictured).pk}/pictures/0"
    assert Client().get(address).status_code == 302
    assert outsider.get(address).status_code == 403


def test_a_picture_that_is_not_there_is_not_found(desk: Client, pictured: Post) -> None:
    assert desk.get(f"/desk/deliveries/{row_of(pictured).pk}/pictures/2").status_code == 404


def test_a_picture_is_not_given_out_while_the_item_is_under_embargo(desk: Client, pictured: Post) -> None:
    later = clock.now() + timedelta(hours=1)
    Item.objects.filter(pk=pictured.item_id).update(embargo_until=later)
    assert desk.get(f"/desk/deliveries/{row_of(pictured).pk}/pictures/0").status_code == 404


def test_a_post_of_another_network_has_no_such_page(desk: Client) -> None:
    post = a_post(an_item(), a_channel("mastodon"))
    answer = desk.get(f"/desk/posts/{post.pk}/hand")
    assert answer.status_code == 400
    assert "not published by hand" in text_of(answer)


def test_a_channel_says_that_a_person_posts_there(desk: Client) -> None:
    a_channel("weibo")
    assert "By hand: a person publishes each post" in text_of(desk.get("/desk/channels"))


def test_an_unclear_draft_is_asked_about_as_a_draft(desk: Client) -> None:
    channel = a_channel("wechat")
    post = a_post(an_item(), channel, state="unknown")
    row = a_post_delivery(post, state="unknown", reason="No answer came.", attempts=1)
    assert "Look among the drafts" in text_of(desk.get(f"/desk/deliveries/{row.pk}"))
    asked = desk.post(f"/desk/deliveries/{row.pk}/confirm", {"was_published": "no", "url": ""})
    assert "Readers see neither." in text_of(asked)
    desk.post(f"/desk/deliveries/{row.pk}/confirm", {"was_published": "yes", "url": ""})
    post.refresh_from_db()
    assert post.state == "handed"
