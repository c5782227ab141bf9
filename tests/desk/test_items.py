"""Items in the desk: what the list finds, what an item's page tells, deciding topics; refused entries."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.desk.content import payload_text, shown_html
from publisher.desk.differences import Piece, field_changes, pieces
from publisher.items.models import ItemTopic
from publisher.items.search.indexing import index_waiting
from tests.builders import NOON, a_topic, an_item
from tests.desk.builders import (
    a_mail,
    a_post,
    a_post_delivery,
    a_rejection,
    a_revision,
    an_amendment,
    an_edition,
)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "q=terraced",
        "kind=speech",
        "origin=feed",
        "topic=water",
        "state=embargo",
        "source={source}",
        "q=TERRACED&kind=speech",
    ],
)
def test_each_filter_finds_what_it_names_and_nothing_else(desk: Client, query: str) -> None:
    meant = an_item(
        title="Terraced fields",
        kind="speech",
        origin="feed",
        source="feeds",
        language="fr",
        published_at=datetime(2025, 1, 2, 23, 59, tzinfo=UTC),
        embargo_until=clock.now() + timedelta(hours=1),
    )
    meant.item_topics.create(topic=a_topic("water"), state="suggested")
    an_item(title="Something else")
    index_waiting()
    found = page(desk, "/desk/items?" + query.format(source=meant.source_id))
    assert "Terraced fields" in found
    assert "Something else" not in found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "title"), [("visible", "Seen"), ("embargo", "Hidden"), ("retracted", "Withdrawn")]
)
def test_items_are_told_apart_by_what_readers_may_see(desk: Client, state: str, title: str) -> None:
    an_item(title="Seen", embargo_until=clock.now() - timedelta(hours=1))
    an_item(title="Hidden", embargo_until=clock.now() + timedelta(hours=1))
    an_item(title="Withdrawn", retracted_at=NOON)
    found = page(desk, f"/desk/items?state={state}")
    assert [each for each in ("Seen", "Hidden", "Withdrawn") if f">{each}<" in found] == [title]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["after=1.x", "after=99999999999999999.1", "q=%00", "q=-- DROP"])
def test_a_query_that_makes_no_sense_is_no_error(desk: Client, query: str) -> None:
    an_item()
    assert desk.get(f"/desk/items?{query}").status_code == 200


@pytest.mark.django_db
def test_pages_of_items_neither_lose_nor_repeat_one_even_when_published_at_the_same_time(
    desk: Client,
) -> None:
    for n in range(120):
        an_item(title=f"Item number {n:03}", at=NOON + timedelta(minutes=n // 40))
    seen: list[str] = []
    query: str | None = ""
    while query is not None:
        text = page(desk, f"/desk/items?{query}")
        seen += re.findall(r"Item number [0-9]+", text)
        following = re.search(r'rel="next" href="[?]([^"]+)"', text)
        query = html.unescape(following[1]) if following else None
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.django_db
def test_an_items_page_tells_where_it_came_from_and_what_became_of_it(desk: Client) -> None:
    item = an_item(
        revision=2,
        contact="Press Office",
        notes="Figures of 2025",
        attribution="By the Ministry",
        trace_id="f" * 32,
    )
    a_revision(item, 1, {"title": "Fields dry"}, [])
    a_revision(item, 2, {"title": "Fields carry water"}, ["title"])
    translation = an_item(title="梯田重新通水", language="zh", original=item)
    post, edition = a_post(item), an_edition(items=[item])
    text = page(desk, f"/desk/items/{item.pk}")
    for expected in (
        *(
            "Press Office",
            "Figures of 2025",
            "By the Ministry",
            "f" * 32,
            "1700000000000-2",
            translation.title,
        ),
        *(f"/desk/posts/{post.pk}", f"/desk/editions/{edition.pk}", "<ins>", "<del>"),
    ):
        assert expected in text
    assert item.title in page(desk, f"/desk/items/{translation.pk}")


@pytest.mark.django_db
@pytest.mark.parametrize(("accept", "state"), [("yes", "accepted"), ("no", "declined")])
def test_staff_decide_about_a_suggested_topic(desk: Client, accept: str, state: str) -> None:
    item, topic = an_item(), a_topic()
    item.item_topics.create(topic=topic, state="suggested", words=["well", "watershed"])
    assert "<mark>watershed</mark>" in page(desk, f"/desk/items/{item.pk}")
    answer = desk.post(f"/desk/items/{item.pk}/topics/{topic.pk}", {"accept": accept}, follow=True)
    row = ItemTopic.objects.get()
    assert (row.state, row.decided_by.username if row.decided_by else "") == (state, "mira")
    assert f"is {state}" in answer.content.decode()
    assert AuditEntry.objects.get().actor_name == "mira"


@pytest.mark.django_db
def test_htmx_gets_the_list_of_topics_alone(desk: Client) -> None:
    item, topic = an_item(), a_topic()
    item.item_topics.create(topic=topic, state="suggested")
    answer = desk.post(
        f"/desk/items/{item.pk}/topics/{topic.pk}", {"accept": "yes"}, headers={"HX-Request": "true"}
    )
    text = answer.content.decode()
    assert text.strip().startswith('<div id="topics">')
    assert "<html" not in text


@pytest.mark.django_db
def test_a_title_is_text_whatever_it_holds(desk: Client) -> None:
    an_item(title="<script>alert(1)</script>")
    assert "<script>alert" not in page(desk, "/desk/items")


@pytest.mark.django_db
def test_a_refused_entry_shows_reason_hint_and_payload_as_text(desk: Client) -> None:
    row = a_rejection(
        b'{"title": "<script>x</script>"}\x00\x1b[31m\xff', reason="No title.", hint="Send one."
    )
    a_rejection(source_name="elsewhere", reason="Not JSON.")
    assert "No title." in page(desk, "/desk/rejected?q=newsroom")
    assert "Not JSON." not in page(desk, "/desk/rejected?q=newsroom")
    text = page(desk, f"/desk/rejected/{row.pk}")
    assert "Send one." in text
    assert "&lt;script&gt;x" in text
    assert "\\x00\\x1b[31m\\xff" in text


def test_a_payload_shows_bytes_that_are_no_text_as_marks() -> None:
    assert payload_text("梯田\n\t".encode() + b"\xff\x00") == "梯田\n\t\\xff\\x00"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<h1>Title</h1><p>Text</p>", "<h3>Title</h3><p>Text</p>"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ("<script>x()</script>b", "b"),
        ('<img src="https://spy.example/1.gif">c', "c"),
        ("<form><button>Approve</button></form>", "Approve"),
        ('<p id="content" class="notice">d</p>', "<p>d</p>"),
    ],
)
def test_a_body_is_cleaned_once_more_before_it_stands_in_the_desk(given: str, shown: str) -> None:
    assert str(shown_html(given)) == shown


def test_a_link_of_a_body_cannot_run_anything() -> None:
    assert "javascript:" not in shown_html('<a href="javascript:alert(1)">x</a>')


def test_what_changed_is_shown_word_by_word_in_english_and_sign_by_sign_in_chinese() -> None:
    assert pieces("one dry field", "one wet field") == (
        Piece("same", "one "),
        Piece("removed", "dry"),
        Piece("added", "wet"),
        Piece("same", " field"),
    )
    assert pieces("梯田通水", "梯田断水") == (
        Piece("same", "梯田"),
        Piece("removed", "通"),
        Piece("added", "断"),
        Piece("same", "水"),
    )


def test_long_texts_are_compared_by_lines_and_give_both_back_whole() -> None:
    old = "\n".join(f"line {n} of the text" for n in range(3000))
    new = old.replace("line 7 of", "line seven of")
    found = pieces(old, new)
    assert "".join(piece.text for piece in found if piece.op != "added") == old
    assert "".join(piece.text for piece in found if piece.op != "removed") == new


def test_markup_is_not_compared_when_its_text_is() -> None:
    old = {"body_html": "<p>a</p>", "body_text": "a", "agencies": ["FAO"]}
    new = {"body_html": "<p>b</p>", "body_text": "b", "agencies": ["FAO", "WHO"]}
    assert [change.name for change in field_changes(old, new, ["body_html", "body_text", "agencies"])] == [
        "Body",
        "Agencies",
    ]
    assert [change.name for change in field_changes(old, new, ["body_html"])] == ["Body (markup)"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        *("items?source=x", "items?kind=none", "items?topic=none", "items?state=gone", "items?origin=pigeon"),
        *(
            "editions?state=lost",
            "editions?digest=none",
            "posts?state=lost",
            "posts?channel=99999999999999999999",
        ),
        *("rejected?origin=pigeon", "deliveries?state=lost"),
    ],
)
def test_a_choice_that_does_not_exist_is_said_and_shows_no_rows(desk: Client, address: str) -> None:
    item = an_item(title="Not asked for")
    a_post(item)
    a_mail(an_edition(items=[item]))
    answer = desk.get(f"/desk/{address}")
    text = answer.content.decode()
    assert answer.status_code == 422
    told = "There is no state" in text  # of boxes to tick, which as a group cannot be invalid
    assert 'aria-invalid="true"' in text or "posts?state" in address or told
    assert "Not asked for" not in text


@pytest.mark.django_db
def test_an_items_page_asks_the_database_as_often_for_many_posts_as_for_two(desk: Client) -> None:
    item = an_item()

    def queries(posts: int) -> int:
        for _ in range(posts):
            post = a_post(item=item, state="sent", sent_at=NOON, slot_at=NOON)
            a_post_delivery(post, state="sent", sent_at=NOON)
            an_amendment(post)
        with CaptureQueriesContext(connection) as asked:
            assert f"Drafted for {post.channel}" in page(desk, f"/desk/items/{item.pk}")
        return len(asked)

    queries(1)  # the first page of a session also notes where it comes from
    assert queries(2) == queries(6)


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["from=soon", "to=2026-13-01", "language=xx"])
def test_a_filter_that_cannot_be_read_is_told_and_shows_no_rows(desk: Client, query: str) -> None:
    an_item(title="Terraced fields")
    response = desk.get(f"/desk/items?{query}")
    assert response.status_code == 422
    assert "Terraced fields" not in response.content.decode()
