"""Schedules as people write them, and what a schedule comes to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.schedule import outlook, writing
from publisher.schedule.rules import rules_from_json, rules_to_json
from publisher.schedule.slots import next_free_slot, slot_times
from publisher.schedule.writing import QuietRow, Written

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
times = st.times().map(lambda at: at.strftime("%H:%M"))
slots = st.lists(st.tuples(st.integers(0, 6), times), max_size=20, unique=True)


def rules(**given: Any) -> Any:
    data: dict[str, Any] = {
        "zone": "Europe/Berlin",
        "slots": [{"weekday": d, "at": "09:00"} for d in range(7)],
    }
    return rules_from_json(data | given)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", []),
        ("9:00, 14:30", ["09:00", "14:30"]),
        ("14:30，09：00、9.15", ["09:00", "09:15", "14:30"]),
        ("09:00 09:00\t10:00", ["09:00", "10:00"]),
        ("09:00:30", ["09:00:30"]),
    ],
)
def test_a_line_of_times_is_read_in_the_forms_that_people_write(line: str, found: list[str]) -> None:
    assert writing.times_in(line) == (found, "")


@pytest.mark.parametrize(
    ("line", "bad"), [("09:00, noon", "noon"), ("24:00", "24:00"), ("9:5", "9:5"), ("12:60", "12:60")]
)
def test_what_is_no_time_is_named(line: str, bad: str) -> None:
    assert writing.times_in(line)[1] == bad


def test_dates_have_names_and_what_is_no_date_is_named() -> None:
    assert writing.dates_in("2026-12-25 Christmas\n2026-12-24\n\n") == (
        ["2026-12-24", "2026-12-25"],
        {"2026-12-25": "Christmas"},
        "",
    )
    assert writing.dates_in("Christmas")[2] == "Christmas"


def test_every_field_that_is_wrong_is_told_at_once() -> None:
    read = writing.read(
        Written(
            zone="UTC",
            days=("noon", *[""] * 6),
            quiet=(QuietRow("21:00", ""),),
            blackouts="soon",
            least_gap="-3",
            most_per_day="few",
        )
    )
    assert set(read.wrong) == {"day-0", "quiet-0", "blackouts", "least_gap_minutes", "most_per_day"}


@given(
    slots,
    st.lists(st.dates(date(2026, 1, 1), date(2028, 1, 1)), max_size=5, unique=True),
    st.integers(0, 600),
)
def test_what_is_stored_comes_back_from_its_form_unchanged(
    chosen: list[tuple[int, str]], dates: list[date], gap: int
) -> None:
    data = {
        "zone": "Asia/Shanghai",
        "slots": [{"weekday": day, "at": at} for day, at in chosen],
        "quiet": [{"start": "22:00", "end": "07:00"}, {"start": "12:00", "end": "13:00", "weekdays": [5, 6]}],
        "blackouts": [day.isoformat() for day in dates],
        "holiday_countries": ["CN"],
        "least_gap_minutes": gap,
        "most_per_day": 4,
    }
    stored = rules_to_json(rules_from_json(data))
    written = writing.written_of("Week", stored, {})
    read = writing.read(written)
    assert read.wrong == {}
    assert rules_to_json(rules_from_json(read.data)) == stored


def test_the_next_slots_are_those_that_posts_would_get() -> None:
    found = outlook.next_slots(rules(least_gap_minutes=30, most_per_day=1), now=NOW, count=10)
    assert len(found) == 10
    taken: list[datetime] = []
    for at in found:
        assert next_free_slot(rules(least_gap_minutes=30, most_per_day=1), now=NOW, taken=taken) == at
        taken.append(at)


def test_a_change_of_the_clocks_is_told_with_the_slots_of_that_day() -> None:
    change = outlook.next_clock_change(rules(slots=[{"weekday": 6, "at": "02:30"}]), now=NOW)
    assert change is not None
    assert (change.at, change.by) == (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), timedelta(hours=1))
    assert change.slots == (datetime(2026, 3, 29, 1, 0, tzinfo=UTC),)  # 02:30 is skipped: right after it


def test_where_clocks_never_change_nothing_is_told() -> None:
    assert outlook.next_clock_change(rules(zone="Asia/Shanghai"), now=NOW) is None


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/London"]
)
def test_a_change_of_the_clocks_is_found_to_the_second(zone: str) -> None:
    found = outlook.next_clock_change(rules(zone=zone), now=NOW)
    assert found is not None
    where = rules(zone=zone).zone
    before = (found.at - timedelta(seconds=1)).astimezone(where).utcoffset()
    assert found.at.astimezone(where).utcoffset() != before


def test_the_next_holidays_have_names_and_stop_at_the_number_asked_for() -> None:
    found = outlook.next_holidays(("DE",), today=date(2026, 12, 1), count=2)
    assert [day for day, _name in found] == [date(2026, 12, 25), date(2026, 12, 26)]
    assert outlook.next_holidays((), today=date(2026, 12, 1), count=2) == []


AT = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)  # Monday 09:00 in Berlin


@pytest.mark.parametrize(
    ("new", "at", "why"),
    [
        ({}, AT, None),
        ({"slots": [{"weekday": 0, "at": "10:00"}]}, AT, "no slot any more"),
        ({"slots": [{"weekday": 0, "at": "10:00"}]}, AT + timedelta(minutes=7), None),
        ({"quiet": [{"start": "08:00", "end": "10:00"}]}, AT + timedelta(minutes=7), "quiet hours"),
        ({"blackouts": ["2026-03-23"]}, AT, "blackout"),
    ],
)
def test_only_a_planned_time_that_the_change_takes_away_is_told(
    new: dict[str, Any], at: datetime, why: str | None
) -> None:
    said = outlook.no_longer(rules(), rules(**new), at)
    assert (said is None) if why is None else (said is not None and why in said)


@given(slots)
def test_each_slot_of_a_schedule_is_known_as_one(chosen: list[tuple[int, str]]) -> None:
    mine = rules(slots=[{"weekday": day, "at": at} for day, at in chosen])
    for _number, at in zip(range(8), slot_times(mine, NOW), strict=False):
        assert outlook.is_slot(mine, at)
        assert not outlook.is_slot(mine, at + timedelta(seconds=31))
