"""Whether a post whose slot has come may leave: on time, late, and after an outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.departure import Due, Step, departed_at, next_step
from publisher.schedule.rules import QuietHours, ScheduleRules
from publisher.social.slots import ON_TIME

SLOT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DUE = Due(slot_at=SLOT, tolerance=6 * HOUR)
RULES = ScheduleRules(
    zone=ZoneInfo("UTC"), quiet=(QuietHours(time(12), time(14)),), least_gap=30 * MINUTE, most_per_day=3
)


def step(due: Due = DUE, *, late: timedelta = timedelta(), left: tuple[datetime, ...] = ()) -> Step:
    return next_step(due, RULES, left=left, now=SLOT + late)


def test_a_post_leaves_at_its_slot_and_a_little_after() -> None:
    assert step() is Step.LEAVE
    assert step(late=50 * MINUTE) is Step.LEAVE


def test_one_that_was_missed_by_more_than_the_tolerance_asks_a_person() -> None:
    assert step(late=6 * HOUR) is Step.LEAVE
    assert step(late=6 * HOUR + MINUTE) is Step.EXPIRE


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (replace(DUE, retracted=True), Step.CANCEL),
        (replace(DUE, embargoed=True), Step.NEW_SLOT),
        (replace(DUE, ready=False), Step.WAIT),
    ],
)
def test_what_stops_a_post(due: Due, expected: Step) -> None:
    assert step(due) is expected


def test_a_late_post_keeps_the_least_gap_to_the_last_one() -> None:
    assert step(late=40 * MINUTE, left=(SLOT + 20 * MINUTE,)) is Step.WAIT
    assert step(late=50 * MINUTE, left=(SLOT + 20 * MINUTE,)) is Step.LEAVE


def test_a_late_post_does_not_break_the_quiet() -> None:
    assert step(late=3 * HOUR) is Step.NEW_SLOT


def test_a_late_post_is_not_one_too_many_of_the_day() -> None:
    left = tuple(SLOT - n * HOUR for n in (1, 2, 3))
    assert step(late=2 * MINUTE, left=left) is Step.NEW_SLOT
    assert step(late=2 * MINUTE, left=tuple(at - timedelta(days=1) for at in left)) is Step.LEAVE


def test_a_time_that_a_person_chose_is_kept() -> None:
    left = tuple(SLOT - n * HOUR for n in (1, 2, 3))
    assert step(left=left) is Step.LEAVE


def test_a_delay_of_seconds_does_not_add_up() -> None:
    assert departed_at(SLOT, SLOT + timedelta(seconds=2)) == SLOT
    assert departed_at(SLOT, SLOT + 5 * MINUTE) == SLOT + 5 * MINUTE


@given(
    outage=st.integers(0, 600),
    slots=st.lists(st.integers(0, 300), min_size=1, max_size=12, unique=True).map(sorted),
)
def test_after_an_outage_nothing_floods_out(outage: int, slots: list[int]) -> None:
    rules = replace(RULES, quiet=(), most_per_day=None)
    start = SLOT + outage * MINUTE
    waiting = [Due(SLOT + minute * MINUTE, 6 * HOUR) for minute in slots]
    left: list[datetime] = []
    late: list[datetime] = []
    for minute in range(1200):
        now = start + minute * MINUTE
        for due in [due for due in waiting if due.slot_at <= now]:
            decided = next_step(due, rules, left=left, now=now)
            if decided is not Step.WAIT:
                waiting.remove(due)
            if decided is Step.LEAVE:
                left.append(departed_at(due.slot_at, now))
                late.append(now)
                assert now - due.slot_at <= due.tolerance
    assert not waiting
    # One that left within ON_TIME of its slot counts as having left at its slot, so the next may follow by that much sooner.
    assert all(b - a >= 30 * MINUTE - ON_TIME for a, b in pairwise(late))


CHOSEN = replace(DUE, slot_at=SLOT + 3 * HOUR, overridden=True)


def test_a_time_chosen_against_the_rules_is_kept_in_quiet_time_near_another_and_on_a_full_day() -> None:
    quiet, left = CHOSEN.slot_at, tuple(CHOSEN.slot_at - minutes * MINUTE for minutes in (5, 45, 90))
    assert next_step(CHOSEN, RULES, left=left, now=quiet) is Step.LEAVE
    assert next_step(CHOSEN, RULES, left=left, now=quiet + 10 * MINUTE) is Step.LEAVE


def test_after_an_outage_the_rules_apply_to_a_time_chosen_against_them_too() -> None:
    assert next_step(CHOSEN, RULES, left=(), now=CHOSEN.slot_at + 11 * MINUTE) is Step.NEW_SLOT


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (replace(CHOSEN, retracted=True), Step.CANCEL),
        (replace(CHOSEN, embargoed=True), Step.NEW_SLOT),
        (replace(CHOSEN, ready=False), Step.WAIT),
        (replace(CHOSEN, tolerance=timedelta(0)), Step.EXPIRE),
    ],
)
def test_a_time_chosen_against_the_rules_stops_for_what_is_no_rule(due: Due, expected: Step) -> None:
    assert next_step(due, RULES, left=(), now=due.slot_at + MINUTE / 2) is expected


def test_a_post_that_keeps_its_slot_is_not_held_up_by_one_that_was_put_near_it_with_a_reason() -> None:
    near = SLOT - 10 * MINUTE
    assert next_step(DUE, RULES, left=(near,), now=SLOT) is Step.WAIT
    assert next_step(DUE, RULES, left=(near,), left_overridden={near}, now=SLOT) is Step.LEAVE
    late = SLOT + 5 * MINUTE
    assert next_step(DUE, RULES, left=(near,), left_overridden={near}, now=late) is Step.WAIT
