"""`publisher up`: everything in one terminal, through Ctrl-C, a second start, and kill -9."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from publisher.cli.reachable import answers
from publisher.core import child
from tests.cli.service import SECONDS, Service, left
from tests.processes import until

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Services that a test starts; none outlives it."""
    started: list[Service] = []
    yield started
    for service in started:
        processes = service.everything() if service.process.poll() is None else []
        service.stop(signal.SIGKILL)
        left(processes)


def start(services: list[Service], data: Path, **settings: str) -> Service:
    services.append(Service(data, **settings))
    return services[-1]


def healthy(service: Service) -> bool:
    return bool(json.loads(service.run("status", "--json").stdout)["healthy"])


def replaced(record: Path, old: psutil.Process) -> bool:
    found = child.recall(record)
    return found is not None and found != old


def test_up_runs_everything_and_ctrl_c_leaves_nothing(services: list[Service], data: Path) -> None:
    service = start(services, data)
    assert answers(f"{service.address()}/healthz")
    until(lambda: healthy(service), seconds=SECONDS, what="web, worker and beat answer")
    processes = service.everything()
    assert {"postgres", "valkey-server"} <= {process.name() for process in processes}

    assert service.stop(signal.SIGINT) == 0
    assert left(processes) == []
    service.until("up.stopped")
    stopped = [line["program"] for line in service.seen if line["event"] == "program.stopped"]
    assert stopped == ["web", "beat", "worker"]
    assert [path.name for path in (data / "run").glob("*.json")] == []


def test_a_second_up_says_who_runs_and_leaves_it_alone(services: list[Service], data: Path) -> None:
    first = start(services, data)
    address = first.address()
    second = first.run("up")
    assert second.returncode == 1
    assert f"process {first.process.pid}" in second.stderr
    assert address in second.stderr
    assert first.process.poll() is None
    assert healthy(first) or first.run("health", "web").returncode == 0


def test_commands_use_the_servers_of_a_running_up(services: list[Service], data: Path) -> None:
    service = start(services, data)
    service.address()
    server = child.recall(data / "run" / "postgres.json")
    done = service.run("create-admin", "ada", "--generate")
    assert done.returncode == 0, done.stderr
    assert server == child.recall(data / "run" / "postgres.json")


def test_after_kill_9_the_next_start_has_the_data_and_no_old_process(
    services: list[Service], data: Path
) -> None:
    first = start(services, data)
    first.address()
    assert first.run("create-admin", "ada", "--generate").returncode == 0
    old = first.everything()
    first.stop(signal.SIGKILL)

    second = start(services, data)
    second.address()
    assert left(old) == []
    again = second.run("create-admin", "ada", "--generate")
    assert "There is a login ada already" in again.stderr
    until(lambda: healthy(second), seconds=SECONDS, what="everything answers again")
    assert second.stop() == 0


def test_a_killed_worker_and_a_killed_database_come_back(services: list[Service], data: Path) -> None:
    service = start(services, data)
    service.address()
    for name in ("worker", "postgres"):
        process = child.recall(data / "run" / f"{name}.json")
        assert process is not None
        process.kill()
        service.until("program.ended", program=name)
        until(partial(replaced, data / "run" / f"{name}.json", process), what=f"{name} is back")
    until(lambda: healthy(service), seconds=SECONDS, what="everything answers again")
    assert service.stop(signal.SIGTERM) == 0


def test_a_taken_port_is_said_before_anything_starts(services: list[Service], data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        service = start(services, data, PUBLISHER_PORT=port)
        done = service.run("up")
        assert done.returncode == 1
        assert f"127.0.0.1:{port}" in done.stderr
    assert not (data / "postgres").exists()


def test_a_second_signal_hurries(services: list[Service], data: Path) -> None:
    service = start(services, data)
    service.until("program.started", program="worker")
    processes = service.everything()
    os.kill(service.process.pid, signal.SIGTERM)
    os.kill(service.process.pid, signal.SIGTERM)
    assert service.stop(signal.SIGTERM) == 0
    assert left(processes) == []


def test_ctrl_c_while_the_servers_start_leaves_nothing(services: list[Service], data: Path) -> None:
    service = start(services, data)
    until(lambda: len(psutil.Process(service.process.pid).children()) > 0, what="a first server starts")
    processes = service.everything()
    service.stop(signal.SIGINT)
    assert left(processes) == []
