"""What the parts of a post make of the post."""

from __future__ import annotations

import pytest

from publisher.delivery.post_state import standing
from publisher.delivery.states import State

S = State


@pytest.mark.parametrize(
    ("parts", "state", "problem"),
    [
        ([S.SENT], "sent", ""),
        ([S.SENT, S.DELIVERED], "sent", ""),
        ([S.QUEUED], "sending", "why"),
        ([S.SENT, S.QUEUED], "sending", "why"),
        ([S.FAILED], "failed", "why"),
        ([S.SENT, S.FAILED, S.QUEUED], "failed", "1 of 3 messages were published. why"),
        ([S.SENT, S.UNKNOWN, S.QUEUED], "unknown", "1 of 3 messages were published. why"),
        ([S.EXPIRED], "expired", "why"),
        ([S.CANCELLED], "cancelled", "why"),
        ([S.SENT, S.CANCELLED], "sent", "1 of 2 messages were published."),
    ],
)
def test_the_worst_part_decides(parts: list[State], state: str, problem: str) -> None:
    reasons = [(part, "" if part in (S.SENT, S.DELIVERED) else "why") for part in parts]
    found = standing(reasons)
    assert (found.state, found.problem) == (state, problem)


@pytest.mark.parametrize("part", list(State))
def test_every_state_of_a_part_makes_one_of_the_post(part: State) -> None:
    assert standing([(part, "")]).state
