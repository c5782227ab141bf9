"""What the forecast says of the next four weeks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from publisher.core import clock
from publisher.delivery.forecast import digests
from publisher.delivery.forecast.channels import ChannelAhead, of_channel
from publisher.delivery.forecast.digests import of_digest
from publisher.delivery.forecast.money import refused
from publisher.delivery.forecast.weeks import weeks_from
from publisher.social.models import Channel
from tests.builders import NOON, a_channel, a_digest, a_schedule, a_subscriber, an_item
from tests.desk.builders import a_post, a_variant, an_edition

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")
WEEKS = weeks_from(NOON, UTC_ZONE)
WEEKLY = [{"weekday": 2, "at": "09:00"}]


def ahead(channel: Channel) -> ChannelAhead:
    return of_channel(channel, WEEKS, now=NOON)


def a_weekly_channel(**given: Any) -> Channel:
    """With one slot a week: on Wednesday."""
    return a_channel(schedule=a_schedule(slots=WEEKLY), **given)


def rows(found: ChannelAhead) -> list[tuple[int, int, int, int]]:
    return [(week.scheduled, week.waiting, week.drafts, week.free) for week in found.weeks]


def test_four_weeks_begin_today_and_meet_over_a_change_of_the_clocks() -> None:
    zone = ZoneInfo("Europe/Berlin")
    weeks = weeks_from(NOON.replace(month=10, day=20), zone)
    assert [week.first.day for week in weeks] == [20, 27, 3, 10]
    assert all(a.end == b.start for a, b in pairwise(weeks))
    assert weeks[0].end - weeks[0].start == 7 * DAY + timedelta(hours=1)


def test_posts_take_the_slots_in_the_order_of_their_certainty() -> None:
    channel = a_weekly_channel()
    a_post(channel=channel, state="scheduled", slot_at=NOON.replace(day=3, hour=9))
    a_post(channel=channel, state="approved", approved_at=NOON)
    a_post(channel=channel)
    assert rows(ahead(channel)) == [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    assert ahead(channel).weeks[3].is_empty
    assert not ahead(channel).runs_out


def test_more_posts_than_slots_are_told() -> None:
    channel = a_weekly_channel()
    for _ in range(6):
        a_post(channel=channel, state="approved", approved_at=NOON)
    found = ahead(channel)
    assert (found.later, found.without, found.runs_out) == (2, 0, True)
    assert all(week.runs_out for week in found.weeks)


def test_a_schedule_without_slots_gives_none_within_a_year() -> None:
    channel = a_channel(schedule=a_schedule(slots=[]))
    a_post(channel=channel, state="approved", approved_at=NOON)
    assert ahead(channel).without == 1


def test_an_embargo_moves_a_post_to_a_later_week() -> None:
    channel = a_weekly_channel()
    item = an_item(embargo_until=NOON + 8 * DAY)
    a_post(item, channel, state="approved", approved_at=NOON)
    assert [week.waiting for week in ahead(channel).weeks] == [0, 1, 0, 0]


@pytest.mark.parametrize("given", [{"enabled": False}, {"paused_reason": "The token ended."}])
def test_a_channel_that_is_stopped_is_shown_as_if_it_went_on(given: dict[str, Any]) -> None:
    channel = a_weekly_channel(**given)
    a_post(channel=channel, state="approved", approved_at=NOON)
    found = ahead(channel)
    assert (found.stopped, rows(found)[0]) == (True, (0, 1, 0, 0))


def test_a_schedule_that_cannot_be_used_stops_no_other(desk: Client) -> None:
    a_channel(name="Broken one", schedule=a_schedule(zone="Mars/Base"))
    a_channel(name="Sound one")
    text = desk.get("/desk/forecast").content.decode()
    assert "Its schedule cannot be used" in text
    assert "Sound one" in text


def test_posts_that_missed_their_slot_are_counted() -> None:
    channel = a_weekly_channel()
    a_post(channel=channel, state="expired", slot_at=NOON - DAY)
    assert ahead(channel).expired == 1


def test_paid_posts_are_held_against_this_months_budget_and_the_next(desk: Client) -> None:
    channel = a_channel("x", schedule=a_schedule(slots=WEEKLY), month_budget=Decimal("0.30"))
    for n in range(6):
        text = f"News number {n} https://office.example.org/{n}"
        a_post(channel=channel, state="approved", approved_at=NOON, text=text)
    this, following = ahead(channel).months
    assert (this.first.month, following.first.month) == (6, 7)
    each = this.planned / 4  # Wednesdays 3, 10, 17 and 24 June of the next four weeks
    assert each > 0
    assert this.refused == 4 - int(Decimal("0.30") / each)
    assert this.is_short
    assert (following.planned, following.refused) == (2 * each, max(0, 2 - int(Decimal("0.30") / each)))
    assert "The budget has no room" in desk.get("/desk/forecast").content.decode()


def test_a_channel_that_costs_nothing_has_no_months() -> None:
    assert ahead(a_weekly_channel()).months == []


@given(st.lists(st.decimals(0, 5, places=2), max_size=12), st.decimals(0, 10, places=2))
def test_what_the_budget_has_no_room_for_is_what_is_held(costs: list[Decimal], most: Decimal) -> None:
    held = refused(costs, taken=Decimal(0), most=most)
    assert (held == 0) == (sum(costs) <= most)
    assert refused(costs, taken=Decimal(0), most=None) == 0


def test_a_digest_tells_its_dates_items_and_readers() -> None:
    digest = a_digest(zone="UTC")
    an_item(at=NOON - DAY, title="New")
    an_item(at=NOON - DAY, title="Neu", language="de")
    for _ in range(3):
        a_subscriber(digest)
    found = of_digest(digest, WEEKS, now=NOON)
    assert [[at.day for at in dates] for dates in found.weeks] == [[], [8], [15], [22]]
    assert (found.items, found.readers.count, found.readers.exact) == (1, 3, True)


def test_what_an_edition_has_held_is_not_counted_again() -> None:
    digest = a_digest(zone="UTC")
    held = an_item(at=NOON - DAY)
    an_edition(digest, items=[held], window_from=NOON - 8 * DAY, window_to=NOON - 2 * DAY, state="sent")
    found = of_digest(digest, WEEKS, now=NOON)
    assert found.would_be_empty


def test_readers_beyond_what_is_counted_are_taken_from_the_last_edition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digests, "COUNTED", 2)
    digest = a_digest()
    edition = an_edition(digest, state="sent")
    a_variant(edition, recipients=1234)
    for _ in range(3):
        a_subscriber(digest)
    found = of_digest(digest, WEEKS, now=NOON).readers
    assert (found.count, found.exact) == (1234, False)


@pytest.mark.parametrize("given", [{"enabled": False}, {"layout": "alert"}])
def test_a_digest_that_is_off_or_without_rhythm_has_no_dates(given: dict[str, Any]) -> None:
    assert of_digest(a_digest(**given), WEEKS, now=NOON).weeks == [[], [], [], []]


def test_the_page_says_in_words_where_slots_run_out_or_stay_empty(desk: Client) -> None:
    full, empty = a_weekly_channel(name="Full one"), a_weekly_channel(name="Empty one")
    for _ in range(6):
        a_post(channel=full, state="approved", approved_at=clock.now())
    text = desk.get("/desk/forecast").content.decode()
    assert "More posts than slots" in text
    assert "No free slot" in text
    assert "slot stays empty" in text
    assert f"channel={empty.pk}" in text


def test_without_channels_and_digests_it_says_what_they_are(desk: Client) -> None:
    text = desk.get("/desk/forecast").content.decode()
    assert "No channels yet" in text
    assert "No digests yet" in text
