"""Starting, remembering and ending child processes. Who runs which, and when, is decided by `embedded` and
`supervise`.

A child leads its own session, so that Ctrl-C in a terminal reaches only us and we choose the order. On
Linux the kernel signals it when we die; what outlives us elsewhere is found by its record (process id and
start time) at the next start.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # prctl(2)
START_TOLERANCE = 2.0  # seconds: the start time is counted from the machine's boot, which a clock step moves
POLL_SECONDS = 0.02
LOG_LIMIT = 4 * 1024 * 1024  # bytes of one log file; the previous ones are kept beside it as `.1`

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Step:
    """One step of ending a process: send `signum`, then wait up to `seconds`."""

    signum: signal.Signals
    seconds: float


def spawn(
    argv: Sequence[str],
    *,
    on_parent_death: signal.Signals,
    env: Mapping[str, str],
    cwd: Path | None = None,
    output: int | IO[bytes],
    user: tuple[int, int] | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child; `user` is (uid, gid) to change to. Both of its outputs go to `output`.

    Call it from the main thread: the kernel counts the end of the thread that started the child as the
    parent's death.
    """
    return subprocess.Popen(  # noqa: S603 - argv is ours, no shell
        list(argv),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=user[0] if user else None,
        group=user[1] if user else None,
        extra_groups=[] if user else None,
        pass_fds=pass_fds,
        preexec_fn=_die_with(os.getpid(), on_parent_death),  # noqa: PLW1509 - one system call, no lock taken
    )


def _die_with(parent: int, signum: signal.Signals) -> Callable[[], None] | None:
    """What the child does between fork and exec. After the change of user, which would clear the request."""
    if _libc is None:
        return None
    prctl = _libc.prctl

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:  # died before we could ask
            os._exit(1)

    return ask_the_kernel


def end(process: subprocess.Popen[bytes] | psutil.Process, steps: Sequence[Step]) -> None:
    """End a process: step after step until it is gone; then what is left of its group is killed."""
    for step in steps:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(step.signum)
        if _gone_within(process, step.seconds):
            break
        log.warning("child.slow_to_end", extra={"pid": process.pid, "signal": step.signum.name})
    kill_group(process.pid)


def kill_group(leader: int) -> None:
    """Kill whatever is left of the group that a child of ours led."""
    if leader != os.getpgrp():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def _gone_within(process: subprocess.Popen[bytes] | psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _gone(process):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _gone(process: subprocess.Popen[bytes] | psutil.Process) -> bool:
    """A process that only waits to be collected by its parent counts as gone."""
    if isinstance(process, subprocess.Popen):
        return process.poll() is not None
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def remember(record: Path, pid: int) -> None:
    """Write down which process this is, for whoever starts after we were killed."""
    record.parent.mkdir(parents=True, exist_ok=True)
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    temporary = record.with_suffix(".tmp")
    temporary.write_text(json.dumps({"pid": pid, "started": started}) + "\n", encoding="utf-8")
    temporary.replace(record)


def recall(record: Path) -> psutil.Process | None:
    """The process of a record, if exactly that one still runs and its number was not given to another."""
    noted = _noted(record)
    return same_process(*noted) if noted else None


def recall_group(record: Path) -> list[psutil.Process]:
    """What still runs of the group that the recorded process led, the leader first."""
    noted = _noted(record)
    if noted is None:
        return []
    leader, started = noted
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.create_time() >= started - START_TOLERANCE:
                found.append(process)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    return sorted(found, key=lambda process: process.pid != leader)


def _noted(record: Path) -> tuple[int, float] | None:
    try:
        noted = json.loads(record.read_text(encoding="utf-8"))
        return int(noted["pid"]), float(noted["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def same_process(pid: int, started: float) -> psutil.Process | None:
    """The process `pid` if it runs and was started at `started` (seconds since 1970)."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - started) > START_TOLERANCE or process.status() == psutil.STATUS_ZOMBIE:
            return None
    except psutil.NoSuchProcess:
        return None
    return process


def bound_log(path: Path, limit: int = LOG_LIMIT) -> None:
    """Keep a log file that a child appends to below `limit` bytes: copy it to `.1` and empty it in place."""
    try:
        if path.stat().st_size <= limit:
            return
    except FileNotFoundError:
        return
    shutil.copyfile(path, path.with_name(path.name + ".1"))
    os.truncate(path, 0)


def last_lines(path: Path, count: int = 8) -> str:
    """The end of a log, for a message to a person."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])
