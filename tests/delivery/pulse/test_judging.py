"""What is good, what wants a look and what is bad, each with what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.pulse import judging
from publisher.delivery.pulse.judging import Health, Part

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("part", "health"),
    [
        (judging.workers(2), Health.GOOD),
        (judging.workers(0), Health.BAD),
        (judging.beat(SECOND), Health.GOOD),
        (judging.beat(60 * SECOND), Health.BAD),
        (judging.beat(None), Health.BAD),
        (judging.job("schedule.tick", 5 * SECOND), Health.GOOD),
        (judging.job("schedule.tick", 31 * SECOND), Health.WARN),
        (judging.job("another", 599 * SECOND), Health.GOOD),
        (judging.queue("intake", 3), Health.GOOD),
        (judging.queue("intake", 200), Health.WARN),
        (judging.stream(5, 2, 30 * SECOND), Health.GOOD),
        (judging.stream(5, 2, 90 * SECOND), Health.WARN),
        (judging.stream(5, 2, 900 * SECOND), Health.BAD),
        (judging.stream(0, 0, None), Health.GOOD),
        (judging.oldest_due("mail", 0 * SECOND, stopped=False), Health.GOOD),
        (judging.oldest_due("mail", 61 * SECOND, stopped=False), Health.WARN),
        (judging.oldest_due("mail", 601 * SECOND, stopped=False), Health.BAD),
        (judging.oldest_due("mail", 601 * SECOND, stopped=True), Health.WARN),
        (judging.disk("data", 50, 100), Health.GOOD),
        (judging.disk("data", 10, 100), Health.WARN),
        (judging.disk("data", 4, 100), Health.BAD),
    ],
)
def test_each_part_is_judged_and_what_is_not_good_says_what_to_do(part: Part, health: Health) -> None:
    assert part.health is health
    assert bool(part.todo) == (health is not Health.GOOD)


@given(st.timedeltas(timedelta(), timedelta(days=3)), st.timedeltas(timedelta(), timedelta(days=3)))
def test_waiting_longer_is_never_better(shorter: timedelta, more: timedelta) -> None:
    order = list(Health)
    first = judging.oldest_due("mail", shorter, stopped=False)
    second = judging.oldest_due("mail", shorter + more, stopped=False)
    assert order.index(first.health) <= order.index(second.health)
