"""Real servers and workers in a folder of their own, and the ways to hurt them."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.valkey import EmbeddedValkey

ROOT = Path(__file__).resolve().parent.parent.parent
LEASE_SECONDS = 5
CONCURRENCY = 4
CELERY = (sys.executable, "-m", "celery", "-A", "worker")


class World:
    """PostgreSQL and Valkey, durable as in production. `servers()` starts them; workers are started for each scenario."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder)
        self.valkey = EmbeddedValkey(folder)

    def restart_postgres(self) -> None:
        """As a power cut leaves it ("immediate"), and up again."""
        self._end(self.postgres.pid, signal.SIGQUIT)
        self.postgres.start()

    def lose_redis(self) -> None:
        """Killed, its data gone, and up again, empty."""
        self._end(self.valkey.pid, signal.SIGKILL)
        shutil.rmtree(self.valkey.folder)
        self.valkey.start()

    def publisher(self, *arguments: str) -> None:
        """Run the command as an installation with servers of its own does."""
        given = {"PUBLISHER_DATABASE_URL": self.postgres.url, "PUBLISHER_REDIS_URL": self.valkey.url}
        command = [sys.executable, "-m", "publisher.cli", *arguments]
        subprocess.run(command, cwd=ROOT, env=os.environ | given, check=True, stdout=subprocess.DEVNULL)

    @staticmethod
    def _end(pid: int | None, how: signal.Signals) -> None:
        assert pid
        process = psutil.Process(pid)
        process.send_signal(how)
        process.wait(30)


@contextmanager
def world() -> Iterator[World]:
    """Servers with an empty database, Django set up on them; nothing is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="publisher-chaos-"))
    for name in [name for name in os.environ if name.startswith("PUBLISHER_")]:
        del os.environ[name]
    os.environ |= {
        "PUBLISHER_DATA_DIR": str(folder),
        "PUBLISHER_LOG_LEVEL": "error",
        "PUBLISHER_LEASE_SECONDS": str(LEASE_SECONDS),
        "PUBLISHER_CONCURRENCY": str(CONCURRENCY),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    made = World(folder)
    try:
        with made.postgres, made.valkey:
            import django
            from django.core.management import call_command
            from django.db import connections

            django.setup()
            call_command("migrate", verbosity=0)
            yield made
            connections.close_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Workers:
    """Celery workers and a beat that are started again whenever they end, as a supervisor does."""

    def __init__(self, mail: str, *, count: int = 1, environment: dict[str, str] | None = None) -> None:
        # Signs of life lie in the data folder and are not shared; everything else is as on one host.
        self._env = os.environ | {"PUBLISHER_MAIL": mail, "PUBLISHER_LOG_LEVEL": "info"} | (environment or {})
        self._env["PUBLISHER_LOG_FORMAT"] = "json"
        self._log = (Path(os.environ["PUBLISHER_DATA_DIR"]) / "workers.log").open("ab")
        worker = [*CELERY, "worker", "--without-gossip", "--without-mingle"]
        self._commands = [[*worker, "--hostname", f"worker{n}@%h"] for n in range(count)]
        self._commands.append([*CELERY, "beat", "--scheduler", "tasks.alive:Scheduler", "--pidfile", ""])
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self.kills = 0

    def __enter__(self) -> Workers:
        self._start_missing()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._log.close()

    def children(self) -> list[psutil.Process]:
        """The processes that do the tasks."""
        found = []
        for number in range(len(self._commands) - 1):
            with contextlib.suppress(psutil.Error, KeyError):
                found += psutil.Process(self._running[number].pid).children()
        return found

    def kill_one(self, chance: random.Random) -> None:
        """`kill -9` of a process that does tasks; one time in twelve of a whole worker."""
        if chance.random() < 1 / 12:
            victim = self._running[chance.randrange(len(self._commands) - 1)]
            with contextlib.suppress(ProcessLookupError):
                os.killpg(victim.pid, signal.SIGKILL)
                self.kills += 1
            return
        children = self.children()
        if children:
            with contextlib.suppress(psutil.Error):
                chance.choice(children).kill()
                self.kills += 1

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            self._start_missing()

    def _start_missing(self) -> None:
        for number, command in enumerate(self._commands):
            process = self._running.get(number)
            if process is None or process.poll() is not None:
                self._running[number] = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self._env,
                    stdout=self._log,
                    stderr=self._log,
                    start_new_session=True,
                )


class RecordingSink:
    """The sink's process, and what it wrote down."""

    def __init__(self, mode: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="publisher-sink-"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.sink", str(self.folder), mode], cwd=ROOT
        )
        until((self.folder / "port").exists, seconds=20, what="the sink listens")
        self.url = f"smtp://127.0.0.1:{(self.folder / 'port').read_text()}"

    def __enter__(self) -> RecordingSink:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def taken(self) -> Counter[tuple[str, str]]:
        """How often each (recipient, Message-ID) was taken."""
        lines = (self.folder / "taken").read_text(encoding="utf-8").splitlines()
        return Counter((recipient, key) for recipient, key in (line.split("\t") for line in lines))

    @property
    def broken(self) -> int:
        """Connections that ended without QUIT."""
        return len((self.folder / "broken").read_text(encoding="utf-8").splitlines())


def until(done: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.1)
