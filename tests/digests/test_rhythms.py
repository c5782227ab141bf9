"""Daily, monthly, and with each item: which editions begin, and what they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from publisher.core import standstill
from publisher.core.models import Standstill
from publisher.delivery.enqueue import assemble
from publisher.digests.due import create_due
from publisher.digests.models import Digest, Edition
from publisher.digests.next_edition import next_edition
from tests.builders import NOON, a_digest, a_subscriber, an_item

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)
"""08:00 in Shanghai."""


def begun_over(days: int, digest: Digest) -> list[datetime]:
    """The due times of what begins in so many days of ticks, an hour apart."""
    for n in range(days * 24):
        create_due(now=MIDNIGHT + n * HOUR)
    return list(digest.editions.order_by("due_at").values_list("due_at", flat=True))


def test_a_daily_digest_begins_one_edition_a_day_and_their_windows_meet() -> None:
    digest = a_digest(rhythm="daily", window_days=1)
    assert begun_over(4, digest) == [MIDNIGHT + n * DAY for n in range(4)]
    windows = list(digest.editions.order_by("due_at").values_list("window_from", "window_to"))
    assert windows == [(MIDNIGHT + (n - 1) * DAY, MIDNIGHT + n * DAY) for n in range(4)]


def test_a_monthly_digest_begins_one_edition_a_month() -> None:
    digest = a_digest(rhythm="monthly", monthday=3)
    assert begun_over(34, digest) == [
        MIDNIGHT + 2 * DAY,
        MIDNIGHT + 32 * DAY,
    ]


def test_a_digest_whose_rhythm_is_changed_goes_on_where_its_last_edition_ended() -> None:
    digest = a_digest()
    create_due(now=MIDNIGHT)
    Digest.objects.update(rhythm="daily")
    create_due(now=MIDNIGHT + DAY)
    first, second = digest.editions.order_by("due_at")
    assert (first.window_to, second.window_from, second.window_to) == (MIDNIGHT, MIDNIGHT, MIDNIGHT + DAY)


def a_digest_of_each(**given: Any) -> Digest:
    return a_digest(rhythm="each", created_at=NOON, **given)


def test_with_each_item_an_edition_begins_once_nothing_more_has_come_for_ten_minutes() -> None:
    digest = a_digest_of_each()
    a_subscriber(digest, "reader@example.net")
    items = [an_item(at=NOON + n * MINUTE) for n in (1, 4)]
    assert create_due(now=NOON + 13 * MINUTE) == []
    (edition_id,) = create_due(now=NOON + 14 * MINUTE)
    assert create_due(now=NOON + 15 * MINUTE) == []
    edition = assemble(edition_id, now=NOON + 15 * MINUTE)
    assert set(edition.edition_items.values_list("item_id", flat=True)) == {item.pk for item in items}
    assert edition.delivery_set.count() == 1


def test_what_comes_while_an_edition_goes_out_comes_with_the_next_and_nothing_twice() -> None:
    digest = a_digest_of_each()
    an_item(at=NOON + MINUTE)
    first = assemble(create_due(now=NOON + 11 * MINUTE)[0], now=NOON + 11 * MINUTE)
    later = an_item(at=NOON + 12 * MINUTE)
    assert create_due(now=NOON + 20 * MINUTE) == []
    second = assemble(create_due(now=NOON + 22 * MINUTE)[0], now=NOON + 22 * MINUTE)
    assert list(second.edition_items.values_list("item_id", flat=True)) == [later.pk]
    assert (first.window_to, second.window_from) == (NOON + 11 * MINUTE, NOON + 11 * MINUTE)
    assert create_due(now=NOON + 8 * HOUR) == []
    assert digest.editions.count() == 2


def test_while_an_edition_is_not_filled_yet_its_items_begin_no_other() -> None:
    digest = a_digest_of_each()
    an_item(at=NOON + MINUTE)
    create_due(now=NOON + HOUR)
    an_item(at=NOON + HOUR)
    assert create_due(now=NOON + 2 * HOUR) == []
    assert digest.editions.count() == 1


def test_what_an_edition_had_no_room_for_comes_with_one_of_its_own() -> None:
    a_digest_of_each(most_items=2)
    for _ in range(3):
        an_item(at=NOON)
    assemble(create_due(now=NOON + 10 * MINUTE)[0], now=NOON + 10 * MINUTE)
    assert create_due(now=NOON + 19 * MINUTE) == []
    second = assemble(create_due(now=NOON + 20 * MINUTE)[0], now=NOON + 20 * MINUTE)
    assert second.edition_items.count() == 1


def test_what_the_digest_does_not_hold_begins_nothing() -> None:
    a_digest_of_each(kinds=["speech"])
    an_item(at=NOON + MINUTE, kind="story")
    an_item(at=NOON + MINUTE, kind="speech", embargo_until=NOON + DAY)
    assert create_due(now=NOON + HOUR) == []
    assert len(create_due(now=NOON + DAY + HOUR)) == 1


def test_a_new_digest_does_not_send_what_came_before_it() -> None:
    a_digest_of_each()
    an_item(at=NOON - MINUTE * 61)
    assert create_due(now=NOON + HOUR) == []


def test_more_editions_than_the_setting_allows_wait_for_the_next_day(settings: Any) -> None:
    settings.EACH_A_DAY = 2
    digest = a_digest_of_each()  # its day ends at 16:00 UTC
    for n in range(3):
        an_item(at=NOON + n * HOUR)
        for edition_id in create_due(now=NOON + n * HOUR + 10 * MINUTE):
            assemble(edition_id, now=NOON + n * HOUR + 10 * MINUTE)
    assert digest.editions.count() == 2
    assert create_due(now=NOON + 4 * HOUR - MINUTE) == []
    assert len(create_due(now=NOON + 4 * HOUR)) == 1


def test_outside_the_sending_hours_none_begins() -> None:
    digest = a_digest_of_each(zone="UTC", send_from="08:00", send_until="12:05")
    an_item(at=NOON)
    assert create_due(now=NOON + 30 * MINUTE) == []
    create_due(now=NOON + 20 * HOUR)
    assert digest.editions.get().due_at == NOON + 20 * HOUR


def test_after_an_outage_what_was_due_long_ago_waits_for_a_person_and_at_a_standstill_nothing_begins() -> (
    None
):
    a_digest_of_each()
    an_item(at=NOON)
    standstill.begin(Standstill.Kind.STOPPED, reason="test", by="mira", now=NOON)
    assert create_due(now=NOON + HOUR) == []
    standstill.end()
    create_due(now=NOON + 13 * HOUR)
    assert Edition.objects.get().after_assembly == "waiting"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"rhythm": "each", "local_time": True}, "local_time"),
        ({"rhythm": "monthly", "monthday": 29}, "monthday"),
        ({"layout": "alert", "family": "news"}, "family"),
        ({"rhythm": "weekly", "family": "news"}, "family"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], field: str) -> None:
    a_digest(family="news")
    digest = a_digest(**given)
    with pytest.raises(ValidationError) as refused:
        digest.clean()
    assert list(refused.value.message_dict) == [field]


def test_a_digest_of_each_item_has_no_next_date_but_says_what_it_would_hold() -> None:
    digest = a_digest_of_each()
    an_item(at=NOON)
    ahead = next_edition(digest, now=NOON + MINUTE)
    assert (ahead.due, ahead.by_itself, ahead.items) == (None, True, 1)
