"""Signs of life of worker and beat: a file in `run/` of the data folder, touched while the process does its rounds.

`tasks.alive` touches them; `publisher status` and the health checks of containers read their age.
"""

from __future__ import annotations

import time
from pathlib import Path

STALE_SECONDS = 30.0


def touch(data_dir: Path, name: str) -> None:
    path = _file(data_dir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def age(data_dir: Path, name: str) -> float | None:
    """Seconds since the last sign of life; None if there never was one."""
    try:
        return max(0.0, time.time() - _file(data_dir, name).stat().st_mtime)
    except FileNotFoundError:
        return None


def is_alive(data_dir: Path, name: str) -> bool:
    seconds = age(data_dir, name)
    return seconds is not None and seconds < STALE_SECONDS


def _file(data_dir: Path, name: str) -> Path:
    return data_dir / "run" / f"{name}.alive"
