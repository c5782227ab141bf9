"""`publisher up` as a real process, for tests."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180.0  # only ends a test that would never end


class Service:
    """A started `publisher up` (or web, worker, beat). Its lines are read as they come."""

    def __init__(self, data_dir: Path, command: str = "up", **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PUBLISHER_")}
        self.environ = kept | {"PUBLISHER_DATA_DIR": str(data_dir), "PUBLISHER_PORT": "0", **settings}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "publisher.cli", command],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.seen: list[dict[str, Any]] = []
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, event: str, **fields: object) -> dict[str, Any]:
        """Wait for a line with this event and these fields."""
        while True:
            line = self._lines.get(timeout=SECONDS)
            assert line is not None, f"ended without {event}: {self.seen[-20:]}"
            self.seen.append(json.loads(line))
            if self.seen[-1]["event"] == event and fields.items() <= self.seen[-1].items():
                return self.seen[-1]

    def address(self) -> str:
        return str(self.until("up.ready")["address"])

    def everything(self) -> list[psutil.Process]:
        """Every process that belongs to it, itself included."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same data folder."""
        return subprocess.run(
            [sys.executable, "-m", "publisher.cli", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Signal it and wait; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(SECONDS)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)


def left(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Which of these still run after a while; zombies that nobody collects do not count."""
    _, alive = psutil.wait_procs(processes, timeout=30)
    return [process for process in alive if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
