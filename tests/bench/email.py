"""A whole edition on its way: database, Redis, a real worker and a mail server on one machine, against Postfix's own
load generator at the same server in the same run. Run by the benchmarks; no test asserts it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil

from publisher.core import clock, events
from publisher.core.queues import STAGES
from publisher.delivery import tally
from publisher.delivery.email.message import MessageTemplate
from publisher.digests.due import create_now
from publisher.digests.models import Digest, Edition, Variant
from tests.bench.progress import say
from tests.builders import a_digest, a_subscriber, an_item
from tests.large import a_large_edition

RACE, SMALL, LARGE = 50_000, 10_000, 1_000_000
SESSIONS = 10
IDLE = 0.2
"""Seconds of CPU that workers take in a second of waiting, at most."""
ROOT = Path(__file__).resolve().parent.parent.parent


def measure() -> dict[str, float]:
    """An edition's messages a second against `smtp-source`, µs of the workers' CPU a message, a worker's peak memory with
    few and with many readers, and seconds until an alert has left while the large edition goes out."""
    with sink() as port:
        return _race(port) | _memory(port)


def _race(port: int) -> dict[str, float]:
    edition = _edition(RACE)
    size = mail_size(edition)
    with workers(port) as pids:
        before = source(port, size, RACE)
        sent = send(edition, pids)
        after = source(port, size, RACE)
    raced = (before + after) / 2
    return {
        "email_size_bytes": float(size),
        "smtp_source_per_s": raced,
        "email_per_s": sent.rate,
        "email_ratio_to_smtp_source": sent.rate / raced,
        "worker_cpu_us_per_message": sent.cpu_us,
    }


def _memory(port: int) -> dict[str, float]:
    small = _edition(SMALL)
    with workers(port) as pids:
        few = send(small, pids)
    large = _edition(LARGE)
    alert = a_digest(languages=["en"])
    a_subscriber(alert, "alarmed@example.net")
    with workers(port) as pids:
        waited: list[float] = []
        many = send(large, pids, at_half=lambda: waited.append(_alert(alert)))
    return {
        "worker_peak_rss_mb_10k": few.peak_mb,
        "worker_peak_rss_mb_1m": many.peak_mb,
        "email_1m_per_s": many.rate,
        "alert_seconds_under_load": waited[0],
    }


def _edition(readers: int) -> Edition:
    say(f"an edition to {readers:,} readers")
    return a_large_edition(readers)


def _alert(digest: Digest) -> float:
    """Seconds from an urgent item's edition, made while another goes out, until the server has taken its mail."""
    an_item(at=clock.now() - timedelta(minutes=1), title="The bridge at Lower Almaria is closed")
    started = clock.now()
    edition = create_now(digest, window_from=started - timedelta(minutes=10), now=started)
    Edition.objects.filter(pk=edition.pk).update(priority=9)
    events.emit("edition.ready", edition_id=edition.pk)
    while (sent := edition.delivery_set.filter(state="sent").first()) is None:
        time.sleep(0.02)
    assert sent.sent_at
    return (sent.sent_at - started).total_seconds()


@dataclass(frozen=True)
class Sent:
    """Messages a second from the start signal to the last row settled, µs of the workers' CPU each, peak memory in MB."""

    rate: float
    cpu_us: float
    peak_mb: float


def mail_size(edition: Edition) -> int:
    """Bytes of one message, within a few."""
    stored = Variant.objects.filter(edition=edition).values_list("message", flat=True)[0]
    return sum(len(part) for part in MessageTemplate.from_bytes(stored).parts if isinstance(part, bytes))


def send(edition: Edition, pids: list[psutil.Process], *, at_half: Callable[[], None] | None = None) -> Sent:
    """Give the start signal and wait for the last row."""
    wanted = tally.by_state(edition_id=edition.pk)["queued"]
    used, started = _cpu(pids), time.perf_counter()
    Edition.objects.filter(pk=edition.pk).update(state="sending")
    events.emit("delivery.due")
    count = 0
    while count < wanted:
        time.sleep(0.1)
        counts = tally.by_state(edition_id=edition.pk)
        count = counts.get("sent", 0)
        if failed := counts.get("failed", 0) + counts.get("unknown", 0):
            raise AssertionError(f"{failed} messages were not accepted")
        say(f"sent {count:,} of {wanted:,}", again=True)
        if at_half and count > wanted / 2:
            at_half()
            at_half = None
    seconds = time.perf_counter() - started
    cpu = _cpu(pids) - used
    peak = max(_peak_mb(process) for process in _family(pids))
    return Sent(wanted / seconds, cpu / wanted * 1e6, peak)


def source(port: int, size: int, count: int) -> float:
    """Messages a second of Postfix's smtp-source with ten sessions."""
    say(f"smtp-source: {count:,} messages")
    command = [_program("smtp-source"), "-s", str(SESSIONS), "-l", str(size), "-m", str(count)]
    started = time.perf_counter()
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)
    return count / (time.perf_counter() - started)


@contextmanager
def sink() -> Iterator[int]:
    """Postfix's smtp-sink on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([_program("smtp-sink"), *account, f"127.0.0.1:{port}", "500"])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def workers(port: int) -> Iterator[list[psutil.Process]]:
    """A worker and a beat as in production, that send to this port."""
    env = os.environ | {"PUBLISHER_MAIL": f"smtp://127.0.0.1:{port}", "PUBLISHER_LOG_LEVEL": "warning"}
    folder = Path(tempfile.mkdtemp(prefix="publisher-bench-worker-"))
    celery = [sys.executable, "-m", "celery", "-A", "worker"]
    commands = [
        [*celery, "worker", "-Q", ",".join(STAGES)],
        [*celery, "beat", "--schedule", str(folder / "beat")],
    ]
    with (folder / "log").open("wb") as log:
        started = [
            subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log) for command in commands
        ]
    try:
        found = [psutil.Process(process.pid) for process in started]
        _wait_until_idle(found)
        yield found
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_idle(pids: list[psutil.Process]) -> None:
    """Until the worker has its processes, and they have nothing to do but to tick: starting is no part of sending."""
    for _ in range(60):
        before = _cpu(pids)
        time.sleep(1)
        if len(_family(pids)) > len(pids) and _cpu(pids) - before < IDLE:
            return
    raise AssertionError("The workers did not come to rest.")


def _family(pids: list[psutil.Process]) -> list[psutil.Process]:
    return [*pids, *(child for process in pids for child in process.children(recursive=True))]


def _cpu(pids: list[psutil.Process]) -> float:
    """Seconds of CPU of the processes and all their children."""
    return sum(sum(process.cpu_times()[:2]) for process in _family(pids))


def _peak_mb(process: psutil.Process) -> float:
    """The largest resident memory that a process ever had (VmHWM)."""
    text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        raise SystemExit(f"{name} is missing: install Debian's package postfix (`.ci/system-packages` does).")
    return found
