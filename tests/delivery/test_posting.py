"""Several channels at once: a slow network holds up its own channel only, and each channel keeps its order."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connection

from publisher.core import clock
from publisher.delivery.leaving import enqueue_due
from publisher.delivery.models import Delivery
from publisher.delivery.posting import send_due
from publisher.social.models import Channel
from publisher.social.networks.base import Account, Prepared, Receipt
from publisher.social.networks.sandbox.network import Sandbox
from tests.desk.builders import a_post
from tests.fakes.sandbox import sandbox
from tests.processes import until
from tests.social.steps import a_sandbox_channel

pytestmark = pytest.mark.django_db(transaction=True)


def queued_on(channel: Channel, *texts: str) -> None:
    """Posts of this channel that are due, in this order, under the true clock."""
    now = clock.now()
    for text in texts:
        a_post(channel=channel, text=text, link="", state="scheduled", slot_at=clock.now())
    enqueue_due(now=clock.now())
    assert Delivery.objects.filter(channel=channel, state="queued", due_at__gte=now).count() == len(texts)


def test_a_network_that_does_not_answer_holds_up_its_own_channel_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_are_through, publish = threading.Event(), Sandbox.publish

    def slowly(
        self: Sandbox, account: Account, prepared: Prepared, before: tuple[Receipt, ...] = ()
    ) -> Receipt:
        if account.name == "Slow":
            assert others_are_through.wait(60)
        receipt = publish(self, account, prepared, before)
        if account.name == "Quick" and "third" in prepared.payload["text"]:
            others_are_through.set()
        return receipt

    monkeypatch.setattr(Sandbox, "publish", slowly)
    with sandbox(tmp_path) as server:
        slow, quick = (a_sandbox_channel(server, name=name) for name in ("Slow", "Quick"))
        queued_on(slow, "the slow first", "the slow second")
        queued_on(quick, "the first", "the second", "the third")
        assert send_due(seconds=20) == 5
        told = [(post.account, post.text) for post in reversed(server.store.newest())]
    assert [text for account, text in told if account == "Quick"] == ["the first", "the second", "the third"]
    assert told[-2:] == [("Slow", "the slow first"), ("Slow", "the slow second")]


def test_a_fault_of_our_own_is_logged_and_holds_up_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish = Sandbox.publish

    def breaking(
        self: Sandbox, account: Account, prepared: Prepared, before: tuple[Receipt, ...] = ()
    ) -> Receipt:
        if account.name == "Broken":
            raise ZeroDivisionError("a fault in a network's code")
        return publish(self, account, prepared, before)

    monkeypatch.setattr(Sandbox, "publish", breaking)
    with sandbox(tmp_path) as server:
        broken, sound = (a_sandbox_channel(server, name=name) for name in ("Broken", "Sound"))
        queued_on(broken, "what breaks")
        queued_on(sound, "what leaves")
        assert send_due(seconds=20) == 1
        assert [post.text for post in server.store.newest()] == ["what leaves"]
    assert "a fault in a network's code" in caplog.text
    assert Delivery.objects.get(channel=broken).state == "sending", "until its lease ends: it may be out"
    assert Delivery.objects.get(channel=sound).state == "sent"


def test_lanes_leave_no_connection_to_the_database_behind(tmp_path: Path) -> None:
    before = _sessions()  # more than this test's own where the server of browser tests ran in this process
    with sandbox(tmp_path) as server:
        for n in range(4):
            queued_on(a_sandbox_channel(server, name=f"Channel {n}"), f"text {n}")
        assert send_due(seconds=20, most=3) == 4
    until(lambda: _sessions() <= before, what="the lanes' sessions are over")


def _sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_nothing_due_ends_at_once_and_starts_no_thread() -> None:
    before = threading.active_count()
    assert send_due(seconds=20) == 0
    assert threading.active_count() == before
