"""The supervisor with small real programs."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from publisher.core import child
from publisher.core.child import Step
from publisher.core.supervise import restarts
from publisher.core.supervise.output import Output
from publisher.core.supervise.program import Program
from publisher.core.supervise.supervisor import Supervisor

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
FAILS = "import sys; print('cannot', flush=True); sys.exit(3)"


def a_program(name: str, code: str = SLEEP, stopping: tuple[Step, ...] | None = None) -> Program:
    given = {"stopping": stopping} if stopping else {}
    return Program(name, (sys.executable, "-c", code), dict(os.environ), Path("/"), **given)


class Run:
    """A supervisor over programs; `until` is asked at each tick and ends it with a signal when it is true."""

    def __init__(self, data_dir: Path, *programs: Program) -> None:
        self.stream = io.StringIO()
        output = Output(self.stream, names=(), people=True, colour=False)
        self.supervisor = Supervisor(programs, data_dir=data_dir, output=output)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    def until(self, done: Callable[[], bool], signals: int = 1) -> None:
        def tick() -> None:
            if done():
                for _ in range(signals):
                    os.kill(os.getpid(), signal.SIGTERM)

        with self.supervisor.signals():
            self.supervisor.run(on_tick=tick)


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "FIRST_WAIT", 0.01)


def children() -> list[psutil.Process]:
    return [
        process
        for process in psutil.Process().children()
        if process.cmdline()[1:2] == ["-c"] and process.is_running()
    ]


def test_everything_runs_until_a_signal_and_nothing_after(tmp_path: Path) -> None:
    run = Run(tmp_path, a_program("web"), a_program("worker"))
    run.until(lambda: sorted(run.lines) == ["web | up", "worker | up"])
    assert children() == []
    assert list((tmp_path / "run").iterdir()) == []


def test_programs_stop_in_their_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    run = Run(tmp_path, a_program("web"), a_program("beat"), a_program("worker"))
    run.until(lambda: len(run.lines) == 3)
    stopped = [record.child for record in caplog.records if record.message == "program.stopped"]
    assert stopped == ["web", "beat", "worker"]


def test_a_program_that_dies_is_started_again_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(tmp_path, a_program("web"), a_program("worker", FAILS))
    run.until(lambda: run.lines.count("worker | cannot") >= 3)
    ended = [record for record in caplog.records if record.message == "program.ended"]
    assert len(ended) >= 2
    assert {(record.child, record.code) for record in ended} == {("worker", 3)}
    assert ended[1].again_in_seconds > ended[0].again_in_seconds


def test_a_killed_program_is_replaced(tmp_path: Path) -> None:
    run = Run(tmp_path, a_program("worker"))
    killed: list[int] = []

    def replaced() -> bool:
        found = child.recall(tmp_path / "run" / "worker.json")
        if found and not killed and run.lines:
            killed.append(found.pid)
            found.kill()
        return run.lines.count("worker | up") == 2

    run.until(replaced)
    assert children() == []


def test_a_program_that_does_not_stop_is_killed_in_the_end(tmp_path: Path) -> None:
    steps = (Step(signal.SIGTERM, 0.2), Step(signal.SIGKILL, 5))
    run = Run(tmp_path, a_program("worker", DEAF, steps))
    run.until(lambda: run.lines == ["worker | up"])
    assert children() == []


def test_a_second_signal_hurries(tmp_path: Path) -> None:
    patient = (Step(signal.SIGTERM, 3600),)
    run = Run(tmp_path, a_program("worker", DEAF, patient))
    run.until(lambda: run.lines == ["worker | up"], signals=2)
    assert children() == []


def test_the_last_words_of_a_program_are_shown(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('goodbye'))); "
        "print('up', flush=True); time.sleep(600)"
    )
    run = Run(tmp_path, a_program("worker", code))
    run.until(lambda: run.lines == ["worker | up"])
    assert run.lines == ["worker | up", "worker | goodbye"]


def test_one_program_can_be_run_to_its_end(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.supervisor.run_once(a_program("migrate", "print('done')")) == 0
    assert run.supervisor.run_once(a_program("migrate", FAILS)) == 3
    assert run.lines == ["migrate | done", "migrate | cannot"]
    assert list((tmp_path / "run").iterdir()) == []


def test_what_a_killed_predecessor_left_running_is_ended(tmp_path: Path) -> None:
    program = a_program("worker")
    left = child.spawn(program.argv, on_parent_death=signal.SIGTERM, env=program.env, output=-3)
    child.remember(tmp_path / "run" / "worker.json", left.pid)
    Run(tmp_path, program).supervisor.end_leftovers()
    assert left.poll() is not None
