"""A thousand posts due in the same minute on twenty channels, with two workers and beat, against the sandbox network's server.

Run by `make bench`; `tests/tasks/test_many_posts.py` runs a short form. It fails when a post is missing, stands there twice or
overtook another of its channel; no test asserts its times.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from django.conf import settings

from publisher.core import clock
from publisher.items.models import Item, Source
from publisher.schedule.models import Schedule
from publisher.social.models import Channel, Post
from publisher.social.networks.sandbox.store import Post as Published
from tests.fakes.sandbox import sandbox

CHANNELS, EACH, OVER = 20, 50, timedelta(minutes=1)
WORKERS = 2
AHEAD = timedelta(seconds=5)
"""Between writing the posts and the first slot."""
PATIENCE = 120.0
"""Seconds for workers to come up, and for the last post beyond its slot."""
ROOT = Path(__file__).resolve().parent.parent.parent


def measure() -> dict[str, float]:
    """Milliseconds from a post's slot until its request is at the server: half of them, 99 of 100, and the last."""
    with tempfile.TemporaryDirectory() as folder:
        run = run_through(Path(folder), channels=CHANNELS, each=EACH, over=OVER)
    if run.faults:
        raise AssertionError("; ".join(run.faults[:5]))
    cuts = quantiles(run.seconds, n=100)
    return {
        "posts_in_a_minute": float(len(run.seconds)),
        "post_due_to_wire_p50_ms": cuts[49] * 1000,
        "post_due_to_wire_p99_ms": cuts[98] * 1000,
        "post_due_to_wire_max_ms": max(run.seconds) * 1000,
    }


@dataclass(frozen=True)
class Run:
    """How long each post took from its slot to the server, and what is wrong: missing, twice, out of order."""

    seconds: list[float]
    faults: list[str]


def run_through(
    folder: Path, *, channels: int, each: int, over: timedelta, env: Mapping[str, str] = os.environ
) -> Run:
    """Schedule `each` posts on each channel, spread evenly `over` a time that begins when the workers are up; wait for all."""
    with sandbox(folder / "network") as server, _workers(folder, env):
        slots = _schedule(server.url, channels=channels, each=each, apart=over / each)
        until = time.monotonic() + (AHEAD + over).total_seconds() + PATIENCE
        while len(server.store.newest()) < len(slots) and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(1.0)  # whatever would come twice
        published = server.store.newest()[::-1]
    return Run(_delays(published, slots), faults_in(published, slots))


def faults_in(published: list[Published], slots: dict[str, datetime]) -> list[str]:
    """What is not there once, or not in its channel's order. `slots` by text, in the order of a channel."""
    texts = [post.text for post in published]
    faults = [f"{text} is there {texts.count(text)} times" for text in slots if texts.count(text) != 1]
    for account in {post.account for post in published}:
        of_account = [slots[post.text] for post in published if post.account == account]
        if of_account != sorted(of_account):
            faults.append(f"{account}: a post overtook another")
    return faults


def _delays(published: list[Published], slots: dict[str, datetime]) -> list[float]:
    return [
        (datetime.fromisoformat(post.created_at) - slots[post.text]).total_seconds() for post in published
    ]


def _schedule(url: str, *, channels: int, each: int, apart: timedelta) -> dict[str, datetime]:
    now = clock.now()
    schedule = Schedule.objects.create(
        name=f"bench {now.isoformat()}", slots=[{"weekday": 0, "at": "09:00"}], least_gap_minutes=0
    )
    source = Source.objects.create(name=f"bench {now.isoformat()}", created_at=now)
    common: dict[str, Any] = {"network": "sandbox", "schedule": schedule, "created_at": now}
    rows = [
        Channel.objects.create(
            name=f"Channel {n} {now.isoformat()}",
            credentials={"token": "t"},
            settings={"url": url},
            **common,
        )
        for n in range(channels)
    ]
    items = Item.objects.bulk_create([Item(source=source, **_item(n, now)) for n in range(each)])
    posts = [
        Post(
            item=item,
            channel=channel,
            item_revision=1,
            language="en",
            state=Post.State.SCHEDULED,
            parts=[{"text": f"Channel {channel.pk}, post {n}"}],
            slot_at=now + AHEAD + n * apart,
            approved_at=now,
            created_at=now,
            trace_id="",
        )
        for channel in rows
        for n, item in enumerate(items)
    ]
    Post.objects.bulk_create(posts)
    return {post.parts[0]["text"]: post.slot_at for post in posts if post.slot_at}


def _item(n: int, now: datetime) -> dict[str, Any]:
    return {
        "origin": "stream",
        "trace_id": "",
        "content_hash": bytes(32),
        "producer_id": f"bench-{now.isoformat()}-{n}",
        "url": f"https://office.example.org/bench/{n}",
        "url_key": f"https://office.example.org/bench/{now.isoformat()}/{n}",
        "kind": "story",
        "language": "en",
        "title": f"Story {n}",
        "published_at": now,
        "first_received_at": now,
        "received_at": now,
        "drafted_revision": 1,
    }


@contextmanager
def _workers(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Two workers and beat, as `publisher up` starts them, until the end."""
    celery = [sys.executable, "-m", "celery", "-A", "worker"]
    commands = [[*celery, "worker", "-n", f"bench{n}@%h"] for n in range(WORKERS)]
    commands.append([*celery, "beat", "--schedule", str(folder / "beat")])
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen(command, cwd=ROOT, env=dict(env), stdout=log, stderr=log) for command in commands
        ]
        try:
            _wait_for({process.pid for process in processes[:WORKERS]})
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


def _wait_for(workers: set[int]) -> None:
    """Until each has given a sign of life: they write one file in turn."""
    sign, until = settings.ENVIRONMENT.data_dir / "run" / "worker.alive", time.monotonic() + PATIENCE
    while workers:
        with suppress(FileNotFoundError, ValueError, IndexError):
            workers.discard(int(sign.read_text().split()[-1]))
        if time.monotonic() > until:
            raise AssertionError("a worker did not come up")
        time.sleep(0.05)
