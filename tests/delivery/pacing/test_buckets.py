"""Buckets in a real Valkey: never more than the limit, whoever asks, whatever the clock does, and after everything was lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from publisher.delivery.pacing.buckets import AHEAD, ASKS_BY, Buckets, Wish
from publisher.delivery.pacing.limits import DAY, Rate
from tests.builders import NOON
from tests.delivery.pacing.steps import SECOND, World, exceeded, too_close
from tests.delivery.pacing.taker import TIMES, Nothing
from tests.processes import ROOT

many = examples(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

RATES = st.sampled_from(
    [
        (Rate(50, 1),),
        (Rate(3, 1),),
        (Rate(200, 60),),
        (Rate(5, 3600),),
        (Rate(50, 1), Rate(100, 3600)),
        (Rate(7, 1), Rate(30, 60), Rate(40, 3600), Rate(60, DAY)),
    ]
)
WAITS = st.one_of(
    st.integers(0, 50_000), st.integers(0, 3 * SECOND), st.integers(0, 7200 * SECOND), st.just(DAY * SECOND)
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 200)),
        st.tuples(st.just("wait"), WAITS),
        st.tuples(st.just("back"), st.integers(1_000, 7200 * SECOND)),
        st.tuples(st.just("lose"), st.just(0)),
        st.tuples(st.just("give"), st.integers(1, 200)),
    ),
    min_size=3,
    max_size=30,
)


@many
@given(rates=RATES, steps=STEPS)
def test_no_stretch_of_time_gets_more_than_rate_times_time_and_a_burst(
    inbox: redis.Redis, rates: tuple[Rate, ...], steps: list[tuple[str, int]]
) -> None:
    world = World(inbox)
    taken = world.take(rates, 1)
    for step, value in steps:
        if step == "take":
            taken = world.take(rates, value)
        elif step == "wait":
            world.us += value
        elif step == "back":
            world.skew -= value
        elif step == "lose":
            world.lose()
        else:
            unused = min(value, world.given[-1][1])
            world.give_back(taken, unused, world.given[-1])
    for rate in rates:
        assert exceeded(world.given, rate, slack_us=2 * SECOND) == []


@many
@given(rates=RATES, wanted=st.integers(1, 200), waits=st.lists(st.integers(0, 5 * SECOND), max_size=20))
def test_without_giving_back_the_bound_is_exact(
    inbox: redis.Redis, rates: tuple[Rate, ...], wanted: int, waits: list[int]
) -> None:
    world = World(inbox)
    for wait in waits:
        world.take(rates, wanted)
        world.us += wait
    for rate in rates:
        assert exceeded(world.given, rate) == []


@many
@given(rates=RATES, wanted=st.integers(1, 200))
def test_who_waits_as_long_as_told_gets_something(
    inbox: redis.Redis, rates: tuple[Rate, ...], wanted: int
) -> None:
    world = World(inbox)
    for _ in range(6):
        taken = world.take(rates, wanted)
        if not taken.granted:
            assert taken.held_by in rates
            world.us += taken.wait // timedelta(microseconds=1)
            assert world.take(rates, wanted).granted


def test_the_whole_rate_can_be_used(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(50, 1)
    for _ in range(1000):
        world.take([rate], 200)
        world.us += SECOND // 50
    assert sum(count for _, count in world.given) >= 0.98 * 20 * 50


def test_an_allowance_may_be_used_up_at_once_and_comes_back_after_its_time(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(500, DAY)
    assert [world.take([rate], 200).granted for _ in range(4)] == [200, 200, 100, 0]
    refused = world.take([rate], 200)
    assert timedelta(hours=24) <= refused.wait <= timedelta(hours=24, minutes=30)
    assert refused.held_by == rate
    world.us += refused.wait // timedelta(microseconds=1)
    assert world.take([rate], 200).granted == 200


@many
@given(offset=st.integers(0, DAY * SECOND // 40), short=st.integers(1, DAY * SECOND // 40))
def test_an_allowance_does_not_come_back_before_its_time_wherever_that_began(
    inbox: redis.Redis, offset: int, short: int
) -> None:
    world, rate = World(inbox), Rate(500, DAY)
    world.us += offset
    assert world.take([rate], 500).granted == 500
    world.us += DAY * SECOND - short
    assert world.take([rate], 1).granted == 0


def test_after_a_loss_a_bucket_begins_empty(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(50, 1)
    world.take([rate], 1)
    world.us += 60 * SECOND
    assert world.take([rate], 200).granted == rate.burst
    world.lose()
    lost = world.take([rate], 200)
    assert lost.granted == 0
    assert timedelta(0) < lost.wait <= timedelta(seconds=0.2)


def test_after_a_loss_an_allowance_knows_from_the_database_what_was_sent(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(500, DAY)
    world.take([rate], 400)
    world.lose()
    assert world.take([rate], 200).granted == 100


def test_a_clock_set_back_stops_nothing_for_long_and_opens_nothing(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(50, 1)
    world.take([rate], 200)
    world.us += 10 * SECOND
    world.take([rate], 200)
    world.skew = -3600 * SECOND
    assert world.take([rate], 200).granted == 0
    world.us += SECOND
    assert world.take([rate], 200).granted == rate.burst
    world.skew = 0
    world.us += SECOND // 50
    assert world.take([rate], 200).granted <= 1


def test_small_steps_back_one_after_another_stop_nothing_for_long(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(50, 1)
    world.take([rate], 200)
    for _ in range(30):
        world.us += SECOND
        world.skew -= 9 * SECOND
        world.take([rate], 200)
    world.us += 10 * SECOND
    assert world.take([rate], 200).granted == rate.burst


def test_another_number_for_the_same_time_goes_on_with_what_was_counted(inbox: redis.Redis) -> None:
    world = World(inbox)
    world.take([Rate(200, DAY)], 200)
    world.us += 3600 * SECOND
    assert world.take([Rate(300, DAY)], 200).granted == 100


def test_what_is_given_back_can_be_taken_again_at_once(inbox: redis.Redis) -> None:
    world, rates = World(inbox), [Rate(50, 1), Rate(1000, DAY)]
    world.take(rates, 1)
    world.us += SECOND
    taken = world.take(rates, 200)
    assert taken.granted == 10
    world.give_back(taken, 10, world.given[-1])
    assert world.take(rates, 200).granted == 10


def test_what_is_given_back_late_is_no_second_burst(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(50, 1)
    world.take([rate], 1)
    world.us += SECOND
    old = world.take([rate], 200)
    world.us += 60 * SECOND
    assert world.take([rate], 200).granted == rate.burst
    world.buckets.give_back(old, old.granted)
    assert world.take([rate], 200).granted == 0


WISHES = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(1, 60)),
        st.tuples(st.just("other"), st.integers(1, 60)),
        st.tuples(st.just("wait"), WAITS),
        st.tuples(st.just("back"), st.integers(1_000, 7200 * SECOND)),
        st.tuples(st.just("lose"), st.just(0)),
    ),
    min_size=2,
    max_size=25,
)


@many
@given(rate=st.sampled_from([Rate(20, 1), Rate(200, 60), Rate(10, 3600)]), steps=WISHES)
def test_reserved_moments_are_never_nearer_than_the_rate_allows(
    inbox: redis.Redis, rate: Rate, steps: list[tuple[str, int]]
) -> None:
    world = World(inbox)
    for step, value in steps:
        if step == "reserve":
            world.reserve([Wish("gmail.com", rate, value)])
        elif step == "other":
            world.reserve([Wish("qq.com", rate, 1), Wish("gmail.com", rate, value)])
        elif step == "wait":
            world.us += value
        elif step == "back":
            world.skew -= value
        else:
            world.lose()
    assert all(too_close(slots, rate) == [] for slots in world.slots.values())


@many
@given(counts=st.lists(st.tuples(st.integers(1, 40), st.booleans(), st.integers(0, 4 * SECOND)), max_size=12))
def test_urgent_and_other_mail_together_stay_within_the_rate(
    inbox: redis.Redis, counts: list[tuple[int, bool, int]]
) -> None:
    world, rate = World(inbox), Rate(20, 1)
    for count, urgent, wait in counts:
        world.reserve([Wish("gmail.com", rate, count, urgent=urgent)])
        world.us += wait
    slots = [[at, 1] for at in sorted(world.slots.get("gmail.com", []))]
    pace = Rate(20, 1)
    assert all(
        later - first + 1 <= 2 + (slots[later][0] - slots[first][0]) / pace.interval_us
        for first in range(len(slots))
        for later in range(first, min(len(slots), first + 300))
    )


def test_a_single_alert_does_not_wait_behind_a_digest(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(20, 1)
    world.reserve([Wish("gmail.com", rate, 1)])
    world.us += 10 * SECOND
    for _ in range(100):
        world.reserve([Wish("gmail.com", rate, 1000)])
    [[alert]] = world.reserve([Wish("gmail.com", rate, 1, urgent=True)])
    [[late]] = world.reserve([Wish("gmail.com", rate, 1)])
    assert alert == timedelta(0)
    assert late > AHEAD


def test_no_moment_is_reserved_more_than_a_minute_ahead(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(20, 1)
    world.reserve([Wish("gmail.com", rate, 1)])
    world.us += 60 * SECOND
    [given] = world.reserve([Wish("gmail.com", rate, 5000)])
    near = [delay for delay in given if delay <= AHEAD]
    assert 1000 < len(near) <= 1200
    assert set(given[len(near) :]) == {near[-1] + timedelta(microseconds=55_556)}, "when there is a free one"
    assert [given[len(near)]] == world.reserve([Wish("gmail.com", rate, 1)])[0], "nobody has it yet"
    world.us += 60 * SECOND
    [[free]] = world.reserve([Wish("gmail.com", rate, 1)])
    assert free < timedelta(seconds=1)


def test_who_gets_no_moment_lines_up_behind_others_of_the_edition_and_no_other_edition_waits(
    inbox: redis.Redis,
) -> None:
    world, step = World(inbox), timedelta(seconds=1)
    lines = world.buckets
    assert lines.line_up("7:gmail.com", 30, step=step, begin=AHEAD) == AHEAD
    assert lines.line_up("7:gmail.com", 5, step=step, begin=AHEAD) == timedelta(seconds=90)
    assert lines.line_up("8:gmail.com", 5, step=step, begin=AHEAD) == AHEAD
    world.us += 600 * SECOND
    assert lines.line_up("7:gmail.com", 100_000, step=step, begin=AHEAD) == AHEAD
    assert lines.line_up("7:gmail.com", 1, step=step, begin=AHEAD) == ASKS_BY
    world.us += 3600 * SECOND
    assert lines.line_up("7:gmail.com", 1, step=step, begin=AHEAD) == AHEAD, "what is beyond holds nobody up"
    world.lose()
    assert lines.line_up("7:gmail.com", 1, step=step, begin=AHEAD) == AHEAD


def test_each_provider_has_its_own_moments_in_one_question(inbox: redis.Redis) -> None:
    world = World(inbox)
    world.reserve([Wish("warm.example", Rate(1, 1), 1)])
    world.us += 60 * SECOND
    fast, slow = world.reserve([Wish("a.example", Rate(100, 1), 3), Wish("b.example", Rate(9, 60), 2)])
    assert fast == [timedelta(0), timedelta(microseconds=11_112), timedelta(microseconds=22_224)]
    assert slow[1] - slow[0] == timedelta(microseconds=7_407_408)


def test_what_was_reserved_before_a_loss_is_asked_of_the_database_once(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(20, 1)
    world.reserve([Wish("gmail.com", rate, 2000)])
    before, last = len(world.slots["gmail.com"]), max(world.slots["gmail.com"])
    world.lose()
    asked: list[Any] = []
    known = world.reserved

    def counted(**given: Any) -> Any:
        asked.append(given)
        return known(**given)

    world.reserved = counted  # type: ignore[method-assign]  # to count
    for _ in range(3):
        world.us += 2 * SECOND
        world.reserve([Wish("gmail.com", rate, 1)])
    assert len(asked) == 1
    assert len(world.slots["gmail.com"]) > before
    assert all(at > last for at in world.slots["gmail.com"][before:])


def test_threads_that_take_at_the_same_moment_share_one_burst(inbox: redis.Redis) -> None:
    world, rate = World(inbox), Rate(1000, 1)
    world.take([rate], 1)
    world.us += SECOND
    granted: list[int] = []

    def take() -> None:
        granted.extend(world.buckets.take([rate], 25, now=NOON).granted for _ in range(20))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == rate.burst


@pytest.mark.slow
def test_processes_that_take_at_the_same_moment_share_one_burst_and_no_moment(inbox: redis.Redis) -> None:
    world = World(inbox)
    world.take([Rate(1000, 1)], 1)
    world.us += SECOND
    command = [sys.executable, "-m", "tests.delivery.pacing.taker", settings.REDIS_URL, str(world.us)]
    takers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    answers = [json.loads(line) for taker in takers for line in taker.communicate()[0].splitlines()]
    assert len(answers) == 2 * TIMES
    assert sum(taken for taken, _ in answers) == Rate(1000, 1).burst
    assert too_close([at for _, delays in answers for at in delays], Rate(100, 1)) == []


def test_by_its_own_clock_redis_gives_no_more_than_the_rate(inbox: redis.Redis) -> None:
    rate = Rate(2000, 1)
    buckets = Buckets(inbox, Nothing())
    begin = inbox.time()
    granted = sum(buckets.take([rate], 50, now=NOON).granted for _ in range(300))
    end = inbox.time()
    elapsed = (end[0] - begin[0]) * SECOND + end[1] - begin[1]
    assert 0 < granted <= rate.burst + elapsed // rate.interval_us + 1
