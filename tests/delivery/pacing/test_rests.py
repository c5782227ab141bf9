"""Who rests, shared by all workers through Redis."""

from __future__ import annotations

from datetime import timedelta

import redis

from publisher.delivery.pacing.backoff import SERVER, SERVER_PATIENCE, Answer
from publisher.delivery.pacing.rests import KEY, Rests
from tests.builders import NOON

TOO_FAST = Answer(421, "4.7.28", "unusual rate of mail")
TAKEN = Answer(250)
SECOND = timedelta(seconds=1)


def test_what_one_worker_is_told_another_knows_a_second_later(inbox: redis.Redis) -> None:
    one, other = Rests(), Rests()
    assert other.states(NOON) == {}
    one.after([("gmail.com", TOO_FAST), ("qq.com", TAKEN)], NOON)
    assert one.states(NOON)["gmail.com"].rests(NOON)
    assert other.states(NOON + SECOND / 2) == {}
    assert other.states(NOON + SECOND).keys() == {"gmail.com"}
    assert other.states(NOON + SECOND) == one.states(NOON + SECOND)


def test_without_trouble_nothing_is_written_and_redis_is_read_once_a_second(inbox: redis.Redis) -> None:
    rests = Rests()
    before = inbox.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"]
    for _ in range(100):
        rests.after([("gmail.com", TAKEN), ("qq.com", Answer(550, "5.1.1", "no such user"))] * 50, NOON)
    assert info_calls(inbox) - before == 1
    assert not inbox.exists(KEY)


def info_calls(inbox: redis.Redis) -> int:
    return int(inbox.info("commandstats")["cmdstat_hgetall"]["calls"])


def test_what_is_over_is_removed(inbox: redis.Redis) -> None:
    Rests().after([("gmail.com", TOO_FAST)], NOON)
    assert Rests().states(NOON + timedelta(hours=8)) == {}
    assert not inbox.exists(KEY)


def test_when_redis_loses_it_the_provider_is_asked_again(inbox: redis.Redis) -> None:
    rests = Rests()
    rests.after([("gmail.com", TOO_FAST)], NOON)
    inbox.flushall()
    assert rests.states(NOON + SECOND) == {}
    rests.after([("gmail.com", TOO_FAST)], NOON + SECOND)
    assert rests.states(NOON + SECOND)["gmail.com"].step == 1


def test_unclear_answers_of_all_kinds_of_providers_are_the_servers(inbox: redis.Redis) -> None:
    rests = Rests()
    later = Answer(451, "", "please try later")
    rests.after([(f"{n}.example", later) for n in range(24)], NOON)
    assert not rests.states(NOON)[SERVER].rests(NOON)
    rests.after([("last.example", later)], NOON)
    assert rests.states(NOON)[SERVER].rests(NOON)
    assert rests.states(NOON)[SERVER].why == "451 please try later"


def test_providers_that_say_the_same_at_once_let_the_server_rest(inbox: redis.Redis) -> None:
    rests = Rests()
    too_many = Answer(421, "", "too many connections")
    rests.after([(f"{n}.example", too_many) for n in range(3)], NOON)
    assert rests.states(NOON)[SERVER].rests(NOON)


def test_a_server_that_ends_connections_and_goes_on_taking_mail_is_not_left_alone(inbox: redis.Redis) -> None:
    rests = Rests()
    ends = Answer(421, "4.3.2", "going down")
    for _ in range(50):
        rests.after([("a.example", TAKEN)] * 6 + [("a.example", ends)], NOON)
    assert not any(state.rests(NOON) for state in rests.states(NOON).values())
    rests.after([(f"{n}.example", ends) for n in range(SERVER_PATIENCE)], NOON)
    assert rests.states(NOON)[SERVER].rests(NOON)
