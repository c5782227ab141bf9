"""Children that end when told, and that are found again by their records."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from publisher.core import child

STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(600)"
)
WITH_GRANDCHILD = (
    "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(p.pid, flush=True); time.sleep(600)"
)
PARENT = """
import os, signal, subprocess, sys, time
from publisher.core import child
process = child.spawn([sys.executable, '-c', 'import time; time.sleep(600)'],
    on_parent_death=signal.SIGTERM, env=os.environ, output=subprocess.DEVNULL)
print(process.pid, flush=True)
time.sleep(600)
"""
GENTLE = (child.Step(signal.SIGTERM, 10), child.Step(signal.SIGKILL, 10))


def a_child(code: str = "import time; print('up', flush=True); time.sleep(600)") -> subprocess.Popen[bytes]:
    """A running child that has said its first line."""
    return child.spawn(
        [sys.executable, "-c", code], on_parent_death=signal.SIGTERM, env=os.environ, output=subprocess.PIPE
    )


def first_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def wait_until_gone(pid: int) -> None:
    if psutil.pid_exists(pid):
        psutil.wait_procs([psutil.Process(pid)], timeout=10)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_first_step_that_works_is_the_last_one_taken() -> None:
    process = a_child()
    first_line(process)
    child.end(process, GENTLE)
    assert process.returncode == -signal.SIGTERM


def test_a_child_that_ignores_a_step_gets_the_next() -> None:
    process = a_child(STUBBORN)
    first_line(process)
    child.end(process, (child.Step(signal.SIGTERM, 0.2), child.Step(signal.SIGKILL, 10)))
    assert process.returncode == -signal.SIGKILL


def test_what_a_child_started_ends_with_it() -> None:
    process = a_child(WITH_GRANDCHILD)
    grandchild = int(first_line(process))
    child.end(process, GENTLE)
    wait_until_gone(grandchild)


def test_a_child_dies_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    pid = int(first_line(parent))
    parent.kill()
    parent.wait()
    wait_until_gone(pid)


def test_a_record_finds_its_process_and_no_other(tmp_path: Path) -> None:
    record = tmp_path / "run" / "one.json"
    process = a_child()
    child.remember(record, process.pid)
    found = child.recall(record)
    assert found is not None
    assert found.pid == process.pid

    noted = json.loads(record.read_text())
    record.write_text(json.dumps({**noted, "started": noted["started"] - 3600}))
    assert child.recall(record) is None  # the number was given to another process since

    child.end(process, GENTLE)
    record.write_text(json.dumps(noted))
    assert child.recall(record) is None


def test_a_broken_record_finds_nothing(tmp_path: Path) -> None:
    record = tmp_path / "one.json"
    assert child.recall(record) is None
    for text in ("", "{", "[]", '{"pid": "x", "started": 1}', "null"):
        record.write_text(text)
        assert child.recall(record) is None
        assert child.recall_group(record) == []


def test_the_group_of_a_killed_leader_is_still_found(tmp_path: Path) -> None:
    record = tmp_path / "one.json"
    process = a_child(WITH_GRANDCHILD)
    child.remember(record, process.pid)
    grandchild = int(first_line(process))
    process.kill()
    process.wait()
    assert [found.pid for found in child.recall_group(record)] == [grandchild]
    child.kill_group(process.pid)
    wait_until_gone(grandchild)


def test_a_log_is_emptied_in_place_when_it_is_full(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with path.open("ab") as writer:  # as a server does, which never opens its log anew
        writer.write(b"x" * 100)
        writer.flush()
        child.bound_log(path, limit=200)
        assert path.stat().st_size == 100
        child.bound_log(path, limit=50)
        writer.write(b"more\n")
        writer.flush()
    assert path.read_bytes() == b"more\n"
    assert (tmp_path / "server.log.1").read_bytes() == b"x" * 100


def test_the_last_lines_of_a_log_are_its_end(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    assert child.last_lines(path) == ""
    path.write_text("".join(f"line {number}\n" for number in range(5000)))
    assert child.last_lines(path, 2) == "line 4998\nline 4999"
