"""When an edition begins that goes out with each item: after a quiet while, in its hours, not too often a day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.schedule.hours import SendingHours, next_open
from publisher.schedule.with_each import PATIENCE, EachTiming, each_due
from tests.schedule.oracle import ZONES, moments, times

ALWAYS = SendingHours(ZoneInfo("Asia/Shanghai"))
TIMING = EachTiming(ALWAYS, timedelta(minutes=10), 4)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_nothing_new_is_no_edition() -> None:
    assert each_due(TIMING, [], []) is None


def test_it_begins_ten_minutes_after_the_last_item() -> None:
    came = [utc("2026-06-01 09:00"), utc("2026-06-01 09:04")]
    assert each_due(TIMING, came, []) == utc("2026-06-01 09:14")


def test_while_items_keep_coming_the_first_waits_an_hour_at_most() -> None:
    came = [utc("2026-06-01 09:00") + timedelta(minutes=5 * n) for n in range(30)]
    assert each_due(TIMING, came, []) == utc("2026-06-01 10:00")


def test_outside_the_hours_it_waits_for_them() -> None:
    timing = EachTiming(SendingHours(ZoneInfo("Asia/Shanghai"), time(8), time(21)), timedelta(minutes=10), 4)
    assert each_due(timing, [utc("2026-06-01 14:00")], []) == utc("2026-06-02 00:00")


def test_what_comes_after_the_last_of_a_day_goes_out_on_the_next() -> None:
    begun = [utc("2026-06-01 01:00") + timedelta(hours=n) for n in range(4)]
    assert each_due(TIMING, [utc("2026-06-01 09:00")], begun[:3]) == utc("2026-06-01 09:10")
    assert each_due(TIMING, [utc("2026-06-01 09:00")], begun) == utc("2026-06-01 16:00")


def test_at_least_one_edition_a_day_is_allowed() -> None:
    with pytest.raises(ValueError, match="at least one"):
        EachTiming(ALWAYS, timedelta(minutes=10), 0)


@st.composite
def situations(draw: st.DrawFn) -> tuple[EachTiming, list[datetime], list[datetime]]:
    zone = draw(st.sampled_from(ZONES))
    ends = draw(st.none() | st.tuples(times(), times()))
    hours = SendingHours(zone, *(ends or (None, None)))
    timing = EachTiming(hours, timedelta(minutes=draw(st.integers(1, 90))), draw(st.integers(1, 3)))
    first = draw(moments(zone))
    near = st.integers(0, 2 * 86400).map(lambda n: first + timedelta(seconds=n))
    return timing, draw(st.lists(near, min_size=1, max_size=8)), draw(st.lists(near, max_size=8))


@given(situations())
def test_it_is_never_too_early_in_its_hours_and_on_a_day_with_room(
    given_: tuple[EachTiming, list[datetime], list[datetime]],
) -> None:
    timing, came, begun = given_
    due = each_due(timing, came, begun)
    assert due is not None
    assert due >= min(max(came) + timing.quiet, min(came) + PATIENCE * timing.quiet)
    assert next_open(timing.hours, due) == due
    day = due.astimezone(timing.hours.zone).date()
    assert [at.astimezone(timing.hours.zone).date() for at in begun].count(day) < timing.most_a_day


@given(situations())
def test_without_a_full_day_before_it_no_item_waits_longer_than_its_patience_and_the_hours(
    given_: tuple[EachTiming, list[datetime], list[datetime]],
) -> None:
    timing, came, _begun = given_
    due = each_due(timing, came, [])
    assert due is not None
    assert due <= next_open(timing.hours, min(came) + PATIENCE * timing.quiet)
