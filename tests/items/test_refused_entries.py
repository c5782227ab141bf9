"""Bad input: refused with a reason that a producer can act on, kept, counted; and the stream goes on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import redis

from publisher.items import rejections
from publisher.items.intake import Counts
from publisher.items.models import Item, Rejection
from tests.items.entries import NOW, entry, event, raw
from tests.items.stream_steps import drained, published, waiting

pytestmark = pytest.mark.django_db

NESTED = "<div>" * 20_000 + "deep" + "</div>" * 20_000
BAD: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{'id': 1}", "not_json"),
    "cut off": (raw(published())[:-9], "not_json"),
    "empty": (b"", "empty_entry"),
    "Latin-1": ('{"id": "1", "title": "Fête"}'.encode("latin-1"), "not_utf8"),
    "a list": (b"[]", "not_an_object"),
    "lists in lists": (b'{"id": ' + b"[" * 9_000 + b"]" * 9_000 + b"}", "too_deep"),
    "no title": (raw({"id": "1", "kind": "story"}), "no_title"),
    "an empty title": (raw(entry(title="  ")), "no_title"),
    "no id": (raw({"title": "Two valleys"}), "no_id"),
    "a number as title": (raw(entry(title=7)), "wrong_type"),
    "an object as list": (raw(entry(authors={"name": "Ilse"})), "wrong_type"),
    "a kind of its own": (raw(entry(kind="saga")), "bad_kind"),
    "published in 1870": (raw(entry(published_at="1870-01-01T00:00:00Z")), "date_out_of_range"),
    "published in 2090": (raw(entry(published_at="2090-01-01T00:00:00Z")), "date_out_of_range"),
    "no date": (raw(entry(published_at="next Monday")), "bad_date"),
    "a body of 5 MB": (raw(entry(body="x" * 5_000_000)), "too_large"),
    "a bomb of HTML": (raw(entry(body=NESTED)), "bad_markup"),
    "a lone surrogate": (b'{"id": "1", "title": "Two \\ud800 valleys"}', "bad_characters"),
    "a zero": (b'{"id": "1", "title": "Two \\u0000 valleys"}', "bad_characters"),
    "another protocol": (raw(entry(url="javascript:alert(1)")), "bad_url"),
    "another event": (raw(event("deleted")), "unknown_event"),
    "an envelope of another version": (raw(event(specversion="0.3")), "bad_envelope"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_reason_and_the_stream_goes_on(inbox: redis.Redis, name: str) -> None:
    payload, code = BAD[name]
    assert drained(published(1), payload, published(2)) == Counts(accepted=2, rejected=1, new=2)
    refused = Rejection.objects.get()
    assert refused.code == code
    assert refused.reason.endswith(".")
    assert refused.hint.endswith((".", "…"))
    assert (refused.payload_size, bytes(refused.payload)) == (len(payload), payload[:65_536])
    assert waiting() == 0


def test_script_tags_are_taken_out_of_an_item_that_is_taken(inbox: redis.Redis) -> None:
    body = '<p onclick="x()">Water<script>steal()</script></p><iframe src="https://evil.example"></iframe>'
    assert drained(published(body=body)).new == 1
    stored = Item.objects.get()
    assert "Water" in stored.body_html
    for harmful in ("script", "steal", "onclick", "iframe"):
        assert harmful not in stored.body_html + stored.body_text + stored.summary


def test_the_reason_names_field_finding_and_expectation(inbox: redis.Redis) -> None:
    drained(event(data=entry(kind="saga")))
    (field,) = Rejection.objects.get().fields
    assert field["name"] == "kind"
    assert field["found"] == "“saga”"
    assert "press_release" in field["expected"]


def test_the_same_bad_entry_again_only_counts_up(inbox: redis.Redis) -> None:
    assert drained(b"no", b"no").rejected == 2
    assert drained(b"no").rejected == 1
    assert Rejection.objects.get().times == 3


def test_the_same_bad_entry_of_another_source_is_another_row(inbox: redis.Redis) -> None:
    drained(b"no", source="newsroom")
    drained(b"no", source="radio")
    assert set(Rejection.objects.values_list("source_name", flat=True)) == {"newsroom", "radio"}


def test_refused_entries_of_one_source_are_shown_the_latest_first(inbox: redis.Redis) -> None:
    drained(b"first", source="newsroom")
    drained(b"other", source="radio")
    drained(b"second", source="newsroom")
    shown = rejections.latest(source="newsroom")
    assert [bytes(row.payload) for row in shown] == [b"second", b"first"]
    assert len(rejections.latest(most=2)) == 2


def test_a_refused_entry_is_shown_by_its_beginning_on_one_line(inbox: redis.Redis) -> None:
    drained(b"two\n lines\x00", b"\xff", "水".encode() * 200)
    assert [rejections.beginning(row) for row in rejections.latest()] == [
        "水" * 100 + "…",
        "\ufffd",
        "two lines",
    ]


def test_a_refused_entry_makes_no_source(inbox: redis.Redis) -> None:
    drained(event(source="nobody", data={"kind": "story"}))
    assert Rejection.objects.get().source_name == ""
    assert not Item.objects.exists()


def test_a_thousand_bad_entries_hide_no_good_one(inbox: redis.Redis) -> None:
    bad: list[Any] = [json.dumps({"n": n}).encode() for n in range(300)]
    assert drained(*bad[:150], published(), *bad[150:]) == Counts(accepted=1, rejected=300, new=1)
    assert Rejection.objects.count() == 300
    assert Rejection.objects.latest("id").last_at == NOW


def test_an_entry_without_event_is_kept_with_all_its_fields(inbox: redis.Redis) -> None:
    for title in ("Two valleys", "One spring"):
        inbox.xadd("publisher:items", {"title": title, "kind": b"\xff", "source": "radio"})
    drained()
    assert sorted(json.loads(bytes(row.payload))["title"] for row in Rejection.objects.all()) == [
        "One spring",
        "Two valleys",
    ]


def test_a_refused_entry_is_forgotten_half_a_year_after_it_came_last(inbox: redis.Redis) -> None:
    drained(b"not JSON")
    assert rejections.forget(now=NOW + rejections.KEPT) == 0
    assert rejections.forget(now=NOW + rejections.KEPT + timedelta(seconds=1)) == 1


def test_a_text_of_too_many_lines_is_refused_by_its_lines(inbox: redis.Redis) -> None:
    drained(entry(body="\n" * 60_000, body_format="text"), entry(id="2", body="&" * 60_000))
    assert {row.reason for row in Rejection.objects.all()} == {
        "The body was not read: it has 60,001 lines, the limit is 10,000.",
        "The body was not read: it has 60,000 times the character &, the limit is 50,000.",
    }


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Two &amp; one <em>spring</em>", "Two & one spring"),
        ("Caf&eacute; &#8211; open", "Café – open"),
        ("R&D for 1 < 2", "R&D for 1 < 2"),
        ("<script>alert(1)</script>Spring", "Spring"),
    ],
)
def test_titles_and_summaries_lose_the_markup_that_sites_leave_in_them(
    inbox: redis.Redis, given: str, kept: str
) -> None:
    drained(entry(title=given, summary=given))
    item = Item.objects.get()
    assert (item.title, item.summary) == (kept, kept)


def test_a_title_of_markup_only_is_none(inbox: redis.Redis) -> None:
    drained(entry(title="<b></b>"))
    assert Rejection.objects.get().code == "no_title"
