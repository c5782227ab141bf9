"""Real processes for tests: Celery's worker and beat on the test's own database and Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from publisher.core.embedded import addresses
from tests.conftest import DATA_DIR

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {
    "worker": ("-m", "celery", "-A", "worker", "worker", "--loglevel", "WARNING"),
    "beat": ("-m", "celery", "-A", "worker", "beat", "--loglevel", "WARNING", "--schedule"),
}


def environment(**given: str) -> dict[str, str]:
    """The environment of a process that works on this test's database and Redis."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PUBLISHER_")}
    return kept | {
        "PUBLISHER_DATA_DIR": str(DATA_DIR),
        "PUBLISHER_DATABASE_URL": addresses.postgres_url(DATA_DIR, str(connection.settings_dict["NAME"])),
        "PUBLISHER_REDIS_URL": settings.REDIS_URL,
        "PUBLISHER_SECRET_KEY": settings.SECRET_KEY,
        "PUBLISHER_LOG_FORMAT": "json",
        **given,
    }


def start(program: str, *, folder: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a program; its output goes to `folder/<program>.log`."""
    command = [sys.executable, *PROGRAMS[program]]
    if program == "beat":
        command.append(str(folder / "beat-schedule"))
    log = (folder / f"{program}.log").open("ab")
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)


def stop(process: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM) -> None:
    """End a program and all its children."""
    if process.poll() is None:
        os.killpg(process.pid, how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@contextmanager
def running(*programs: str, folder: Path, **given: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Programs for the time of a block."""
    env = environment(**given)
    started = {program: start(program, folder=folder, env=env) for program in programs}
    try:
        yield started
    finally:
        for process in started.values():
            stop(process)


def until(done: Callable[[], bool], *, seconds: float = 60.0, what: str = "it") -> None:
    """Wait until something is true; the bound only ends a test that would never end."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.05)
