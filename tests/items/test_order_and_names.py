"""Events in the wrong order or twice, and items that go by more than one name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis

from publisher.items import intake, memory
from publisher.items.intake import Counts
from publisher.items.models import EarlyRetraction, Item, OtherName, Rejection, SeenEvent, StoredEntry
from tests.items.entries import NOW, entry, event
from tests.items.stream_steps import (
    another,
    drained,
    published,
    put,
    read_by_a_dead_worker,
    retracted,
    the_item,
    updated,
)

pytestmark = pytest.mark.django_db

PAGE = "https://office.example.org/spring"


def at(clock: str, given: dict[str, Any]) -> dict[str, Any]:
    """The event as of this hour and minute of the day."""
    return given | {"time": f"2026-11-24T{clock}:00Z"}


def untimed(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "time"}


def retracted_page(url: str, **given: Any) -> dict[str, Any]:
    return event("retracted", {"url": url}, **another(), **given)


def test_an_event_handed_in_again_does_not_undo_what_came_after_it(inbox: redis.Redis) -> None:
    first, second = untimed(published(title="Old")), untimed(updated(title="New"))
    drained(first, second)
    assert drained(first, first) == Counts(accepted=2, unchanged=2)
    assert (the_item().title, the_item().revision) == ("New", 2)


def test_an_event_handed_in_again_does_not_bring_back_what_was_retracted(inbox: redis.Redis) -> None:
    first = untimed(published())
    assert drained(first, retracted(), first) == Counts(accepted=3, new=1, retracted=1, unchanged=1)
    assert the_item().retracted_at is not None


def test_two_events_of_one_id_that_say_different_things_both_count(inbox: redis.Redis) -> None:
    drained(published(title="Old") | {"id": "same"}, updated(title="New") | {"id": "same"})
    assert the_item().title == "New"


def test_a_refused_event_is_looked_at_again_when_it_is_sent_again(inbox: redis.Redis) -> None:
    item = published()
    drained(published(2))
    source = the_item(2).source
    source.enabled = False
    source.save()
    assert drained(item).rejected == 1
    source.enabled = True
    source.save()
    assert drained(item).new == 1


def test_an_event_older_than_what_is_known_changes_nothing(inbox: redis.Redis) -> None:
    drained(at("06:00", published(title="New")))
    assert drained(at("05:00", updated(title="Old"))) == Counts(accepted=1, unchanged=1)
    assert drained(at("05:30", retracted())) == Counts(accepted=1, unchanged=1)
    assert (the_item().title, the_item().retracted_at) == ("New", None)


def test_an_unchanged_event_still_dates_the_item(inbox: redis.Redis) -> None:
    drained(at("04:00", published(title="True")), at("06:00", updated(title="True")))
    assert drained(at("05:00", updated(title="False"))).unchanged == 1
    assert the_item().title == "True"


def test_an_older_publication_does_not_undo_a_retraction_and_a_newer_does(inbox: redis.Redis) -> None:
    drained(at("04:00", published()), at("06:00", retracted()))
    assert drained(at("05:00", published(title="Late"))).unchanged == 1
    assert the_item().retracted_at is not None
    assert drained(at("07:00", published(title="Again"))).revised == 1
    assert (the_item().retracted_at, the_item().title) == (None, "Again")


def test_an_event_of_the_day_after_tomorrow_is_refused(inbox: redis.Redis) -> None:
    assert drained(published() | {"time": "2026-11-26T08:00:00Z"}).rejected == 1
    assert Rejection.objects.get().code == "date_out_of_range"


def test_a_batch_that_was_stored_but_not_acknowledged_is_not_dealt_with_again(inbox: redis.Redis) -> None:
    put(entry(title="One"), entry(title="One"), entry(title="Two"), retracted(), source="newsroom")
    entries = read_by_a_dead_worker()
    intake._stored(intake._clean(entries, NOW), NOW)
    assert drained() == Counts(accepted=4, unchanged=4)
    item = the_item()
    assert (item.title, item.revision, item.retracted_at) == ("Two", 2, NOW)


def test_a_batch_stored_in_part_goes_on_where_it_ended(inbox: redis.Redis) -> None:
    put(entry(title="One"), entry(title="Two"), entry(title="Three"), source="newsroom")
    entries = read_by_a_dead_worker()
    intake._stored(intake._clean(entries[:2], NOW), NOW)
    assert drained() == Counts(accepted=3, unchanged=2, revised=1)
    assert the_item().revision == 3


def test_what_is_acknowledged_need_not_be_remembered(inbox: redis.Redis) -> None:
    drained(published(1), published(2))
    assert drained(published(3)).new == 1
    assert drained() == Counts()
    assert not StoredEntry.objects.exists()


def test_a_retraction_names_its_item_by_address(inbox: redis.Redis) -> None:
    drained(published(url=PAGE))
    assert drained(retracted_page(f"{PAGE}/?utm_source=mail")).retracted == 1
    assert the_item().retracted_at is not None


def test_a_retraction_names_its_item_by_a_second_id(inbox: redis.Redis) -> None:
    drained(published(1, url=PAGE), published(2, url=PAGE))
    assert drained(retracted(2)).retracted == 1
    assert the_item(1).retracted_at is not None


def test_two_items_that_came_under_one_address_by_mistake_part_when_each_gets_its_own(
    inbox: redis.Redis,
) -> None:
    drained(published(1, url=PAGE, title="One"), published(2, url=PAGE, title="Two"))
    drained(updated(1, url=f"{PAGE}-1", title="One"), updated(2, url=f"{PAGE}-2", title="Two"))
    drained(updated(1, url=f"{PAGE}-1", title="One again"))
    assert (the_item(1).title, the_item(2).title) == ("One again", "Two")
    assert not OtherName.objects.exists()


def test_a_second_id_without_an_address_is_still_its_item(inbox: redis.Redis) -> None:
    drained(published(1, url=PAGE), published(2, url=PAGE))
    assert drained(updated(2, title="Corrected")).revised == 1
    assert the_item(1).title == "Corrected"


def test_no_source_retracts_what_another_holds(inbox: redis.Redis) -> None:
    drained(published(source="newsroom", url=PAGE), published(7, source="radio", url=PAGE))
    assert drained(retracted(7, source="radio"), retracted_page(PAGE, source="radio")).rejected == 2
    assert {row.code for row in Rejection.objects.all()} == {"held_elsewhere"}
    assert "newsroom" in Rejection.objects.all()[0].reason
    assert the_item().retracted_at is None


def test_a_retraction_that_names_neither_id_nor_address_is_refused(inbox: redis.Redis) -> None:
    assert drained(event("retracted", {"reason": "wrong"})).rejected == 1
    assert Rejection.objects.get().code == "no_id"


@pytest.mark.parametrize("named", ["id", "url"])
def test_a_retraction_that_overtakes_its_item_keeps_it_back(inbox: redis.Redis, named: str) -> None:
    taken = retracted(reason="Wrong.") if named == "id" else retracted_page(PAGE)
    assert drained(at("06:00", taken)).rejected == 1
    assert drained(at("05:00", published(url=PAGE))).new == 1
    assert the_item().retracted_at == NOW
    assert drained(at("07:00", published(url=PAGE))).revised == 1
    assert the_item().retracted_at is None


def test_a_feed_does_not_publish_what_was_retracted_before_it_was_read(inbox: redis.Redis) -> None:
    drained(retracted())
    drained(entry(), source="newsroom", origin="feed")
    drained(entry(title="Still listed"), source="newsroom", origin="feed")
    assert (the_item().retracted_at, the_item().revision) == (NOW, 1)


def test_what_is_published_after_an_early_retraction_is_published(inbox: redis.Redis) -> None:
    drained(at("05:00", retracted()), at("06:00", published()))
    assert the_item().retracted_at is None


@pytest.mark.parametrize("named", ["https://office.example.org/spring/?utm_source=x", "spring-2"])
@pytest.mark.parametrize("original_first", [True, False])
def test_a_translation_names_its_original_by_address_or_second_id(
    inbox: redis.Redis, named: str, original_first: bool
) -> None:
    translation = published(
        3, language="zh", translation_of=named if original_first else named.partition("/?")[0]
    )
    original = [published(1, url=PAGE), published(2, url=PAGE)]
    drained(*([*original, translation] if original_first else [translation, *original]))
    assert the_item(3).original == the_item(1)


def test_a_producer_that_repeats_ids_and_gives_no_time_can_retract_twice(inbox: redis.Redis) -> None:
    same = {"id": "spring-1"}
    taken = untimed(retracted()) | same
    drained(untimed(published(title="A")) | same, taken, untimed(published(title="B")) | same)
    assert the_item().retracted_at is None
    assert drained(taken).retracted == 1
    assert the_item().retracted_at is not None


def test_the_same_event_of_two_sources_is_an_item_of_each(inbox: redis.Redis) -> None:
    item = published()
    assert drained(item, source="en").new == 1
    assert drained(item, source="asia").new == 1


def test_an_early_retraction_holds_against_every_older_event(inbox: redis.Redis) -> None:
    drained(
        at("06:00", retracted()), at("04:00", published()), at("05:00", published(title="Later, still older"))
    )
    assert the_item().retracted_at == NOW
    drained(at("07:00", published()))
    assert the_item().retracted_at is None


def test_a_clock_that_runs_ahead_does_not_shut_out_what_comes_later(inbox: redis.Redis) -> None:
    drained(at("15:59", published()))
    put(at("08:30", retracted()))
    assert intake.drain(now=NOW + timedelta(minutes=29)).retracted == 1


def test_the_same_id_at_two_sources_is_known_at_both(inbox: redis.Redis) -> None:
    drained(published(url=PAGE, source="newsroom"), published(url=PAGE, source="radio"))
    assert [str(name.source) for name in the_item().other_names.all()] == ["radio"]
    assert drained(retracted(source="radio")).rejected == 1
    assert Rejection.objects.get().code == "held_elsewhere"


@pytest.mark.parametrize("together", [True, False])
def test_a_translation_finds_an_original_that_another_source_holds(
    inbox: redis.Redis, together: bool
) -> None:
    drained(published(7, url=PAGE, source="feed"))
    pair = [published(1, url=PAGE), published(2, language="zh", translation_of="spring-1")]
    for batch in [pair] if together else [[each] for each in pair]:
        drained(*batch)
    assert the_item(2).original == the_item(7, source="feed")
    drained(published(4, language="fr", translation_of="spring-3"))
    drained(published(3, url=PAGE))
    assert the_item(4).original == the_item(7, source="feed")


def test_a_retraction_by_a_second_id_holds_when_that_id_finds_its_own_address(inbox: redis.Redis) -> None:
    drained(published(1, url=PAGE), published(2, url=PAGE), published(1, url=PAGE, title="Its own id"))
    drained(retracted(2), updated(2, url=f"{PAGE}-2"))
    assert the_item(2).retracted_at is not None
    drained(entry(id="spring-2", url=f"{PAGE}-2"), source="newsroom", origin="feed")
    assert the_item(2).retracted_at is not None


def test_a_retraction_of_what_another_holds_is_remembered_for_an_older_publication(
    inbox: redis.Redis,
) -> None:
    drained(published(7, url=PAGE), published(7, url=PAGE, source="radio"))
    drained(at("06:00", retracted(7, source="radio")))
    drained(at("05:00", published(7, url=f"{PAGE}-radio", source="radio")))
    assert the_item(7, source="radio").retracted_at is not None
    assert the_item(7).retracted_at is None


def test_a_producer_whose_clock_runs_ahead_is_compared_with_himself(inbox: redis.Redis) -> None:
    drained(at("09:00", published()), at("11:00", retracted()), at("10:00", published(title="Late")))
    assert the_item().retracted_at is not None


def test_an_item_that_is_renumbered_and_later_moved_stays_one(inbox: redis.Redis) -> None:
    drained(published(1, url=PAGE), published(2, url=PAGE))
    assert drained(updated(2, url=f"{PAGE}-moved", title="Moved")).revised == 1
    assert (Item.objects.count(), the_item(1).url) == (1, f"{PAGE}-moved")


@pytest.mark.parametrize("together", [True, False])
def test_the_latest_of_early_retractions_counts_whatever_it_is_called(
    inbox: redis.Redis, together: bool
) -> None:
    late = at("07:00", retracted_page(PAGE)), at("05:00", retracted()), at("04:00", retracted())
    for batch in [late] if together else [[each] for each in late]:
        drained(*batch)
    drained(at("06:00", published(url=PAGE)))
    assert the_item().retracted_at is not None


def test_a_translation_follows_its_original_when_two_that_were_one_part(inbox: redis.Redis) -> None:
    drained(
        published(1, url=PAGE), published(2, url=PAGE), published(3, language="zh", translation_of="spring-2")
    )
    assert the_item(3).original == the_item(1)
    drained(updated(1, url=f"{PAGE}-1"), updated(2, url=f"{PAGE}-2"))
    assert the_item(3).original == the_item(2)


def test_an_early_retraction_that_is_sent_again_is_one_row(inbox: redis.Redis) -> None:
    drained(retracted(9), retracted(9, reason="Now with a reason."))
    assert [row.reason for row in EarlyRetraction.objects.all()] == ["Now with a reason."]


def test_old_events_and_early_retractions_are_forgotten(inbox: redis.Redis) -> None:
    drained(published(), retracted(9))
    memory.forget(now=NOW + memory.KEPT)
    assert (SeenEvent.objects.count(), EarlyRetraction.objects.count()) == (1, 1)
    memory.forget(now=NOW + memory.KEPT + timedelta(seconds=1))
    assert (SeenEvent.objects.count(), EarlyRetraction.objects.count()) == (0, 0)
