"""Whose turn it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.pacing.order import SMALL, Candidate, order
from publisher.schedule.hours import SendingHours
from tests.builders import NOON

ALWAYS = SendingHours(ZoneInfo("UTC"))
MORNING = SendingHours(ZoneInfo("Asia/Shanghai"), time(8), time(11))


def an_edition(
    edition_id: int,
    *,
    priority: int = 0,
    due: datetime = NOON,
    left: int = 100_000,
    hours: SendingHours = ALWAYS,
) -> Candidate:
    return Candidate(edition_id, priority, due, left, hours)


def ids(*candidates: Candidate) -> list[int]:
    return [each.edition_id for each in order(candidates, NOON)]


def test_higher_priority_goes_first_then_what_was_due_first() -> None:
    later = NOON + timedelta(hours=1)
    assert ids(an_edition(1, due=later), an_edition(2), an_edition(3, priority=5, due=later)) == [3, 2, 1]


def test_a_single_alert_goes_before_a_large_digest_that_was_due_earlier() -> None:
    alert = an_edition(2, due=NOON + timedelta(hours=1), left=1)
    assert ids(an_edition(1), alert) == [2, 1]
    assert alert.urgent
    assert not an_edition(1).urgent


def test_an_edition_outside_its_hours_waits() -> None:
    closed = an_edition(1, priority=9, hours=MORNING)
    assert ids(closed, an_edition(2)) == [2]


def test_tests_go_first_and_at_any_hour() -> None:
    tests = replace(an_edition(1, priority=-5, hours=MORNING), tests=True)
    assert ids(an_edition(2, priority=9), tests) == [1, 2]
    assert tests.urgent


candidates = st.builds(
    an_edition,
    st.integers(1, 9),
    priority=st.integers(-2, 2),
    due=st.sampled_from([NOON, NOON - timedelta(hours=1)]),
    left=st.integers(0, 2 * SMALL),
)


@given(st.lists(candidates, max_size=8))
def test_nobody_is_left_out_and_priority_is_never_passed_over(waiting: list[Candidate]) -> None:
    ordered = order(waiting, NOON)
    assert sorted(map(id, ordered)) == sorted(map(id, waiting))
    assert [each.priority for each in ordered] == sorted((each.priority for each in waiting), reverse=True)
