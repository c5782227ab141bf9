"""The state machine of a delivery, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.delivery.settle import WAITS, outcome_of
from publisher.delivery.states import LEFT_US, TRANSITIONS, UNFINISHED, State, may_become, sources

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(State)
    reachable = set().union(*TRANSITIONS.values()) | {State.QUEUED}
    assert reachable == set(State)


@pytest.mark.parametrize("state", sorted(LEFT_US))
def test_what_has_left_can_never_fail_or_be_sent_again(state: State) -> None:
    for forbidden in (
        State.QUEUED,
        State.SENDING,
        State.FAILED,
        State.CANCELLED,
        State.EXPIRED,
        State.UNKNOWN,
    ):
        assert not may_become(state, forbidden)


def test_unfinished_states_are_those_that_sending_still_concerns() -> None:
    stopped = {State.CANCELLED, State.EXPIRED}  # a person may have posted it before it was stopped
    assert {State(s) for s in sources(State.SENT)} - stopped | {State.QUEUED} == UNFINISHED


def test_what_is_with_a_person_is_never_sent_by_us() -> None:
    assert not may_become(State.HANDED, State.QUEUED)
    assert not may_become(State.HANDED, State.SENDING)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, State.SENT),
        (Rejected("550 no such user"), State.FAILED),
        (Unknown("no answer after the dot"), State.UNKNOWN),
        (Retry("450 try later"), State.QUEUED),
        (ChannelDown("535 wrong password"), State.QUEUED),
    ],
)
def test_an_answer_leads_to_its_state(error: OtherSideError | None, state: State) -> None:
    assert outcome_of(error, attempts=1, most=8, now=NOW).state == state


def test_waits_grow_and_are_at_least_what_the_other_side_asked_for() -> None:
    dues = [outcome_of(Retry("later"), attempts=n, most=99, now=NOW).due_at for n in range(1, 12)]
    assert dues == sorted(dues)  # type: ignore[type-var]  # a retry always has a due time
    assert dues[0] == NOW + timedelta(seconds=WAITS[0])
    asked = outcome_of(Retry("later", after=timedelta(hours=5)), attempts=1, most=8, now=NOW)
    assert asked.due_at == NOW + timedelta(hours=5)


def test_the_last_try_makes_a_temporary_failure_final_and_says_so() -> None:
    outcome = outcome_of(Retry("450 mailbox busy"), attempts=8, most=8, now=NOW)
    assert outcome.state == State.FAILED
    assert "8 tries" in outcome.reason
    assert "mailbox busy" in outcome.reason
