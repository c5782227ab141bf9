"""When a program that died is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.supervise.restarts import FIRST_WAIT, LIVED_WELL, LONGEST_WAIT, History


def after(*lives: float) -> History:
    history = History()
    for lived in lives:
        history = history.after_death(lived)
    return history


def test_waits_double_up_to_the_longest() -> None:
    assert [after(*[0.0] * deaths).wait for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_program_that_ran_well_begins_anew() -> None:
    assert after(0, 0, 0, 0, LIVED_WELL).wait == FIRST_WAIT


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=2000))
def test_a_wait_is_never_nothing_and_never_too_long(lives: list[float]) -> None:
    assert FIRST_WAIT <= after(*lives).wait <= LONGEST_WAIT
