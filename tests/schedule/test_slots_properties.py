"""What holds for slots under any rules, at any time: the same answer as a slow search along the clock (see `oracle.py`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.schedule.quiet import is_quiet, why_not
from publisher.schedule.rules import ScheduleRules
from publisher.schedule.slots import Waiting, assign_slots, next_free_slot, slot_times, why_no_slot
from tests.schedule.oracle import first_free, moments, quiet_minutes, schedules, situations, ticks_with_a_slot

Situation = tuple[ScheduleRules, datetime, list[datetime]]
often = settings(deadline=None, max_examples=100)
sometimes = settings(deadline=None, max_examples=50)

waiting_posts = st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 5)), max_size=6).map(
    lambda posts: [(number, priority, minutes) for number, (priority, minutes) in enumerate(posts)]
)


@often
@given(situations())
def test_the_slot_is_the_first_that_the_rules_leave_free(situation: Situation) -> None:
    rules, now, taken = situation
    assert next_free_slot(rules, now=now, taken=taken) == first_free(rules, now, taken)


@sometimes
@given(situations(), st.integers(-3 * 86400, 20 * 86400))
def test_a_slot_after_a_moment_is_the_first_one_later_than_it(situation: Situation, seconds: int) -> None:
    rules, now, taken = situation
    after = now + timedelta(seconds=seconds)
    assert next_free_slot(rules, now=now, taken=taken, after=after) == first_free(rules, now, taken, after)


@sometimes
@given(situations(), st.integers(0, 30 * 86400))
def test_a_later_now_never_gives_an_earlier_slot(situation: Situation, seconds: int) -> None:
    rules, now, taken = situation
    then = now + timedelta(seconds=seconds)
    first = next_free_slot(rules, now=now, taken=taken)
    later = next_free_slot(rules, now=then, taken=taken)
    if first is not None and first >= then:
        assert later == first
    elif first is not None and later is not None:
        assert later >= then > first


@sometimes
@given(situations())
def test_there_is_a_reason_exactly_when_there_is_no_slot(situation: Situation) -> None:
    rules, now, taken = situation
    slot = next_free_slot(rules, now=now, taken=taken)
    reason = why_no_slot(rules, now=now, taken=taken)
    assert (reason is None) == (slot is not None)


@sometimes
@given(schedules().flatmap(lambda rules: st.tuples(st.just(rules), moments(rules.zone))))
def test_every_slot_time_of_a_fortnight_is_found_and_no_other(given_: tuple[ScheduleRules, datetime]) -> None:
    rules, now = given_
    start = now.replace(minute=0, second=0, microsecond=0)
    end = start + timedelta(days=14)
    expected = list(takewhile(lambda tick: tick <= end, ticks_with_a_slot(rules, start)))
    assert list(takewhile(lambda at: at <= end, slot_times(rules, start))) == expected


@sometimes
@given(situations())
def test_quiet_is_what_the_clock_of_the_week_says(situation: Situation) -> None:
    rules, now, _ = situation
    shown = now.astimezone(rules.zone)
    minute = shown.weekday() * 1440 + shown.hour * 60 + shown.minute
    only_hours = ScheduleRules(zone=rules.zone, quiet=rules.quiet)
    assert is_quiet(only_hours, now) == (minute in quiet_minutes(rules.quiet))
    assert (why_not(rules, now) is not None) == is_quiet(rules, now)


@sometimes
@given(situations(), waiting_posts)
def test_posts_get_slots_one_after_another_by_priority_then_approval_then_id(
    situation: Situation, posts: list[tuple[int, int, int]]
) -> None:
    rules, now, taken = situation
    waiting = [
        Waiting(number, priority, now - timedelta(minutes=minutes)) for number, priority, minutes in posts
    ]
    assigned = assign_slots(rules, waiting, now=now, taken=taken)

    assert [a.id for a in assigned] == [
        number for number, _, _ in sorted(posts, key=lambda post: (-post[1], -post[2], post[0]))
    ]
    occupied = list(taken)
    for at in [assignment.at for assignment in assigned if assignment.at]:
        assert at == first_free(rules, now, occupied)
        occupied.append(at)
    without = [assignment for assignment in assigned if assignment.at is None]
    assert assigned[len(assigned) - len(without) :] == without
    assert not without or first_free(rules, now, occupied) is None


@sometimes
@given(situations(), waiting_posts, st.randoms())
def test_the_order_in_which_posts_are_handed_in_changes_nothing(
    situation: Situation, posts: list[tuple[int, int, int]], random: Random
) -> None:
    rules, now, taken = situation
    waiting = [
        Waiting(number, priority, now - timedelta(minutes=minutes)) for number, priority, minutes in posts
    ]
    shuffled = list(waiting)
    random.shuffle(shuffled)
    assert assign_slots(rules, shuffled, now=now, taken=taken) == assign_slots(
        rules, waiting, now=now, taken=taken
    )
