"""Mailboxes on a real Dovecot: what comes is taken once, then marked; one message or server that fails stops no other."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from publisher.audience.models import Suppression
from publisher.core import clock
from publisher.feedback import mailboxes, reader, taking
from publisher.feedback.mailboxes import Wishes
from publisher.feedback.models import Mailbox, Report
from publisher.feedback.reader import Reader, due
from publisher.feedback.watching import Watch
from publisher.feedback.ways import ways
from publisher.feedback.ways.base import HEAD, LARGEST, Inbox, Trouble
from tests.fakes.dovecot import HOST, PASSWORD, USER, Dovecot, Introspection
from tests.fakes.token_server import TokenServer
from tests.feedback.mailing import Signs, a_sent_mail, table
from tests.processes import environment, until

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


def wishes(server: Dovecot, **given: Any) -> Wishes:
    way = given.get("way", "imap")
    fields: dict[str, Any] = {
        "name": "bounces",
        "way": way,
        "host": HOST,
        "port": server.imaps if way == "imap" else server.pop3s,
        "username": USER,
        "password": PASSWORD,
        "certificate": server.pem.read_text().partition("-----END PRIVATE KEY-----")[2],
    }
    return Wishes(**fields | given)


def a_person() -> User:
    return User.objects.get_or_create(username="ada")[0]


def a_mailbox(server: Dovecot, **given: Any) -> Mailbox:
    return mailboxes.create(wishes(server, **given), user=a_person(), now=NOW)


def read(mailbox: Mailbox, *, now: datetime | None = None) -> Mailbox:
    """One look at it."""
    one = Reader(mailbox.pk, "test", lambda: False, clock=(lambda: now) if now else clock.database_now)

    def ends_there(inbox: Inbox) -> None:
        one._still = False

    one._wait = ends_there  # type: ignore[method-assign]  # instead of waiting for more
    assert one.run()
    mailbox.refresh_from_db()
    return mailbox


def mail(subject: str, body: bytes = b"hello") -> bytes:
    return f"From: ilse@example.net\r\nSubject: {subject}\r\n\r\n".encode() + body + b"\r\n"


def subjects() -> list[str]:
    found = []
    for report in Report.objects.order_by("pk"):
        raw = zlib.decompress(bytes(report.evidence or b""))
        found.append(raw.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode())
    return found


def a_bounce() -> bytes:
    """Of a mail that is in the database."""
    row = next(row for row in table() if row.file == "postfix-unknown-user")
    return Signs.of_delivery(a_sent_mail()).into(row.raw()).replace(b"\n", b"\r\n")


def test_each_way_is_a_file() -> None:
    assert list(ways()) == ["imap", "pop3"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_imap_takes_a_bounce_and_moves_it(dovecot: Dovecot, security: str) -> None:
    dovecot.append(a_bounce())
    port = dovecot.imaps if security == "tls" else dovecot.imap
    box = read(a_mailbox(dovecot, security=security, port=port))
    assert (box.said, box.taken, box.waits_by_idle) == ("", 1, True)
    assert Suppression.objects.get().reason == "bounced"
    assert Report.objects.get().source == "mailbox bounces"
    assert (dovecot.count(), dovecot.count("Publisher.taken")) == (0, 1)


@pytest.mark.parametrize(
    ("after", "left", "unseen"), [("seen", 2, 0), ("delete", 0, 0), ("keep", 2, 2), ("move", 0, 0)]
)
@pytest.mark.parametrize("without", [(), ("MOVE", "UIDPLUS", "IDLE", "NAMESPACE", "ID")])
def test_what_imap_does_with_what_was_taken(
    after: str, left: int, unseen: int, without: tuple[str, ...]
) -> None:
    with Dovecot(without=without) as server:
        server.append(mail("one"))
        server.append(mail("two"))
        box = read(a_mailbox(server, after=after))
        assert (box.said, subjects()) == ("", ["one", "two"])
        assert server.count(criteria="NOT DELETED") == left
        assert server.count(criteria="UNSEEN NOT DELETED") == unseen
        assert box.waits_by_idle == (not without)
        server.append(mail("three"))
        assert read(box).taken == 3
        assert subjects() == ["one", "two", "three"]


def test_pop3_takes_and_deletes_or_remembers(dovecot: Dovecot) -> None:
    dovecot.append(mail("one"))
    keeps = a_mailbox(dovecot, way="pop3", after="keep", name="keeps")
    assert read(keeps).said == ""
    dovecot.append(mail("two", b".dots\r\n..\r\n" + b"x" * 5000))
    assert read(keeps).taken == 2
    assert (subjects(), dovecot.count()) == (["one", "two"], 2)
    deletes = read(a_mailbox(dovecot, way="pop3", name="deletes", security="starttls", port=dovecot.pop3))
    assert (deletes.said, deletes.taken, dovecot.count()) == ("", 0, 0)
    assert Report.objects.count() == 2
    assert zlib.decompress(
        bytes(Report.objects.get(pk=Report.objects.order_by("-pk")[0].pk).evidence or b"")
    ) == (mail("two", b".dots\r\n..\r\n" + b"x" * 5000))
    assert deletes.next_at
    assert deletes.next_at > clock.now()


@pytest.mark.parametrize("way", ["imap", "pop3"])
def test_of_a_message_that_is_too_large_the_head_is_taken(dovecot: Dovecot, way: str) -> None:
    dovecot.append(mail("large", (b"x" * 76 + b"\r\n") * (LARGEST // 78 + 1000)))
    dovecot.append(mail("small"))
    box = read(a_mailbox(dovecot, way=way))
    assert (box.said, subjects()) == ("", ["large", "small"])
    evidence = zlib.decompress(bytes(Report.objects.order_by("pk")[0].evidence or b""))
    assert len(evidence) in (HEAD, 3000 * 78 + len(mail("large", b"")) - 2)
    assert dovecot.count() == 0


@pytest.mark.parametrize("way", ["imap", "pop3"])
@pytest.mark.parametrize("after", ["delete", "keep"])
def test_one_that_fails_stops_no_other_and_is_tried_again(
    dovecot: Dovecot, way: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in ("one", "bad", "three"):
        dovecot.append(mail(subject))
    take = taking.take

    def fails(raw: bytes, **given: Any) -> Report:
        if b"Subject: bad" in raw:
            raise ValueError("nobody foresaw this")
        return take(raw, **given)

    monkeypatch.setattr(reader, "take", fails)
    box = read(a_mailbox(dovecot, way=way, after=after), now=NOW)
    assert subjects() == ["one", "three"]
    assert len(box.memory["left_out"]) == 1
    monkeypatch.undo()
    read(box, now=NOW + timedelta(seconds=30))
    assert subjects() == ["one", "three"]  # it rests
    box = read(box, now=NOW + timedelta(minutes=2))
    assert subjects() == ["one", "three", "bad"]
    assert box.memory["left_out"] == {}
    assert dovecot.count() == (0 if after == "delete" else 3)


def test_a_message_that_the_server_cannot_give_stops_no_other(dovecot: Dovecot) -> None:
    for subject in ("one", "gone", "three"):
        dovecot.append(mail(subject))
    assert dovecot.count() == 3  # its index knows them all
    for path in dovecot.maildir.rglob("*"):
        if path.is_file() and path.parent.name in ("new", "cur") and b"Subject: gone" in path.read_bytes():
            path.chmod(0)
    box = read(a_mailbox(dovecot, after="keep"), now=NOW)
    for minutes in (2, 5, 10, 20):
        box = read(box, now=NOW + timedelta(minutes=minutes))
    assert subjects() == ["one", "three"]
    assert len(box.memory["left_out"]) == 1


def test_a_folder_that_was_made_anew_is_read_again_and_nothing_counts_twice(dovecot: Dovecot) -> None:
    with dovecot.client() as client:
        client.create("Bounces")
    dovecot.append(mail("one"), "Bounces")
    dovecot.append(mail("two"), "Bounces")
    box = read(a_mailbox(dovecot, folder="Bounces", after="keep"))
    first = box.memory["marks"]
    with dovecot.client() as client:
        client.delete("Bounces")
        client.create("Bounces")
    dovecot.append(mail("three"), "Bounces")
    dovecot.append(mail("one"), "Bounces")
    box = read(box)
    assert box.memory["marks"]["validity"] != first["validity"]
    assert (subjects(), box.taken) == (["one", "two", "three"], 3)


def test_idle_brings_a_bounce_without_waiting_for_the_next_look(dovecot: Dovecot) -> None:
    box = a_mailbox(dovecot)
    stop = threading.Event()
    watch = Watch(stop, lambda: None)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        until(lambda: Mailbox.objects.filter(looked_at__isnull=False).exists(), what="it was looked at")
        for n in range(3):  # a second and a third one, too: IDLE is begun again
            dovecot.append(mail(str(n)))
            until(lambda n=n: Report.objects.count() == n + 1, what="it is taken")  # type: ignore[misc]
        mailboxes.switch(box.pk, on=False, user=a_person())
        until(lambda: not Mailbox.objects.filter(lease_until__isnull=False).exists(), what="it lets go")
        dovecot.append(mail("while paused"))
        mailboxes.switch(box.pk, on=True, user=a_person())
        until(lambda: Report.objects.count() == 4, what="it goes on")
        dovecot.stop()
        until(lambda: bool(Mailbox.objects.get().said), what="its trouble is told")
        dovecot.start()
        dovecot.append(mail("afterwards"))
        Mailbox.objects.update(next_at=None)  # the wait is over
        until(lambda: Report.objects.count() == 5, what="it is read again")
        until(lambda: not Mailbox.objects.get().said, what="its trouble is over")
    finally:
        stop.set()
        thread.join()
    assert Mailbox.objects.get().lease_until is None


def test_one_reader_at_a_time_and_a_dead_one_is_followed(dovecot: Dovecot) -> None:
    box = a_mailbox(dovecot)
    first = Reader(box.pk, "first", lambda: False)
    assert first._claim()
    now = clock.database_now()
    assert not Reader(box.pk, "second", lambda: False).run()
    assert due(now) == []
    assert due(now + timedelta(minutes=2)) == [box.pk]
    assert Reader(box.pk, "second", lambda: False, clock=lambda: now + timedelta(minutes=2))._claim()
    first._renew_at = 0.0
    assert not first._ours()


def test_a_server_that_is_away_is_tried_ever_more_seldom(dovecot: Dovecot) -> None:
    box = a_mailbox(dovecot)
    dovecot.stop()
    waits = []
    for failures in range(1, 4):
        box = read(box, now=NOW)
        assert box.failures == failures
        assert box.next_at
        waits.append(box.next_at - NOW)
    assert "cannot be reached" in box.said
    assert box.failing_since == NOW
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(seconds=10)
    assert reader.wait_after(50) == timedelta(minutes=15)
    dovecot.start()
    box = read(box, now=NOW + timedelta(hours=1))
    assert (box.failures, box.failing_since, box.said, box.todo) == (0, None, "", "")


@pytest.mark.parametrize("way", ["imap", "pop3"])
def test_a_wrong_password_is_said_without_saying_it(dovecot: Dovecot, way: str) -> None:
    box = read(a_mailbox(dovecot, way=way, password="not-the-one"))
    assert "refused the login" in box.said
    assert "not-the-one" not in box.said + box.todo


def test_a_certificate_that_nobody_vouches_for_is_not_taken(dovecot: Dovecot) -> None:
    box = read(a_mailbox(dovecot, certificate=""))
    assert "is not trusted" in box.said


def test_a_folder_that_is_not_there_is_said(dovecot: Dovecot) -> None:
    box = a_mailbox(dovecot, folder="Nowhere")
    with pytest.raises(Trouble, match="Nowhere"):
        mailboxes.verify(box)


KILLED = """
import os, signal
import django
django.setup()
from publisher.feedback.reader import Reader
from publisher.feedback.ways.{way} import {inbox}
def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)
{inbox}.{at} = dies
Reader({pk}, "the one that dies", lambda: False).run()
"""


@pytest.mark.parametrize(
    "dies",
    [("imap", "ImapInbox", "settle"), ("pop3", "PopInbox", "settle"), ("pop3", "PopInbox", "close")],
)
def test_a_reader_that_dies_between_commit_and_mark_loses_nothing_and_doubles_nothing(
    dovecot: Dovecot, dies: tuple[str, str, str], tmp_path: Path, valkey: object
) -> None:
    way, inbox, at = dies
    dovecot.append(a_bounce())
    dovecot.append(mail("two"))
    box = a_mailbox(dovecot, way=way)
    script = KILLED.format(way=way, inbox=inbox, at=at, pk=box.pk)
    env = environment(PUBLISHER_DATA_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="config.settings")
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, check=False, capture_output=True, timeout=180
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode() + dovecot.log()
    assert Report.objects.count() == 2
    assert dovecot.count() == 2, dovecot.log()
    later = clock.database_now() + timedelta(minutes=2)
    box = read(box, now=later)
    assert (box.said, dovecot.count()) == ("", 0), dovecot.log()
    assert (Report.objects.count(), Suppression.objects.count(), box.taken) == (2, 1, 2)


def test_imap_and_pop3_log_in_with_tokens() -> None:
    with (
        TokenServer() as authority,
        Introspection() as asked,
        Dovecot(introspection=asked.url) as server,
    ):
        server.append(mail("one"))
        oauth = {
            "login": "oauth",
            "password": authority.refresh,
            "client_secret": authority.secret,
            "client_id": "our-client",
            "token_url": authority.url,
        }
        keeps = read(a_mailbox(server, after="keep", **oauth))
        assert (keeps.said, keeps.taken) == ("", 1)
        popped = read(a_mailbox(server, way="pop3", name="pop", **oauth))
        assert (popped.said, server.count()) == ("", 0)
        asked.refuses = True
        refused = read(a_mailbox(server, name="refused", **oauth))
        assert "refused the login" in refused.said
