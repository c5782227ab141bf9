"""Signs of life: fresh ones count, unless the process that gave them is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from publisher.core import alive


def test_a_process_that_gave_a_sign_lately_is_alive(tmp_path: Path) -> None:
    assert not alive.is_alive(tmp_path, "worker")
    alive.touch(tmp_path, "worker")
    assert alive.is_alive(tmp_path, "worker")


def test_a_process_that_is_silent_is_not(tmp_path: Path) -> None:
    alive.touch(tmp_path, "worker")
    long_ago = time.time() - alive.STALE_SECONDS - 1
    os.utime(tmp_path / "run" / "worker.alive", (long_ago, long_ago))
    assert not alive.is_alive(tmp_path, "worker")


def test_a_process_that_was_killed_is_known_to_be_dead_at_once(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from publisher.core import alive; alive.touch(Path(sys.argv[1]), 'beat')"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert not alive.is_alive(tmp_path, "beat")


def test_a_process_of_another_host_is_known_by_its_sign_alone(tmp_path: Path) -> None:
    alive.touch(tmp_path, "beat")
    (tmp_path / "run" / "beat.alive").write_text("elsewhere 999999999")
    assert alive.is_alive(tmp_path, "beat")
