"""From the stream to the database: what becomes of items, sources, translations and retractions."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.logging import TraceFilter
from publisher.items import intake, stream
from publisher.items.intake import Counts
from publisher.items.models import Item, Rejection, Revision, Source
from tests.items.entries import NOW, entry, raw
from tests.items.stream_steps import (
    drained,
    published,
    put,
    read_by_a_dead_worker,
    retracted,
    the_item,
    updated,
    waiting,
)

pytestmark = pytest.mark.django_db

PAGE = "https://office.example.org/spring"


def test_an_item_is_stored_with_its_first_revision(inbox: redis.Redis) -> None:
    assert drained(published(url=PAGE, body="<p>Water</p>")) == Counts(accepted=1, new=1)
    item = the_item()
    assert (item.title, item.revision, item.origin, item.body_html) == (
        "Two valleys share one spring",
        1,
        "stream",
        "<p>Water</p>",
    )
    assert (item.first_received_at, item.received_at, item.published_at) == (NOW, NOW, NOW)
    (revision,) = item.revisions.all()
    assert (revision.number, revision.changed, revision.content["title"]) == (1, [], item.title)
    assert waiting() == 0


def test_a_plain_item_counts_as_published_by_the_unnamed_source(inbox: redis.Redis) -> None:
    assert drained(entry()).new == 1
    assert the_item(source="unnamed")


def test_the_source_of_the_entry_goes_before_that_of_the_event(inbox: redis.Redis) -> None:
    drained(published(source="somebody else"), source="newsroom")
    assert the_item(source="newsroom")
    assert not Source.objects.filter(name="somebody else").exists()


def test_the_same_entry_twice_is_one_item(inbox: redis.Redis) -> None:
    drained(published(url=PAGE))
    assert drained(published(url=PAGE), published(url=PAGE)) == Counts(accepted=2, unchanged=2)
    assert Revision.objects.count() == 1


def test_other_content_is_a_revision_that_names_what_changed(inbox: redis.Redis) -> None:
    drained(published(title="Old", body="Same text."))
    assert drained(updated(title="New", body="Same text.")) == Counts(accepted=1, revised=1)
    item = the_item()
    assert (item.title, item.revision) == ("New", 2)
    assert [(r.number, r.changed, r.content["title"]) for r in item.revisions.order_by("number")] == [
        (1, [], "Old"),
        (2, ["title"], "New"),
    ]


def test_the_same_address_is_the_same_item_whatever_tracks_the_reader(inbox: redis.Redis) -> None:
    drained(published(1, url=PAGE))
    counts = drained(published(2, url=f"{PAGE}/?utm_source=mail&fbclid=1#top", title="New title"))
    assert counts == Counts(accepted=1, revised=1)
    assert the_item(1).title == "New title"


def test_an_item_that_moves_frees_its_address(inbox: redis.Redis) -> None:
    drained(published(1, url=PAGE), updated(1, url=f"{PAGE}-moved"), published(2, url=PAGE))
    assert Item.objects.count() == 2
    assert drained(published(1, url=f"{PAGE}-moved")).unchanged == 1


def test_an_item_of_another_source_with_this_address_stays_as_it_is(
    inbox: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    drained(published(source="newsroom", url=PAGE, title="By the newsroom"))
    with caplog.at_level(logging.INFO, "publisher.items"):
        assert drained(published(7, source="radio", url=PAGE, title="By the radio")).elsewhere == 1
    assert Item.objects.get().title == "By the newsroom"
    assert [r.note for r in caplog.records if r.message == "item.elsewhere"] == ["held by newsroom"]  # type: ignore[attr-defined]  # an extra
    assert [(name.source.name, str(name)) for name in Item.objects.get().other_names.all()] == [
        ("radio", "spring-7")
    ]


def test_an_id_of_one_item_with_the_address_of_another_is_refused(inbox: redis.Redis) -> None:
    drained(published(1, url=PAGE), published(2, url=f"{PAGE}-2"))
    assert drained(updated(2, url=PAGE)).rejected == 1
    assert Rejection.objects.get().code == "identity_conflict"


def test_entries_of_one_item_in_one_batch_are_dealt_with_in_order(inbox: redis.Redis) -> None:
    counts = drained(
        published(title="One"),
        updated(title="Two"),
        updated(title="Two"),
        retracted(),
        published(title="Three"),
    )
    assert counts == Counts(accepted=5, new=1, revised=2, unchanged=1, retracted=1)
    item = the_item()
    assert (item.title, item.revision, item.retracted_at) == ("Three", 3, None)
    assert list(item.revisions.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_two_items_of_one_batch_with_one_address_are_one(inbox: redis.Redis) -> None:
    assert drained(published(1, url=PAGE), published(2, url=PAGE)) == Counts(accepted=2, new=1, unchanged=1)


def test_a_retraction_keeps_the_item_with_time_and_reason(inbox: redis.Redis) -> None:
    drained(published(), retracted(reason="Names a witness."))
    item = the_item()
    assert (item.retracted_at, item.retraction_reason, item.revision) == (NOW, "Names a witness.", 1)
    assert drained(retracted()) == Counts(accepted=1, unchanged=1)


def test_a_retraction_of_what_is_unknown_is_refused_with_a_reason(inbox: redis.Redis) -> None:
    assert drained(retracted(9)) == Counts(rejected=1)
    refused = Rejection.objects.get()
    assert refused.code == "unknown_item"
    assert "spring-9" in refused.reason


def test_only_publishing_brings_a_retracted_item_back(inbox: redis.Redis) -> None:
    drained(published(), retracted())
    assert drained(updated(title="Again")).rejected == 1
    assert drained(published(), origin="feed").unchanged == 1
    assert the_item().retracted_at is not None
    assert drained(published()).revised == 1
    item = the_item()
    assert (item.retracted_at, item.retraction_reason, item.revision) == (None, "", 2)


def test_a_source_nobody_configured_is_made_on_its_first_entry(inbox: redis.Redis) -> None:
    drained(published(source="urn:radio:1"), published(2, source="urn:radio:1"))
    source = Source.objects.get()
    assert (source.name, source.enabled, source.created_at) == ("urn:radio:1", True, NOW)


def test_the_language_of_the_source_is_that_of_entries_that_name_none(inbox: redis.Redis) -> None:
    Source.objects.create(name="newsroom", language="fr", created_at=NOW)
    drained(published(language=None))
    assert the_item().language == "fr"


def test_entries_of_a_source_that_is_switched_off_are_refused(inbox: redis.Redis) -> None:
    Source.objects.create(name="newsroom", enabled=False, created_at=NOW)
    assert drained(published()).rejected == 1
    assert Rejection.objects.get().code == "source_disabled"


@pytest.mark.parametrize("original_first", [True, False])
def test_a_translation_is_linked_to_its_original_whichever_came_first(
    inbox: redis.Redis, original_first: bool
) -> None:
    pair = [published(1), published(2, language="zh", translation_of="spring-1")]
    for each in pair if original_first else pair[::-1]:
        drained(each)
    assert the_item(2).original == the_item(1)
    assert the_item(1).original is None


def test_a_translation_in_the_same_batch_is_linked(inbox: redis.Redis) -> None:
    drained(published(2, language="zh", translation_of="spring-1"), published(1))
    assert list(the_item(1).translations.all()) == [the_item(2)]


def test_a_translation_of_a_translation_hangs_on_the_original(inbox: redis.Redis) -> None:
    drained(published(1), published(2, translation_of="spring-1"), published(3, translation_of="spring-2"))
    drained(published(4, translation_of="spring-3"))
    assert {item.producer_id for item in the_item(1).translations.all()} == {
        "spring-2",
        "spring-3",
        "spring-4",
    }


def test_translations_of_each_other_and_of_themselves_make_no_circle(inbox: redis.Redis) -> None:
    drained(published(1, translation_of="spring-2"), published(3, translation_of="spring-3"))
    drained(published(2, translation_of="spring-1"))
    assert the_item(3).original is None
    assert [the_item(1).original, the_item(2).original].count(None) == 1


def test_a_translation_that_is_none_any_more_is_unlinked(inbox: redis.Redis) -> None:
    drained(published(1), published(2, translation_of="spring-1"), updated(2))
    assert the_item(2).original is None


def test_the_trace_id_of_the_entry_is_that_of_item_revision_and_log(
    inbox: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(TraceFilter())
    with caplog.at_level(logging.INFO, "publisher.items"):
        drained(published(1), trace_id="1" * 32)
        drained(b"not JSON", trace_id="2" * 32)
    assert (the_item().trace_id, the_item().revisions.get().trace_id) == ("1" * 32, "1" * 32)
    assert Rejection.objects.get().trace_id == "2" * 32
    told = {record.message: record.trace_id for record in caplog.records}  # type: ignore[attr-defined]  # by the filter
    assert told == {"item.accepted": "1" * 32, "entry.rejected": "2" * 32}


def test_entries_that_a_dead_worker_left_come_before_newer_ones(inbox: redis.Redis) -> None:
    put(published(title="First"))
    read_by_a_dead_worker()
    drained(updated(title="Second"))
    assert (the_item().title, the_item().revision) == ("Second", 2)


def test_an_entry_stored_by_a_worker_that_died_before_it_said_so_is_one_item(inbox: redis.Redis) -> None:
    put(published())
    entries = read_by_a_dead_worker()
    intake._stored(intake._clean(entries, NOW), NOW)
    assert drained() == Counts(accepted=1, unchanged=1)
    assert Item.objects.count() == 1


def test_a_limit_leaves_the_rest_for_the_next_time(inbox: redis.Redis) -> None:
    put(*(published(n) for n in range(5)))
    assert intake.drain(now=NOW, limit=3).new == 3
    assert intake.drain(now=NOW).new == 2


DEEDS = st.tuples(
    st.sampled_from(["published", "updated", "retracted"]),
    st.integers(1, 3),
    st.sampled_from(["Spring", "Harbour", "Library"]),
    st.sampled_from(["", "a", "b"]),
)
_runs = iter(range(1_000_000))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEEDS, max_size=12), size=st.integers(2, 5))
def test_however_the_stream_is_cut_into_batches_the_outcome_is_the_same(
    inbox: redis.Redis, deeds: list[tuple[str, int, str, str]], size: int
) -> None:
    run = next(_runs)
    outcomes = []
    for name, limit in (("singly", 1), ("together", size)):
        source = f"{name}-{run}"
        put(*(_deed(source, *deed) for deed in deeds))
        total = Counts()
        while found := intake.drain(now=NOW, limit=limit):
            total += found
        items = Item.objects.filter(source__name=source).order_by("producer_id")
        state = items.values_list("producer_id", "title", "revision", "retracted_at", "revisions__number")
        outcomes.append((total, sorted(state)))
    assert outcomes[0] == outcomes[1]


def _deed(source: str, event_type: str, number: int, title: str, page: str) -> dict[str, Any]:
    if event_type == "retracted":
        return retracted(number, source)
    url = {"url": f"https://office.example.org/{source}/{page}"} if page else {}
    make = published if event_type == "published" else updated
    return make(number, source, title=title, **url)


def test_an_entry_without_event_field_is_refused(inbox: redis.Redis) -> None:
    inbox.xadd("publisher:items", {"title": "Two valleys", "kind": "story"})
    assert drained() == Counts(rejected=1)
    assert Rejection.objects.get().code == "no_event"


def test_an_entry_that_kills_its_workers_is_refused_unread_and_alone(inbox: redis.Redis) -> None:
    first = published(1)
    put(first, published(2), published(3))
    read_by_a_dead_worker()
    for _crash in range(intake.MOST_DELIVERIES):
        stream.take_over("dead", count=10)
    assert drained() == Counts(accepted=2, rejected=1, new=2)
    assert Rejection.objects.get().code == "crashes"
    assert bytes(Rejection.objects.get().payload) == raw(first)
