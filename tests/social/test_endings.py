"""Which warning of an access that ends is due, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.endings import STEPS, step, warning

NOW = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "reached"),
    [(15, None), (14.01, None), (14, 14), (8, 14), (7, 7), (3.5, 7), (3, 3), (1.1, 3), (1, 1)],
)
def test_each_step_begins_so_many_days_before_the_end(days: float, reached: int | None) -> None:
    assert step(NOW + timedelta(days=days), NOW) == reached


def test_what_has_ended_or_never_ends_has_no_step_and_no_warning() -> None:
    for ends in (None, NOW, NOW - timedelta(days=1)):
        assert step(ends, NOW) is None
        assert warning(ends, NOW) == ""


def test_a_warning_says_how_many_days_are_left_and_the_date() -> None:
    assert warning(NOW + timedelta(days=15), NOW) == ""
    assert "in 9 days, on 2026-12-08" in warning(NOW + timedelta(days=9, hours=1), NOW)
    assert "in 1 day," in warning(NOW + timedelta(days=1, hours=3), NOW)
    assert "today" in warning(NOW + timedelta(hours=1), NOW)


@given(st.integers(1, 40 * 24 * 60))
def test_steps_only_get_shorter_as_time_goes_on(minutes: int) -> None:
    ends = NOW + timedelta(minutes=minutes)
    reached = [
        each for each in (step(ends, NOW + timedelta(minutes=m)) for m in range(0, minutes, 600)) if each
    ]
    assert reached == sorted(reached, reverse=True)
    assert set(reached) <= set(STEPS)
