"""When an edition stops by itself because too much of it is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.pacing import recent
from publisher.delivery.pacing.backoff import Answer
from publisher.delivery.pacing.errors import Batch, why_pause
from tests.builders import NOON

REFUSED = {"550 5.7.1": (30, "<lin@example.org> not authorised"), "550 5.1.1": (7, "no such user")}
MINUTE = timedelta(minutes=1)


def batch(sent: int, refused: int, minutes: float = 0) -> Batch:
    replies = {"550 5.7.1": (refused, "not authorised")} if refused else {}
    return Batch(NOON + minutes * MINUTE, sent, refused, replies)


def test_the_reason_names_how_many_the_commonest_reply_and_what_to_look_at() -> None:
    said = why_pause([Batch(NOON, 63, 37, REFUSED)], percent=10, since=None)
    assert said == (
        "37 of the last 100 were refused; most said “550 5.7.1 … not authorised”. To go on: look at the sender's domain "
        "(`publisher doctor`) and at whether the mail server may send for it, then resume."
    )


@pytest.mark.parametrize(
    ("code", "text", "advice"),
    [
        ("550 5.1.1", "no such user", "where these addresses come from"),
        ("552 5.2.2", "mailbox full", "how old this list is"),
        ("552", "message too large", "the size of the mail"),
        ("554", "no", "what the mail server says"),
        ("", "This message could not be built.", "what the mail server says"),
    ],
)
def test_the_advice_fits_the_reply(code: str, text: str, advice: str) -> None:
    said = why_pause([Batch(NOON, 0, 100, {code: (100, text)})], percent=10, since=None)
    assert advice in said
    assert "100 of the last 100 were refused; all said" in said


@pytest.mark.parametrize(
    ("batches", "stops"),
    [
        ([batch(90, 10)], False),
        ([batch(89, 11)], True),
        ([batch(0, 99)], False),
        ([batch(0, 50), batch(0, 50)], True),
        ([batch(0, 51), *[batch(200, 0)] * 100], False),
        ([batch(40, 60), *[batch(200, 0)] * 100], True),
        ([batch(200, 0), batch(200, 0), batch(200, 0), batch(0, 200)], False),
        ([], False),
    ],
)
def test_the_newest_results_decide(batches: list[Batch], stops: bool) -> None:
    assert bool(why_pause(batches, percent=10, since=None)) is stops


def test_results_from_before_a_person_let_it_go_on_do_not_count() -> None:
    old = [batch(0, 200, minutes=-5)]
    assert why_pause(old, percent=10, since=NOON - 10 * MINUTE)
    assert not why_pause(old, percent=10, since=NOON)
    assert not why_pause([batch(0, 99, minutes=1), *old], percent=10, since=NOON)
    assert why_pause([batch(0, 100, minutes=1), *old], percent=10, since=NOON)


counts = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=20)


@given(counts, st.integers(1, 99))
def test_below_the_limit_everywhere_it_never_stops(pairs: list[tuple[int, int]], percent: int) -> None:
    fine = [batch(sent, min(refused, sent * percent // 100)) for sent, refused in pairs]
    assert why_pause(fine, percent=percent, since=None) == ""


@given(counts)
def test_at_a_limit_of_all_it_never_stops(pairs: list[tuple[int, int]]) -> None:
    assert why_pause([batch(sent, refused) for sent, refused in pairs], percent=100, since=None) == ""


def test_results_are_kept_in_order_for_all_workers(inbox: redis.Redis) -> None:
    recent.add(7, [recent.batch_of(NOON, 3, [])])
    refused = recent.batch_of(NOON, 1, [Answer(550, "5.1.1", "no"), Answer(550, "5.1.1", "nobody")])
    assert recent.add(8, [refused]) == [refused]
    assert recent.add(7, [refused]) == [
        Batch(NOON, 1, 2, {"550 5.1.1": (2, "no")}),
        Batch(NOON, 3, 0, {}),
    ]


def test_as_many_batches_are_kept_as_can_matter(inbox: redis.Redis) -> None:
    for _ in range(510):
        newest = recent.add(7, [recent.batch_of(NOON, 0, [Answer(550)])])
    assert len(newest) == 500
