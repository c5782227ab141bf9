"""Signs of life of worker and beat: a file in `run/` of the data folder, written while the process does its rounds.

It holds host and process id, so that a process of this host that was killed is known to be dead at once. `tasks.alive`
writes them; `publisher status` and the health checks of containers read their age.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import psutil

STALE_SECONDS = 30.0


def touch(data_dir: Path, name: str) -> None:
    path = _file(data_dir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{socket.gethostname()} {os.getpid()}")


def age(data_dir: Path, name: str) -> float | None:
    """Seconds since the last sign of life; None if there never was one."""
    try:
        return max(0.0, time.time() - _file(data_dir, name).stat().st_mtime)
    except FileNotFoundError:
        return None


def is_alive(data_dir: Path, name: str) -> bool:
    seconds = age(data_dir, name)
    return seconds is not None and seconds < STALE_SECONDS and not _is_gone(data_dir, name)


def _is_gone(data_dir: Path, name: str) -> bool:
    """The process was one of this host (a container is a host of its own) and does not exist any more."""
    try:
        host, _, pid = _file(data_dir, name).read_text().partition(" ")
    except OSError:
        return False
    return host == socket.gethostname() and pid.isdigit() and not psutil.pid_exists(int(pid))


def _file(data_dir: Path, name: str) -> Path:
    return data_dir / "run" / f"{name}.alive"
