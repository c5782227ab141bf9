"""Rests of a provider: they grow, end, begin carefully again, and are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.pacing.backoff import (
    CALM,
    FRESH,
    PATIENCE,
    RESTS,
    Answer,
    DomainState,
    after_answer,
    begin_rest,
    said_by_several,
)
from publisher.delivery.pacing.scopes import Scope
from tests.builders import NOON

TOO_FAST = Answer(421, "4.7.28", "unusual rate of mail")
LATER = Answer(451, "", "Temporary local problem - please try later")
GREYLISTED = Answer(451, "4.7.1", "Greylisted, come back later")
UNKNOWN_USER = Answer(550, "5.1.1", "no such user")
TAKEN = Answer(250, "2.0.0", "Ok")
MINUTE = timedelta(minutes=1)


def after(*answers: Answer, state: DomainState = FRESH, now: datetime = NOON) -> DomainState:
    for answer in answers:
        state = after_answer(state, answer, now)
    return state


def test_rests_in_a_row_grow_from_one_minute_to_an_hour() -> None:
    state, now, minutes = FRESH, NOON, []
    for _ in range(9):
        state = after(TOO_FAST, state=state, now=now)
        minutes.append((state.until - now) / MINUTE)
        now = state.until
    assert minutes == [1, 2, 5, 10, 20, 40, 60, 60, 60]


def test_many_refusals_of_what_was_under_way_are_one() -> None:
    assert after(*[TOO_FAST] * 50) == after(TOO_FAST)


def test_success_of_what_was_under_way_ends_no_rest() -> None:
    assert after(TOO_FAST, TAKEN) == after(TOO_FAST)


def test_a_rest_is_over_when_its_time_is_and_then_it_is_on_trial_until_something_is_accepted() -> None:
    state = after(TOO_FAST)
    assert state.rests(NOON)
    assert not state.rests(state.until)
    assert state.on_trial
    accepted = after(TAKEN, state=state, now=state.until)
    assert not accepted.on_trial
    assert accepted.step == 1


def test_in_calm_the_rests_in_a_row_are_forgotten_one_by_one() -> None:
    state = DomainState(step=3, until=NOON, changed_at=NOON)
    steps = []
    for minute in range(0, 20, 2):
        state = after(TAKEN, TAKEN, state=state, now=NOON + minute * MINUTE)
        steps.append(state.step)
    assert steps == [3, 3, 3, 2, 2, 2, 1, 1, 1, 0]
    assert timedelta(minutes=6) >= CALM


def test_greylisting_and_unknown_users_slow_nobody_else() -> None:
    assert after(*[GREYLISTED, UNKNOWN_USER] * 100) == FRESH


def test_several_unclear_answers_in_a_row_are_the_wish_for_a_rest() -> None:
    assert not after(*[LATER] * (PATIENCE - 1)).rests(NOON)
    assert after(*[LATER] * PATIENCE).rests(NOON)
    assert not after(*[*[LATER] * (PATIENCE - 1), TAKEN] * 10).rests(NOON)


def test_what_is_about_the_server_lets_only_the_server_rest() -> None:
    full = Answer(452, "4.3.1", "Insufficient system storage")
    assert after(full) == FRESH
    assert after_answer(FRESH, full, NOON, whole=Scope.SERVER).rests(NOON)


def test_a_clock_set_back_makes_no_rest_longer_than_the_longest() -> None:
    state = after(TOO_FAST)
    assert state.rests(NOON - 30 * MINUTE)
    assert not state.rests(NOON - 600 * MINUTE)
    assert state.is_over(NOON - 600 * MINUTE)


def test_a_provider_that_was_quiet_for_hours_is_forgotten() -> None:
    state = after(TOO_FAST)
    assert not state.is_over(NOON + timedelta(hours=5))
    assert state.is_over(NOON + timedelta(hours=7))
    doubted = after(LATER)
    assert not doubted.is_over(NOON + MINUTE)
    assert doubted.is_over(NOON + 15 * MINUTE)


def test_three_providers_that_say_the_same_at_once_speak_for_the_server() -> None:
    rests = [begin_rest(FRESH, why, NOON) for why in ("421 a", "421 b", "450 c", "421 d")]
    assert said_by_several(rests, NOON) == "421 a"
    assert said_by_several(rests[:3], NOON) == ""
    assert said_by_several(rests, NOON + 2 * MINUTE) == ""


answers = st.sampled_from([TOO_FAST, LATER, GREYLISTED, UNKNOWN_USER, TAKEN, Answer(0)])


@given(st.lists(st.tuples(answers, st.integers(0, 7200)), max_size=60))
def test_whatever_is_answered_a_rest_ends_within_an_hour_and_never_moves(
    told: list[tuple[Answer, int]],
) -> None:
    state, now = FRESH, NOON
    for answer, seconds in told:
        before, state = state, after_answer(state, answer, now)
        if before.rests(now):
            assert state == before
        assert state.until - now <= RESTS[-1]
        assert 0 <= state.step <= len(RESTS)
        assert state.doubts < PATIENCE
        now += timedelta(seconds=seconds)
