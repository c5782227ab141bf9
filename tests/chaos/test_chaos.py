"""The short form of `make chaos`: twenty processes killed while two editions go out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_twenty_killed_processes_lose_nothing_and_double_only_what_was_in_flight(tmp_path: Path) -> None:
    report = tmp_path / "chaos.json"
    command = [sys.executable, "-m", "tests.chaos", "--only", "kills", "--kills", "20", "--json", str(report)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(report.read_text(encoding="utf-8"))["scenarios"]["kills"]
    assert figures["kills"] >= 20
    assert figures["recipients"] == 1200
    assert (figures["lost"], figures["doubled_hold"]) == (0, 0)
    assert figures["doubled"] <= figures["in_flight_killed"]
    assert figures["messages"] >= figures["recipients"] - figures["unknown"]
