"""Rules as JSON: read, written, and refused with the field and what is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.core.errors import UserError
from publisher.schedule.models import Schedule
from publisher.schedule.rules import (
    QuietHours,
    RulesError,
    ScheduleRules,
    WeeklySlot,
    rules_from_json,
    rules_to_json,
)
from tests.schedule.oracle import schedules

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ["zone", "slots", "quiet", "blackouts", "holiday_countries", "least_gap_minutes", "most_per_day"]


def test_all_fields_are_read() -> None:
    rules = rules_from_json(
        {
            "zone": "Asia/Shanghai",
            "slots": [{"weekday": 1, "at": "18:30"}, {"weekday": 0, "at": "09:00"}],
            "quiet": [
                {"start": "22:00", "end": "07:00", "weekdays": [4, 5]},
                {"start": "12:00", "end": "13:00"},
            ],
            "blackouts": ["2026-12-25"],
            "holiday_countries": ["CN", "gb-sct"],
            "least_gap_minutes": 30,
            "most_per_day": 4,
        }
    )
    assert rules == ScheduleRules(
        zone=ZoneInfo("Asia/Shanghai"),
        slots=(WeeklySlot(0, time(9)), WeeklySlot(1, time(18, 30))),
        quiet=(QuietHours(time(22), time(7), frozenset({4, 5})), QuietHours(time(12), time(13))),
        blackouts=frozenset({date(2026, 12, 25)}),
        holiday_countries=("CN", "GB-SCT"),
        least_gap=timedelta(minutes=30),
        most_per_day=4,
    )


def test_only_the_zone_is_needed() -> None:
    assert rules_from_json({"zone": "UTC"}) == ScheduleRules(zone=ZoneInfo("UTC"))
    assert rules_from_json(dict.fromkeys(FIELDS) | {"zone": "UTC"}) == ScheduleRules(zone=ZoneInfo("UTC"))


def test_a_time_may_have_seconds_and_keeps_them() -> None:
    stored = {"weekday": 0, "at": "09:00:30"}
    rules = rules_from_json({"zone": "UTC", "slots": [stored]})
    assert rules.slots == (WeeklySlot(0, time(9, 0, 30)),)
    assert rules_to_json(rules)["slots"] == [stored]


@settings(deadline=None)
@given(schedules(), st.frozensets(st.dates(), max_size=3))
def test_what_is_written_is_read_back(rules: ScheduleRules, blackouts: frozenset[date]) -> None:
    rules = replace(
        rules, slots=tuple(sorted(rules.slots)), blackouts=blackouts, quiet=tuple(set(rules.quiet))
    )
    assert rules_from_json(rules_to_json(rules)) == rules


@pytest.mark.parametrize(
    ("given_", "field", "message"),
    [
        (
            {"zone": "Mars/Base"},
            "zone",
            "'Mars/Base' is no time zone. Allowed: an IANA time zone such as Asia/Shanghai",
        ),
        ({"zone": "berlin"}, "zone", "such as Europe/Berlin"),
        ({"zone": "../etc/passwd"}, "zone", "no time zone"),
        ({"zone": "Europe"}, "zone", "no time zone"),
        ({"zone": ""}, "zone", "no time zone"),
        ({"zone": 8}, "zone", "8 is no time zone"),
        ({"slots": {"weekday": 0}}, "slots", "is not a list"),
        ({"slots": ["09:00"]}, "slots[0]", "'09:00' is not an object. Allowed: an object with at, weekday"),
        (
            {"slots": [{"weekday": 7, "at": "09:00"}]},
            "slots[0].weekday",
            "7 is out of range. Allowed: 0 (Monday) to 6",
        ),
        ({"slots": [{"weekday": True, "at": "09:00"}]}, "slots[0].weekday", "True is no whole number"),
        ({"slots": [{"weekday": "Mon", "at": "09:00"}]}, "slots[0].weekday", "'Mon' is no whole number"),
        ({"slots": [{"weekday": 0, "at": "24:00"}]}, "slots[0].at", "HH:MM from 00:00 to 23:59"),
        ({"slots": [{"weekday": 0, "at": "9:00"}]}, "slots[0].at", "'9:00' is no time of day"),
        ({"slots": [{"weekday": 0, "at": "०९:००"}]}, "slots[0].at", "is no time of day"),
        ({"slots": [{"weekday": 0}]}, "slots[0].at", "is missing"),
        ({"slots": [{"weekday": 0, "at": "09:00", "zone": "UTC"}]}, "slots[0].zone", "is not a field"),
        ({"slots": [{"weekday": 0, "at": "09:00"}] * 2}, "slots[1]", "is the same as slots[0]"),
        ({"slots": [{}] * 1001}, "slots", "1001 are too many"),
        ({"quiet": [{"start": "22:00"}]}, "quiet[0].end", "is missing"),
        ({"quiet": [{"start": "22:00", "end": "7"}]}, "quiet[0].end", "'7' is no time of day"),
        ({"quiet": [{"start": "22:00", "end": "07:00", "weekdays": []}]}, "quiet[0].weekdays", "is empty"),
        (
            {"quiet": [{"start": "22:00", "end": "07:00", "weekdays": [1, 9]}]},
            "quiet[0].weekdays[1]",
            "out of range",
        ),
        ({"blackouts": ["25.12.2026"]}, "blackouts[0]", "'25.12.2026' is no date. Allowed: YYYY-MM-DD"),
        ({"blackouts": ["20261225"]}, "blackouts[0]", "is no date"),
        ({"blackouts": ["2026-02-30"]}, "blackouts[0]", "is no date"),
        ({"blackouts": [20261225]}, "blackouts[0]", "is no date"),
        ({"holiday_countries": ["UK"]}, "holiday_countries[0]", "no holidays are known for 'UK'"),
        ({"holiday_countries": ["CN", "cn"]}, "holiday_countries[1]", "is the same as holiday_countries[0]"),
        ({"least_gap_minutes": -1}, "least_gap_minutes", "-1 is out of range. Allowed: 0 to 44640"),
        ({"least_gap_minutes": 1.5}, "least_gap_minutes", "1.5 is no whole number"),
        ({"most_per_day": 0}, "most_per_day", "0 is out of range. Allowed: 1 to 1000"),
        ({"colour": "blue"}, "schedule.colour", "is not a field"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_allowed(
    given_: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(RulesError) as caught:
        rules_from_json({"zone": "UTC"} | given_)
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{field}: ")
    assert message in caught.value.message


def test_a_schedule_without_zone_or_that_is_no_object_is_refused() -> None:
    with pytest.raises(RulesError, match=r"schedule\.zone: is missing"):
        rules_from_json({})
    with pytest.raises(RulesError, match="schedule: 'UTC' is not an object"):
        rules_from_json("UTC")


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(RulesError) as caught:
        rules_from_json({"zone": "x" * 100_000})
    assert len(caught.value.message) < 200


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON)
def test_any_json_is_either_read_or_refused_with_an_error_for_people(data: object) -> None:
    try:
        rules = rules_from_json(data)
    except UserError:
        return
    assert rules_from_json(rules_to_json(rules)) == rules


def test_the_stored_schedule_uses_the_same_rules() -> None:
    stored = Schedule(
        name="News", zone="Asia/Shanghai", slots=[{"weekday": 0, "at": "09:00"}], most_per_day=2
    )
    assert stored.rules() == ScheduleRules(
        zone=ZoneInfo("Asia/Shanghai"),
        slots=(WeeklySlot(0, time(9)),),
        least_gap=timedelta(minutes=30),
        most_per_day=2,
    )


def test_a_wrong_schedule_cannot_be_saved_through_a_form() -> None:
    with pytest.raises(ValidationError, match="no time zone"):
        Schedule(name="News", zone="Mars/Base").clean()
