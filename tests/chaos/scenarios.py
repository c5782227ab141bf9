"""What may happen while an edition goes out. Each takes the world and gives the figures of what arrived."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connections

from publisher.core import events, standstill
from publisher.digests.models import Edition
from tests.chaos.counting import Figures, count, open_rows
from tests.chaos.world import LEASE_SECONDS, RecordingSink, Workers, World, until
from tests.large import a_large_edition

PATIENCE = 300.0
KILL_SECONDS = 0.4
READERS_PER_KILL = 60
SOME_TICKS = 3.0 * LEASE_SECONDS
"""Long enough for the sweep and for a claim of whatever is due."""

Deed = Callable[[Workers, RecordingSink], None]


def run(readers: int, deed: Deed, *, mode: str = "steady", workers: int = 1, **environment: str) -> Figures:
    """Send two editions, of a digest that resends and one that holds, while `deed` does its worst; count afterwards."""
    editions = [a_large_edition(readers // 2, items=1, on_unknown=policy) for policy in ("resend", "hold")]
    ids = [edition.pk for edition in editions]
    with RecordingSink(mode) as sink, Workers(sink.url, count=workers, environment=environment) as running:
        began = time.monotonic()
        Edition.objects.filter(pk__in=ids).update(state="sending")
        events.emit("delivery.due")
        until(lambda: bool(sink.taken), seconds=60, what="the first message arrives")
        deed(running, sink)
        until(lambda: open_rows(ids) == 0, seconds=PATIENCE, what="nothing can change by itself any more")
        return count(ids, sink, kills=running.kills, seconds=time.monotonic() - began)


def kills(_world: World, number: int) -> Figures:
    """`kill -9` of random processes of two workers, `number` times."""
    chance = random.Random(4711)

    def deed(running: Workers, _sink: RecordingSink) -> None:
        while running.kills < number:
            time.sleep(chance.uniform(0.5, 1.5) * KILL_SECONDS)
            running.kill_one(chance)

    return run(number * READERS_PER_KILL, deed, mode="unhurried", workers=2)


def redis_lost(world: World, _number: int) -> Figures:
    """Redis killed and emptied, three times, once in the same instant as a process that sends."""
    chance = random.Random(1)

    def deed(running: Workers, _sink: RecordingSink) -> None:
        for round_ in range(3):
            time.sleep(3)
            if round_ == 1:
                running.kill_one(chance)
            world.lose_redis()

    return run(4000, deed, mode="unhurried")


def postgres_restarted(world: World, _number: int) -> Figures:
    """PostgreSQL ended "immediately", as by a power cut, and started again, three times."""

    def deed(_running: Workers, _sink: RecordingSink) -> None:
        for _ in range(3):
            time.sleep(3)
            world.restart_postgres()

    return run(4000, deed, mode="unhurried")


def worker_stopped(_world: World, _number: int) -> Figures:
    """Processes stopped for longer than their lease, and woken."""

    def deed(running: Workers, _sink: RecordingSink) -> None:
        for _ in range(2):
            time.sleep(2)
            stopped = running.children()
            for process in stopped:
                process.send_signal(signal.SIGSTOP)
            time.sleep(LEASE_SECONDS + 3)
            for process in stopped:
                if process.is_running():
                    process.send_signal(signal.SIGCONT)

    return run(3000, deed, mode="unhurried", workers=2)


def two_workers(_world: World, _number: int) -> Figures:
    """Two workers send the same editions, unhurt."""
    return run(8000, _nothing, workers=2)


def clock_set_back(_world: World, _number: int) -> Figures:
    """The wall clock of the workers' host goes back by an hour in the middle (by libfaketime; the database's does not)."""
    offset = Path(os.environ["PUBLISHER_DATA_DIR"]) / "clock-offset"
    offset.write_text("+0")

    def deed(_running: Workers, _sink: RecordingSink) -> None:
        time.sleep(2)
        offset.write_text("-3600")

    return run(
        4000,
        deed,
        mode="unhurried",
        workers=2,
        LD_PRELOAD=_faketime(),
        FAKETIME_TIMESTAMP_FILE=str(offset),
        FAKETIME_NO_CACHE="1",
        DONT_FAKE_MONOTONIC="1",
    )


def _faketime() -> str:
    for place in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"):
        return str(place)
    raise SystemExit(
        "libfaketime is missing: install Debian's package faketime (`.ci/system-packages` does)."
    )


def database_restored(world: World, _number: int) -> Figures:
    """A backup made while editions go out, restored after they have: nothing more leaves until a person says so."""
    ids = [a_large_edition(1000, items=1, on_unknown=policy).pk for policy in ("resend", "hold")]
    file = world.folder / "backup.tar"
    with RecordingSink("unhurried") as sink:
        began = time.monotonic()
        with Workers(sink.url):
            Edition.objects.filter(pk__in=ids).update(state="sending")
            events.emit("delivery.due")
            until(lambda: sink.taken.total() > 300, seconds=60, what="some of it has left")
            world.publisher("backup", str(file))
            until(lambda: open_rows(ids) == 0, seconds=PATIENCE, what="all of it has left")
        connections.close_all()
        world.publisher("restore", str(file), "--yes", "--discard")
        before = sink.taken.total()
        with Workers(sink.url):
            time.sleep(SOME_TICKS)
        if sink.taken.total() != before or not standstill.is_on():
            raise AssertionError(f"{sink.taken.total() - before} messages left after the restore")
        figures = count(ids, sink, kills=0, seconds=time.monotonic() - began)
    for each in ids:
        world.publisher("edition", "cancel", str(each))
    world.publisher("sending", "go", "--yes")  # for the scenarios that come after
    return figures


def server_421(_world: World, _number: int) -> Figures:
    """The server says 421 at every seventh message."""
    return run(2000, _nothing, mode="421")


def server_resets(_world: World, _number: int) -> Figures:
    """The server takes every 23rd message and resets the connection instead of saying so."""
    return run(2000, _nothing, mode="reset")


def server_refuses(_world: World, _number: int) -> Figures:
    """4xx and 5xx by pattern: a tenth is refused for good, which would have a person look, so the limit of errors is off."""
    return run(2000, _nothing, mode="refusing", PUBLISHER_MAIL_ERROR_LIMIT="100")


def server_slow(_world: World, _number: int) -> Figures:
    """A byte a second, so that answers take longer than a lease."""
    return run(12, _nothing, mode="slow")


def server_splits(_world: World, _number: int) -> Figures:
    """Replies split and merged."""
    return run(2000, _nothing, mode="split")


def server_closes(_world: World, _number: int) -> Figures:
    """The server closes after each message."""
    return run(2000, _nothing, mode="closing")


def _nothing(_running: Workers, _sink: RecordingSink) -> None:
    """The server is trouble enough."""
