"""Mail that cannot go: a broken edition, a server that refuses us, a worker that was stopped for longer than its lease."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import connections

from publisher.cli import edition_report, edition_watch
from publisher.delivery import outage
from publisher.delivery.email.smtp import session as smtp_session
from publisher.delivery.hindrances import outage_of
from publisher.delivery.mail import send_due
from publisher.delivery.models import Delivery
from publisher.delivery.sweep import sweep
from publisher.digests.models import Digest, Edition
from tests.builders import NOON, a_digest
from tests.delivery.test_mail import a_sender, an_assembled_edition, sent_by, states
from tests.fakes.smtp_sink import SmtpSink, at

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)  # the lane's thread looks at the database, too
def test_a_worker_that_waited_for_a_connection_longer_than_its_lease_sends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = an_assembled_edition(readers=1)
    moment, claiming = [NOON], threading.current_thread()

    def clock() -> datetime:
        """Of the stopped worker: the thread that claims stands still and takes nothing from the other."""
        return NOON if threading.current_thread() is claiming else moment[0]

    with SmtpSink() as sink:
        stopped = a_sender(sink, clock=clock, only=edition.pk)
        open_really = smtp_session.Connection.open

        def open_late(*args: object) -> object:
            monkeypatch.setattr(smtp_session.Connection, "open", open_really)
            moment[0] = NOON + timedelta(seconds=301)
            Delivery.objects.update(due_at=moment[0])  # or the thread that claims may take it again at noon
            sweep(now=moment[0], most=8)
            moment[0] = NOON + timedelta(seconds=400)
            assert sent_by(sink, edition, now=moment[0]) == {"sent": 1}
            connections.close_all()
            return open_really(*args)  # type: ignore[arg-type]  # handed on as they came

        monkeypatch.setattr(smtp_session.Connection, "open", open_late)
        stopped.run()
    assert len(sink.messages) == 1
    assert stopped.counts == {}


def test_a_refused_sender_fails_no_recipient_and_says_why(settings: Any) -> None:
    edition = an_assembled_edition(readers=5)
    with SmtpSink([at("MAIL", "550 5.7.1 sender not owned by user")]) as sink:
        settings.MAIL = sink.url
        send_due(seconds=60, clock_=lambda: NOON)
    assert states(edition) == {"queued": 5}
    edition.refresh_from_db()
    assert "sender not owned by user" in edition.problem


def test_a_refused_sender_stops_its_own_edition_only(inbox: redis.Redis, settings: Any) -> None:
    refused = an_assembled_edition(a_digest(from_address="news@other.example.org"), readers=3)
    welcome = an_assembled_edition(a_digest(), readers=4)
    with SmtpSink([at("MAIL", "550 5.7.1 sender not owned by user", when="other.example")]) as sink:
        settings.MAIL = sink.url
        send_due(seconds=60, clock_=lambda: NOON)
    assert states(welcome) == {"sent": 4}
    assert states(refused) == {"queued": 3}
    refused.refresh_from_db()
    assert refused.state == "paused"
    assert refused.problem.startswith("The mail server refuses its sender: At MAIL FROM: 550 5.7.1")


def test_a_broken_edition_waits_for_a_person_and_stops_no_other(inbox: redis.Redis, settings: Any) -> None:
    broken = an_assembled_edition(a_digest(), readers=1)
    fine = an_assembled_edition(a_digest(), readers=2)
    Edition.objects.filter(pk=broken.pk).update(priority=1)
    Digest.objects.filter(pk=broken.digest_id).update(from_address="")
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        assert send_due(seconds=5, clock_=lambda: NOON) == {"sent": 2}
    broken.refresh_from_db()
    assert broken.state == "paused"
    assert "could not be built" in broken.problem
    assert states(fine) == {"sent": 2}


def test_a_refused_login_is_not_repeated_at_every_tick(inbox: redis.Redis, settings: Any) -> None:
    an_assembled_edition(readers=1)
    with SmtpSink([at("AUTH", "535 5.7.8 bad credentials")], offers=("PIPELINING", "AUTH PLAIN")) as sink:
        settings.MAIL = f"smtp://u:p@127.0.0.1:{sink.port}?starttls=off"
        for second in range(5):
            ticks = itertools.repeat(NOON + timedelta(seconds=2 * second))
            send_due(seconds=5, clock_=ticks.__next__)
        assert sink.connections == 1
        settings.MAIL = f"smtp://u:better@127.0.0.1:{sink.port}?starttls=off"
        send_due(seconds=5, clock_=lambda: NOON)
        assert sink.connections == 2
    assert list(Delivery.objects.values_list("state", "attempts")) == [("queued", 0)]


def failed(**options: Any) -> int:
    """A sender fails that began after the last failure was known; the seconds of rest."""
    return outage.begin("refused", now=NOON, last=outage.look().last, **{"lasting": False, **options})


def test_rests_grow_and_end_with_the_first_success(inbox: redis.Redis) -> None:
    assert [failed() for _ in range(9)] == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert outage.look().rests
    outage.over()
    assert not outage.look().rests
    assert outage.current() is None
    assert failed(lasting=True) == 30


def test_senders_that_fail_at_the_same_time_count_as_one_failure(inbox: redis.Redis) -> None:
    before = outage.look()
    seconds = [outage.begin("refused", lasting=False, now=NOON, last=before.last) for _ in range(6)]
    assert seconds == [5, 0, 0, 0, 0, 0]
    known = outage.current()
    assert known is not None
    assert known.failures == 1
    assert known.until == NOON + timedelta(seconds=5)


def test_a_failure_after_some_success_is_the_first_in_a_row(inbox: redis.Redis) -> None:
    assert [failed() for _ in range(3)] == [5, 10, 20]
    assert failed(progressed=True) == 5


def test_an_edition_that_begins_to_wait_during_an_outage_says_why(inbox: redis.Redis, settings: Any) -> None:
    with SmtpSink() as sink:
        settings.MAIL = sink.url
    an_assembled_edition(readers=1)
    assert send_due(seconds=5, clock_=lambda: NOON) == {}
    later = an_assembled_edition(readers=2)
    down = outage_of(later)
    assert down is not None
    assert "cannot be reached" in down.said
    shown = edition_report.whole(later)
    assert shown.data["outage"]["said"] == down.said
    assert "Mail cannot leave since" in shown.text
    assert any("connection refused" in note for note in edition_watch.hindrances(NOON))


def test_an_edition_that_is_paused_waits_for_no_server_but_its_tests_do(inbox: redis.Redis) -> None:
    edition = an_assembled_edition(readers=1)
    Edition.objects.update(state="paused")
    edition.refresh_from_db()
    failed()
    assert outage_of(edition) is None
    Delivery.objects.update(purpose="test")
    assert outage_of(edition)


def test_an_outage_of_an_address_that_is_not_set_any_more_is_forgotten(
    inbox: redis.Redis, settings: Any
) -> None:
    settings.MAIL = "smtp://u:old@127.0.0.1"
    failed(lasting=True)
    settings.MAIL = ""
    assert outage.current(), "a command line need not know the address"
    settings.MAIL = "smtp://u:new@127.0.0.1"
    assert not outage.look().rests
    assert outage.current() is None


def test_what_is_known_of_an_outage_ends_by_itself_also_after_a_rest_was_ended(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(lasting=True)
    known = outage.current()
    assert known is not None
    later = NOON + timedelta(seconds=10)
    ended = outage.end_rest(later)
    assert ended is not None
    assert (ended.until, ended.since, outage.current()) == (later, known.since, ended)
    inbox.flushall()
    inbox.set(outage.WHOSE, "0123456789abcdef", ex=60)
    monkeypatch.setattr(outage, "current", lambda: known)  # read an instant before it ended
    outage.end_rest(later)
    assert [key for key in inbox.keys("publisher:mail:*") if inbox.ttl(key) < 0] == []


def test_an_outage_is_forgotten_when_mail_is_switched_off(inbox: redis.Redis, settings: Any) -> None:
    settings.MAIL = "smtp://u:p@127.0.0.1"
    failed(lasting=True)
    settings.MAIL = ""
    assert send_due(seconds=1, clock_=lambda: NOON) == {}
    assert outage.current() is None
    settings.MAIL = "smtp://u:p@127.0.0.1"
    assert not outage.look().rests, "no page would say why it waits"


def test_the_log_knows_the_message_id_of_what_was_sent() -> None:
    edition = an_assembled_edition(readers=1)
    with SmtpSink() as sink:
        sent_by(sink, edition)
    sent = Delivery.objects.get()
    assert sent.remote_id.endswith("@office.example.org")
    assert f"Message-ID: <{sent.remote_id}>".encode() in sink.messages[0].data
