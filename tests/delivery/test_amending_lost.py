"""Answers that are lost, and workers that die, while what was sent is corrected: each deed ends once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from publisher.core.errors import UserError
from publisher.delivery.amending import asking, claim, doubts
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.models import Amendment
from publisher.social.models import Channel, Post
from publisher.social.networks.sandbox.server import Server
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.amending_steps import (
    LATER,
    a_sent_post,
    ask,
    decide,
    outcomes,
    retracted,
    revised,
    tick,
    until_done,
)
from tests.delivery.post_steps import AFTER_LEASE, delivery_of
from tests.fakes import fault_proxy as faults
from tests.fakes import telegram as fake_telegram
from tests.fakes.fault_proxy import DROP_REPLY, RESET, TRUNCATED, Fault, FaultProxy, fault_proxy
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.mastodon import serving as serving_mastodon
from tests.fakes.sandbox import timeline
from tests.fakes.switches import Fault as TelegramFault
from tests.fakes.switches import serving
from tests.fakes.telegram import FakeTelegram
from tests.processes import ROOT, environment, until
from tests.social.steps import EVERY_MINUTE, a_sandbox_channel, an_editor, fresh, text_of

FAULTS = [
    DROP_REPLY,
    RESET,
    TRUNCATED,
    faults.error(503),
    faults.error_after(500),
    faults.html(200),
    faults.slow(0.8),
    faults.rate_limit(),
    faults.error(401),
]
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
in_database = pytest.mark.django_db


@pytest.fixture
def mastodon() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def proxy(mastodon: FakeMastodon) -> Iterator[FaultProxy]:
    with serving_mastodon(mastodon) as url, fault_proxy(url) as proxy:
        yield proxy


@pytest.fixture
def toot(proxy: FaultProxy) -> Post:
    """A status that went out."""
    channel = a_channel(
        "mastodon",
        credentials={"access_token": "token"},
        settings={"url": proxy.url, "timeout_seconds": 0.4},
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
    )
    return a_sent_post(channel)


@in_database
@each_fault
def test_whatever_goes_wrong_an_edit_ends_with_the_new_text_once(
    mastodon: FakeMastodon, proxy: FaultProxy, toot: Post, fault: Fault
) -> None:
    revised(toot)
    ask(toot)
    proxy.arm(fault, method="PUT")
    until_done()
    assert outcomes(toot) == [("edit", "done")]
    assert mastodon.texts == [text_of(toot)]
    assert "Harvests are back" in text_of(toot)
    assert delivery_of(toot).remote_id == mastodon.statuses[0].id


@in_database
@each_fault
def test_whatever_goes_wrong_a_deleted_post_is_gone(
    mastodon: FakeMastodon, proxy: FaultProxy, toot: Post, fault: Fault
) -> None:
    retracted(toot)
    ask(toot)
    proxy.arm(fault, method="DELETE")
    until_done()
    assert (mastodon.texts, outcomes(toot)) == ([], [("delete", "done")])
    assert fresh(toot).withdrawn_at is not None


@in_database
@each_fault
def test_whatever_goes_wrong_an_answer_stands_there_once(
    mastodon: FakeMastodon, proxy: FaultProxy, toot: Post, fault: Fault
) -> None:
    revised(toot)
    ask(toot, **{f"p{toot.pk}": decide(toot, Choice.REPLY)})
    proxy.arm(fault, method="POST", path="/api/v1/statuses")
    until_done()
    answer = Amendment.objects.get()
    assert (len(mastodon.statuses), answer.state) == (2, "done")
    assert sorted(mastodon.texts) == sorted([text_of(toot), answer.text])
    assert answer.remote_id != delivery_of(toot).remote_id
    assert answer.remote_id in {status.id for status in mastodon.statuses}


@in_database
def test_nothing_is_repeated_before_a_lost_request_has_certainly_ended(proxy: FaultProxy, toot: Post) -> None:
    revised(toot)
    ask(toot)
    proxy.arm(DROP_REPLY, method="PUT")
    tick()
    assert outcomes(toot) == [("edit", "unknown")]
    tick(LATER + timedelta(seconds=100))
    assert outcomes(toot) == [("edit", "unknown")]
    assert sum(seen.method == "PUT" for seen in proxy.seen) == 1
    until_done(start=LATER + timedelta(minutes=3))
    assert outcomes(toot) == [("edit", "done")]


@in_database
def test_an_edit_that_is_never_answered_waits_for_a_person(proxy: FaultProxy, toot: Post) -> None:
    revised(toot)
    ask(toot)
    proxy.arm(DROP_REPLY, method="PUT", times=100)
    until_done()
    row = Amendment.objects.get()
    assert (row.state, row.held, row.attempts) == ("unknown", True, 8)
    assert "Look at the post" in row.reason
    asking.confirm(row.pk, user=an_editor(), was_done=True, url="", now=LATER)
    assert (outcomes(toot), fresh(toot).item_revision) == ([("edit", "done")], 2)
    assert text_of(toot) == row.text


def a_chat(fake: FakeTelegram) -> Channel:
    account = fake_telegram.account_at(fake)
    return a_channel(
        "telegram",
        credentials=dict(account.credentials),
        settings=dict(account.settings),
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
    )


@pytest.fixture
def telegram(settings: Any) -> Iterator[FakeTelegram]:
    fake = FakeTelegram()
    with serving(fake):
        settings.FETCH_ALLOW = frozenset({f"127.0.0.1:{fake.port}"})
        yield fake


@in_database
@pytest.mark.parametrize("is_there", [True, False])
def test_of_an_answer_that_nobody_can_tell_about_a_person_says_whether_it_is_there(
    telegram: FakeTelegram, is_there: bool
) -> None:
    post = a_sent_post(a_chat(telegram))
    revised(post)
    ask(post, **{f"p{post.pk}": decide(post, Choice.REPLY)})
    telegram.faults.append(TelegramFault.DROP_AFTER if is_there else TelegramFault.RESET_BEFORE)
    until_done()
    row = Amendment.objects.get()
    assert (row.state, row.held) == ("unknown", True)
    assert "Telegram cannot tell" in row.reason
    sent_before = len(telegram.requests)
    if not is_there:
        with pytest.raises(UserError, match="may still appear"):
            asking.confirm(row.pk, user=an_editor(), was_done=False, url="", now=LATER)
    hour_later = LATER + timedelta(hours=1)
    asking.confirm(row.pk, user=an_editor(), was_done=is_there, url="", now=hour_later)
    until_done(start=hour_later)
    assert outcomes(post) == [("reply", "done")]
    assert len(telegram.texts) == 2
    assert len(telegram.requests) - sent_before == (0 if is_there else 1)


@in_database
def test_a_dead_workers_claim_is_unknown_and_its_late_answer_is_still_believed(
    network: Server,
) -> None:
    post = a_sent_post(a_sandbox_channel(network))
    revised(post)
    ask(post)
    row = Amendment.objects.get()
    fence = claim.claim(row.pk, now=LATER, lease=timedelta(minutes=5))
    assert fence
    assert not claim.claim(row.pk, now=LATER, lease=timedelta(minutes=5)), "one holder at a time"
    assert claim.sweep(now=LATER + timedelta(minutes=4)) == 0
    assert claim.sweep(now=LATER + AFTER_LEASE) == 1
    assert outcomes(post) == [("edit", "unknown")]
    assert not claim.settle(row.pk, fence, state="failed")
    assert claim.settle(row.pk, fence, state="done")


@in_database
def test_a_late_answer_changes_nothing_once_another_worker_has_the_claim(network: Server) -> None:
    post = a_sent_post(a_sandbox_channel(network))
    revised(post)
    ask(post)
    row = Amendment.objects.get()
    fence = claim.claim(row.pk, now=LATER, lease=timedelta(minutes=5))
    later = LATER + AFTER_LEASE
    claim.sweep(now=later)
    assert doubts.resolve(now=later) == 1
    assert claim.claim(row.pk, now=later, lease=timedelta(minutes=5)) > fence
    assert not claim.settle(row.pk, fence, state="done")


WORKER = """
import sys, django
from datetime import datetime
django.setup()
from publisher.delivery.amending.doing import do
do(int(sys.argv[1]), now=datetime.fromisoformat(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("choice", [Choice.EDIT, Choice.REPLY, Choice.DELETE])
def test_killed_after_the_network_took_it_the_deed_is_done_once(network: Server, choice: Choice) -> None:
    post = a_sent_post(a_sandbox_channel(network))
    revised(post)
    with fault_proxy(network.url) as proxy:
        Channel.objects.update(settings={"url": proxy.url, "timeout_seconds": 10})
        ask(post, **{f"p{post.pk}": decide(post, choice)})
        row = Amendment.objects.get()
        before = timeline(network)
        proxy.arm(faults.slow(8))
        command = [sys.executable, "-c", WORKER, str(row.pk), NOON.replace(hour=13).isoformat()]
        env = environment(DJANGO_SETTINGS_MODULE="config.settings")
        process = subprocess.Popen(command, cwd=ROOT, env=env)
        until(lambda: timeline(network) != before, what="the network did it")
        process.send_signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        assert outcomes(post) == [(choice.value, "sending")]
        tick(LATER)
        assert outcomes(post) == [(choice.value, "sending")], "nobody touches it while the lease holds"
        proxy.disarm()
        until_done(start=LATER + AFTER_LEASE)
    row.refresh_from_db()
    expected = {
        Choice.EDIT: [row.text],
        Choice.REPLY: [text_of(post), row.text],
        Choice.DELETE: [],
    }
    assert (row.state, timeline(network)) == ("done", expected[choice])
