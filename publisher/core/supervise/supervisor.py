"""The loop that keeps programs and embedded servers running until it is told to stop.

One thread does everything, so that every child is started by the thread that lives as long as we do
(see `child.spawn`).
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from publisher.core import child
from publisher.core.embedded.server import EmbeddedServer
from publisher.core.errors import UserError
from publisher.core.supervise.output import Lines, Output
from publisher.core.supervise.program import Program
from publisher.core.supervise.restarts import History

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
LOG_CHECK_SECONDS = 60.0
READ_BYTES = 64 * 1024
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class _Life:
    """What is known of one program or server while we supervise it."""

    history: History = field(default_factory=History)
    started: float = 0.0
    start_at: float | None = 0.0  # when to start it (monotonic), None while it runs
    process: subprocess.Popen[bytes] | None = None


class Supervisor:
    """Keeps `programs` and embedded `servers` running until Ctrl-C or SIGTERM.

    Programs are stopped in the order in which they are given. A second signal hurries.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        servers: Sequence[EmbeddedServer] = (),
        data_dir: Path,
        output: Output,
    ) -> None:
        self._programs = programs
        self._servers = servers
        self._data_dir = data_dir
        self._output = output
        self._selector = selectors.DefaultSelector()
        self._lives = {name: _Life() for name in [p.name for p in programs] + [s.name for s in servers]}
        self._signals = 0
        self._starting_server = False
        self._next_log_check = 0.0

    @property
    def stopping(self) -> bool:
        """A signal came."""
        return self._signals > 0

    @property
    def hurry(self) -> bool:
        """A second signal came."""
        return self._signals > 1

    def run_once(self, program: Program) -> int:
        """Run a program to its end and return its exit code; 130 when a signal came first."""
        life = self._start(program)
        process = life.process
        if process is None:
            return 1
        self._pump_until(lambda: process.poll() is not None or self.stopping)
        if process.poll() is None:
            self._end(program, life)
            return 130
        self._drain(process)
        life.process = None
        self._record(program).unlink(missing_ok=True)
        return process.returncode

    def run(self, on_tick: Callable[[], None] = lambda: None) -> None:
        """Start everything, keep it running until a signal comes; then stop the programs, not the servers."""
        try:
            while not self.stopping:
                self._look_after_servers()
                self._look_after_programs()
                on_tick()
                self._pump(TICK_SECONDS)
        finally:
            self.stop_programs()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop, within this block."""
        before = {signum: signal.signal(signum, self._on_signal) for signum in STOP_SIGNALS}
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def start_servers(self) -> None:
        """Start the servers in their order. Raises `UserError`, and `KeyboardInterrupt` when a signal comes."""
        self._starting_server = True
        try:
            for server in self._servers:
                server.start()
        finally:
            self._starting_server = False

    def stop_servers(self) -> None:
        for server in reversed(self._servers):
            server.stop(hurry=self.hurry)

    def stop_programs(self) -> None:
        for program in self._programs:
            life = self._lives[program.name]
            life.start_at = None
            if life.process is not None:
                self._end(program, life)

    def end_leftovers(self) -> None:
        """End programs of a predecessor that was killed. Only for the holder of the data folder's lock."""
        for program in self._programs:
            record = self._record(program)
            for process in child.recall_group(record):
                log.warning("program.leftover_ended", extra={"child": program.name, "pid": process.pid})
                child.end(process, program.stopping)
            record.unlink(missing_ok=True)

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._starting_server:  # may take minutes after a crash
            raise KeyboardInterrupt

    def _look_after_servers(self) -> None:
        now = time.monotonic()
        for server in self._servers:
            life = self._lives[server.name]
            if life.start_at is None and not server.is_alive():
                self._died(server.name, life, code=None)
            if life.start_at is not None and now >= life.start_at:
                self._start_server(server, life)
        if now >= self._next_log_check:
            self._next_log_check = now + LOG_CHECK_SECONDS
            for server in self._servers:
                child.bound_log(server.log_file)

    def _start_server(self, server: EmbeddedServer, life: _Life) -> None:
        life.started, life.start_at = time.monotonic(), None
        self._starting_server = True
        try:
            server.start()
        except KeyboardInterrupt:
            return  # the signal is counted: the loop ends
        except UserError as error:
            log.warning("server.not_started", extra={"server": server.name, "reason": error.message})
            self._died(server.name, life, code=None)
        finally:
            self._starting_server = False

    def _look_after_programs(self) -> None:
        for program in self._programs:
            life = self._lives[program.name]
            process = life.process
            if process is not None and process.poll() is not None:
                child.kill_group(process.pid)
                self._drain(process)
                life.process = None
                self._died(program.name, life, code=process.returncode)
            if life.start_at is not None and time.monotonic() >= life.start_at:
                self._start(program)

    def _died(self, name: str, life: _Life, code: int | None) -> None:
        life.history = life.history.after_death(time.monotonic() - life.started)
        life.start_at = time.monotonic() + life.history.wait
        log.error("program.ended", extra={"child": name, "code": code, "again_in_seconds": life.history.wait})

    def _start(self, program: Program) -> _Life:
        life = self._lives.setdefault(program.name, _Life())
        process = child.spawn(
            program.argv,
            on_parent_death=signal.SIGTERM,
            env=program.env,
            cwd=program.cwd,
            output=subprocess.PIPE,
            pass_fds=program.pass_fds,
        )
        child.remember(self._record(program), process.pid)
        life.started, life.start_at, life.process = time.monotonic(), None, process
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, (program.name, Lines()))
        log.info("program.started", extra={"child": program.name, "pid": process.pid})
        return life

    def _end(self, program: Program, life: _Life) -> None:
        """Step by step, while its last lines are still shown; a second signal leads to the hurried steps."""
        process = life.process
        if process is None:
            return
        if not self._go_through(process, program.stopping, until_hurry=True):
            self._go_through(process, program.hurrying, until_hurry=False)
        child.kill_group(process.pid)
        process.wait()
        self._drain(process)
        life.process = None
        self._record(program).unlink(missing_ok=True)
        log.info("program.stopped", extra={"child": program.name, "code": process.returncode})

    def _go_through(
        self, process: subprocess.Popen[bytes], steps: Sequence[child.Step], *, until_hurry: bool
    ) -> bool:
        """Send the steps' signals until the process is gone; False when a hurry cut the steps short."""

        def settled() -> bool:
            return process.poll() is not None or (until_hurry and self.hurry)

        for step in steps:
            if not settled():
                process.send_signal(step.signum)
                self._pump_until(settled, step.seconds)
        return process.poll() is not None or not (until_hurry and self.hurry)

    def _pump_until(self, done: Callable[[], bool], seconds: float = float("inf")) -> None:
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            self._pump(TICK_SECONDS / 4)

    def _pump(self, seconds: float) -> None:
        """Pass on what the programs say."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _events in self._selector.select(seconds):
            self._read(key)

    def _read(self, key: selectors.SelectorKey) -> bool:
        """Read once from a pipe; False when there is nothing more."""
        name, lines = key.data
        try:
            data = os.read(key.fd, READ_BYTES)
        except BlockingIOError:
            return False
        for line in lines.feed(data) if data else lines.end():
            self._output.line(name, line)
        if not data:
            self._selector.unregister(key.fileobj)
        return bool(data)

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        """Show a dead program's last words, and close its pipe."""
        if process.stdout is None:
            return
        key = self._selector.get_map().get(process.stdout)
        while key is not None and self._read(key):
            pass
        if process.stdout in self._selector.get_map():
            self._selector.unregister(process.stdout)
        process.stdout.close()

    def _record(self, program: Program) -> Path:
        return self._data_dir / "run" / f"{program.name}.json"
