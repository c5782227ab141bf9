"""A sender is killed in the middle of publishing: nothing appears twice, nothing is lost."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from publisher.delivery.posts import enqueue_due, reconcile_unknown
from publisher.delivery.sweep import sweep
from publisher.social.models import Channel
from publisher.social.networks.sandbox.faults import Kind
from publisher.social.networks.sandbox.server import Server
from tests.builders import NOON
from tests.delivery.post_steps import AFTER_LEASE, delivery_of, tick
from tests.fakes.sandbox import timeline
from tests.processes import ROOT, environment, until
from tests.social.steps import a_sandbox_channel, a_scheduled_post, fresh, text_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SENDER = """
import sys, django
from datetime import datetime
django.setup()
from publisher.delivery.posts import send
send(int(sys.argv[1]), now=datetime.fromisoformat(sys.argv[2]))
"""


def start_sender(delivery_id: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SENDER, str(delivery_id), NOON.isoformat()]
    env = environment(DJANGO_SETTINGS_MODULE="config.settings")
    return subprocess.Popen(command, cwd=ROOT, env=env)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL


@pytest.mark.usefixtures("valkey")
def test_killed_after_the_network_took_it_the_post_appears_once(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network, settings={"url": network.url, "timeout_seconds": 10}))
    enqueue_due(now=NOON)
    network.faults.add(Kind.SLOW, seconds=8)
    sender = start_sender(delivery_of(post).pk)
    until(lambda: len(timeline(network)) == 1, what="the network has the post")
    kill(sender)
    row = delivery_of(post)
    assert (row.state, row.remote_id) == ("sending", "")
    tick(now=NOON)
    assert network.requests == 1, "nobody touches it while the lease holds"
    later = NOON + AFTER_LEASE
    assert sweep(now=later, most=8)
    assert reconcile_unknown(now=later) == 1
    tick(now=later)
    assert (timeline(network), network.requests) == ([text_of(post)], 1)
    assert (fresh(post).state, delivery_of(post).remote_id) == ("sent", "1")


@pytest.mark.usefixtures("valkey")
def test_killed_before_the_network_took_it_the_post_appears_once(network: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        channel = a_sandbox_channel(settings={"url": url, "timeout_seconds": 10})
        post = a_scheduled_post(channel)
        enqueue_due(now=NOON)
        sender = start_sender(delivery_of(post).pk)
        deaf.settimeout(60)
        connection, _ = deaf.accept()
        with connection:
            assert connection.recv(4) == b"POST"
            kill(sender)
    Channel.objects.filter(pk=channel.pk).update(settings={"url": network.url})
    later = NOON + AFTER_LEASE
    tick(now=later)
    assert timeline(network) == [text_of(post)]
    assert fresh(post).state == "sent"
