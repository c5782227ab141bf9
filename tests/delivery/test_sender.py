"""A sender and its lanes: everything leaves once, soon stops when told to, and outlives whatever is away."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from publisher.core import clock
from publisher.core.redis import client
from publisher.delivery import journal, sender
from publisher.delivery.journal import Journal, JournalLost
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.sender import next_size
from publisher.digests import editions
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest
from tests.delivery.test_mail import a_sender, an_assembled_edition, sent_by, states
from tests.fakes.smtp_sink import SmtpSink, at
from tests.processes import until
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db


def test_several_lanes_bring_every_mail_once() -> None:
    edition = an_assembled_edition(readers=60)
    with SmtpSink() as sink:
        assert sent_by(sink, edition, lanes=4, most=7) == {"sent": 60}
        assert sink.connections > 1
    assert Counter(sink.recipients) == {f"reader{n}@example.net": 1 for n in range(60)}
    assert Attempt.objects.filter(outcome="sent").count() == 60


def test_nothing_stays_in_the_journal() -> None:
    edition = an_assembled_edition(readers=20)
    with SmtpSink() as sink:
        sent_by(sink, edition, lanes=2, most=3)
    until(lambda: not client().keys("publisher:claim:*"), what="the notes are gone")


def test_a_paused_edition_stops_before_its_claim_is_at_its_end() -> None:
    edition = an_assembled_edition(readers=20)
    with SmtpSink([at("DOT", deed="bytewise")]) as sink:
        slow = a_sender(sink, clock=lambda: NOON, only=edition.pk)
        slow._look_at = 0.0
        look = slow._look

        def pause_and_look() -> None:
            if len(sink.messages) >= 2:
                Edition.objects.filter(pk=edition.pk, state="sending").update(state="paused")
            look()
            slow._look_at = 0.0

        slow._look = pause_and_look  # type: ignore[method-assign]  # the moment of the pause is what is tested
        slow.run()
    assert 2 <= len(sink.messages) < 20
    assert states(edition) == {"sent": len(sink.messages), "queued": 20 - len(sink.messages)}
    assert set(Delivery.objects.filter(state="queued").values_list("attempts", flat=True)) == {0}


def test_an_urgent_edition_is_sent_before_one_that_was_first() -> None:
    first, urgent = an_assembled_edition(readers=3), an_assembled_edition(a_digest(), readers=2)
    Edition.objects.filter(pk=urgent.pk).update(priority=9)
    with SmtpSink() as sink:
        a_sender(sink, clock=lambda: NOON).run()
    assert len(sink.messages) == 5
    urgent_ids = set(Delivery.objects.filter(edition=urgent).values_list("remote_id", flat=True))
    first_two = [
        message.data.decode().partition("Message-ID: <")[2].partition(">")[0] for message in sink.messages[:2]
    ]
    assert set(first_two) == urgent_ids
    assert states(first) == {"sent": 3}


def test_without_redis_every_mail_still_leaves_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(redis.Redis, "eval", away)
    monkeypatch.setattr(Journal, "note", away)
    edition = an_assembled_edition(readers=12)
    with SmtpSink() as sink:
        assert sent_by(sink, edition, lanes=3) == {"sent": 12}
    assert len(set(sink.recipients)) == len(sink.messages) == 12


def test_when_notes_cannot_be_written_any_more_the_rest_of_the_claim_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = an_assembled_edition(readers=12)
    note, left = Journal.note, iter(range(5))

    def breaks_once(self: Journal, settlement: Any) -> None:
        if next(left, None) == 3:
            raise JournalLost("gone")
        note(self, settlement)

    monkeypatch.setattr(Journal, "note", breaks_once)
    with SmtpSink() as sink:
        assert sent_by(sink, edition) == {"sent": 12}
    assert len(set(sink.recipients)) == len(sink.messages) == 12
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_a_connection_too_many_ends_its_lane_and_no_other() -> None:
    edition = an_assembled_edition(readers=30)
    with SmtpSink([at("CONNECT", "421 4.7.0 too many connections", after=1, then_close=True)]) as sink:
        busy = a_sender(sink, clock=lambda: NOON, lanes=3, most=5, only=edition.pk)
        claims = busy._claim

        def one_after_the_first_answer() -> bool:
            if busy._held:
                until(lambda: bool(sink.messages), what="the first answer")
            return claims()

        busy._claim = one_after_the_first_answer  # type: ignore[method-assign]  # the first lane is to be connected
        busy.run()
        sent_by(sink, edition)
    assert Counter(sink.recipients) == {f"reader{n}@example.net": 1 for n in range(30)}


def test_results_are_kept_until_a_database_that_was_away_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = an_assembled_edition(readers=5)
    settle_all, tries = sender.settle_all, iter(range(3))

    def away_twice(settlements: Any, **how: bool) -> set[int]:
        if next(tries, 2) < 2:
            raise OperationalError("the connection was lost")
        return settle_all(settlements, **how)

    monkeypatch.setattr(sender, "settle_all", away_twice)
    monkeypatch.setattr(sender, "LOOK_SECONDS", 0.01)
    with SmtpSink() as sink:
        assert sent_by(sink, edition) == {"sent": 5}
    assert len(sink.messages) == 5


def test_an_attempt_is_written_once_when_the_answer_of_the_database_was_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = an_assembled_edition(readers=6)
    settle, asked = sender.settle_all, []

    def lost_once(settlements: Any, **how: bool) -> set[int]:
        changed = settle(settlements, **how)
        asked.append(how)
        if len(asked) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        return changed

    monkeypatch.setattr(sender, "settle_all", lost_once)
    with SmtpSink() as sink:
        sent_by(sink, edition, lanes=1, most=6)
    assert [how["again"] for how in asked] == [False, True]
    assert states(edition) == {"sent": 6}
    assert Attempt.objects.count() == 6


def test_a_step_of_the_databases_clock_ends_the_sender_before_others_take_its_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = an_assembled_edition(readers=20)
    true_time = clock.database_now
    with SmtpSink([at("DOT", deed="bytewise")]) as sink:
        slow = a_sender(sink, clock=lambda: NOON, only=edition.pk)
        step = timedelta(hours=1)
        monkeypatch.setattr(clock, "database_now", lambda: true_time() + step * (len(sink.messages) >= 2))
        monkeypatch.setattr(sender, "LOOK_SECONDS", 0.0)
        slow.run()
    assert 2 <= len(sink.messages) < 20
    assert states(edition) == {"sent": len(sink.messages), "queued": 20 - len(sink.messages)}


def test_an_error_of_ours_in_a_lane_is_raised_and_what_it_had_is_settled_by_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = an_assembled_edition(readers=5)
    with SmtpSink() as sink:
        broken = a_sender(sink, clock=lambda: NOON, only=edition.pk)
        note, left = Journal.note, iter(range(9))

        def fails(self: Journal, settlement: Any) -> None:
            note(self, settlement)
            if next(left) == 2:
                raise RuntimeError("a fault of ours")

        monkeypatch.setattr(Journal, "note", fails)
        with pytest.raises(RuntimeError, match="a fault of ours"):
            broken.run()
    assert states(edition) == {"sending": 5}
    assert threading.active_count() < 20
    fence = Delivery.objects.all()[0].fence
    until(lambda: len(journal.read([fence])[fence].settlements) == 3, what="the notes")
    from publisher.delivery.sweep import sweep

    sweep(now=NOON + timedelta(hours=1), most=8)
    assert states(edition) == {"sent": 3, "queued": 2}


def test_a_cancelled_edition_sends_nothing_more() -> None:
    edition = an_assembled_edition(readers=5)
    editions.cancel(edition.pk, user=an_editor(), now=NOON)
    with SmtpSink() as sink:
        assert sent_by(sink, edition) == {}
    assert sink.messages == []


@given(st.integers(1, 200), st.integers(0, 200), st.floats(0, 1000), st.integers(1, 200))
def test_a_claim_grows_and_shrinks_within_its_bounds(size: int, sent: int, seconds: float, most: int) -> None:
    size = min(size, most)
    following = next_size(size, sent, seconds, most)
    assert 1 <= following <= max(most, 1)
    assert following <= 2 * size


def test_a_slow_server_gets_small_claims_and_a_fast_one_large_ones() -> None:
    assert next_size(20, 20, 40.0, 200) == 1
    assert next_size(100, 100, 0.05, 200) == 200
