"""Real worker, beat, mail server and network: everything stops within two seconds, and goes on where it was."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.db import connection

from publisher.core import clock
from publisher.core.models import Heartbeat
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.digests.models import Edition
from publisher.social.models import Post
from tests.backup.conftest import World
from tests.backup.steps import publisher
from tests.builders import a_digest, a_subscriber, an_item
from tests.fakes.sandbox import sandbox, timeline
from tests.fakes.smtp_sink import SmtpSink, at
from tests.processes import environment, start, stop, until
from tests.social.steps import a_draft, a_sandbox_channel

pytestmark = pytest.mark.slow

MAILS, POSTS = 150, 20


def an_edition() -> Edition:
    """One that goes out now."""
    now = clock.now()
    digest = a_digest(enabled=False)
    an_item(at=now - timedelta(hours=1))
    for _ in range(MAILS):
        a_subscriber(digest)
    edition = Edition.objects.create(
        digest=digest,
        due_at=now,
        window_from=now - timedelta(days=7),
        window_to=now,
        created_at=now,
        trace_id="e" * 32,
    )
    return assemble(edition.pk, now=now)


@pytest.mark.usefixtures("world")
def test_mails_and_posts_stop_while_a_worker_runs_and_each_leaves_once_when_it_goes_on(
    tmp_path: Path,
) -> None:
    slowly = [at("DOT", "250 2.0.0 " + "Ok " * 100, deed="bytewise")]
    with SmtpSink(rules=slowly) as sink, sandbox(tmp_path / "sandbox") as network:
        edition = an_edition()
        now, channel = clock.now(), a_sandbox_channel(network)
        for n in range(POSTS):
            post = a_draft(channel, now=now)
            Post.objects.filter(pk=post.pk).update(state="scheduled", slot_at=now + timedelta(seconds=n / 2))
        with _working(tmp_path, sink):
            until(lambda: len(sink.messages) > 5 and len(timeline(network)) > 0, what="both go out")
            assert publisher("sending", "stop", "--reason", "A wrong picture").returncode == 0
            time.sleep(2)
            left = len(sink.messages), len(timeline(network))
            time.sleep(3)
            assert (len(sink.messages), len(timeline(network))) == left
            assert left < (MAILS, POSTS)
            assert not Delivery.objects.filter(state__in=["sending", "unknown"]).exists()
            report = json.loads(publisher("sending", "--json").stdout)
            assert report["would_leave"]["mails"][0]["queued"] == MAILS - left[0]
            assert publisher("sending", "go", "--yes").returncode == 0
            until(
                lambda: Edition.objects.get(pk=edition.pk).state == "sent",
                seconds=180,
                what="the edition is finished",
            )
            until(lambda: Post.objects.filter(state="sent").count() == POSTS, what="every post is published")
    assert set(Counter(message.rcpt_to for message in sink.messages).values()) == {1}
    assert len(sink.messages) == MAILS
    assert len(timeline(network)) == POSTS


def test_after_a_restore_nothing_leaves_until_a_person_says_so_edition_by_edition(
    world: World, inbox: redis.Redis, tmp_path: Path
) -> None:
    """An hour-old backup while the world went on: readers who got it since get nothing again by themselves."""
    file = tmp_path / "b.tar"
    with SmtpSink() as sink:
        edition = an_edition()
        assert publisher("backup", file).returncode == 0
        with _working(tmp_path, sink):
            until(
                lambda: Edition.objects.get(pk=edition.pk).state == "sent",
                what="it went out after the backup",
            )
        inbox.flushall()  # the turn of the killed worker
        connection.close()
        until(lambda: _is_free(world), what="the worker is gone")
        done = publisher("restore", file, "--yes")
        assert done.returncode == 0, done.stderr
        assert f"(paused): {MAILS} mails" in done.stdout
        with _working(tmp_path, sink):
            _let_rounds_go_by()
            assert len(sink.messages) == MAILS
            assert publisher("sending", "go", "--yes").returncode == 0
            _let_rounds_go_by()
            assert Edition.objects.get(pk=edition.pk).state == "paused"
            assert len(sink.messages) == MAILS
            Edition.objects.filter(pk=edition.pk).update(state="cancelled")
            until(lambda: not Delivery.objects.filter(state="queued").exists(), what="it is put aside")
    assert len(sink.messages) == MAILS


def _let_rounds_go_by() -> None:
    """Until the worker has done its rounds, and a little longer than the slowest of those that send."""
    now = clock.now()
    until(lambda: Heartbeat.objects.filter(name="schedule.tick", at__gt=now).exists(), what="a round is done")
    time.sleep(3)


@contextmanager
def _working(folder: Path, sink: SmtpSink) -> Iterator[None]:
    """A worker and a beat, killed at the end: a warm end takes its time."""
    env = environment(PUBLISHER_MAIL=sink.url)
    started = [start(program, folder=folder, env=env) for program in ("worker", "beat")]
    try:
        yield
    finally:
        for process in started:
            stop(process, how=signal.SIGKILL)


def _is_free(server: World) -> bool:
    return server.execute("SELECT 1 FROM pg_stat_activity WHERE datname = 'world'").fetchone() is None
