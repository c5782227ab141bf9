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
from publisher.core import alive, child
from tests.cli.service import SECONDS, Service, left
from tests.folders import a_data_folder, a_migrated_folder
from tests.processes import until

pytestmark = pytest.mark.slow


@pytest.fixture
def data() -> Iterator[Path]:
    with a_data_folder() as folder:
        yield folder


@pytest.fixture
def migrated() -> Iterator[Path]:
    """For tests that show nothing of the first start."""
    with a_migrated_folder() as folder:
        yield folder


@pytest.fixture
def services() -> Iterator[list[Service]]:
    """Services that a test starts; none outlives it. Ask for the folder first: then it goes after them."""
    started: list[Service] = []
    yield started
    for service in started:
        processes = service.everything() if service.process.poll() is None else []
        service.stop(signal.SIGKILL)
        left(processes)


def start(services: list[Service], data: Path, **settings: str) -> Service:
    services.append(Service(data, **settings))
    return services[-1]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Service, Path]]:
    """One service for the tests that leave it running, with its data folder."""
    with a_data_folder() as folder:
        service = Service(folder)
        service.address()
        yield service, folder
        processes = service.everything()
        assert service.stop(signal.SIGTERM) == 0
        assert left(processes) == []


def signs_of_life(data: Path, *names: str) -> None:
    """Wait until each of these has given a new sign of life."""
    for name in names:
        (data / "run" / f"{name}.alive").unlink(missing_ok=True)
    until(
        lambda: all(alive.is_alive(data, name) for name in names), seconds=SECONDS, what=f"{names} do rounds"
    )


def replaced(record: Path, old: psutil.Process) -> bool:
    found = child.recall(record)
    return found is not None and found != old


def test_everything_runs_and_status_says_so(running: tuple[Service, Path]) -> None:
    service, data = running
    signs_of_life(data, "worker", "beat")
    report = json.loads(service.run("status", "--json").stdout)
    assert report["healthy"], report
    assert report["run_by"] == {"command": "up", "pid": service.process.pid}
    assert {"postgres", "valkey-server"} <= {process.name() for process in service.everything()}


def test_a_second_up_says_who_runs_and_leaves_it_alone(running: tuple[Service, Path]) -> None:
    first, _data = running
    second = first.run("up")
    assert second.returncode == 1
    assert f"process {first.process.pid}" in second.stderr
    assert first.run("health", "web").returncode == 0


def test_commands_use_the_servers_of_a_running_up(running: tuple[Service, Path]) -> None:
    service, data = running
    server = child.recall(data / "run" / "postgres.json")
    done = service.run("create-admin", "ada", "--generate")
    assert done.returncode == 0, done.stderr
    assert server == child.recall(data / "run" / "postgres.json")


@pytest.mark.parametrize("name", ["worker", "beat", "postgres", "valkey"])
def test_what_is_killed_comes_back(running: tuple[Service, Path], name: str) -> None:
    service, data = running
    record = data / "run" / f"{name}.json"
    process = child.recall(record)
    assert process is not None
    process.kill()
    service.until("program.ended", child=name)
    until(partial(replaced, record, process), seconds=SECONDS, what=f"{name} is back")
    signs_of_life(data, "worker", "beat")


def test_ctrl_c_stops_everything_in_order_and_leaves_nothing(migrated: Path, services: list[Service]) -> None:
    service = start(services, migrated)
    assert answers(f"{service.address()}/healthz")
    processes = service.everything()
    assert service.stop(signal.SIGINT) == 0
    assert left(processes) == []
    service.until("up.stopped")
    order = [
        line.get("server") or line.get("child") or line["program"]
        for line in service.seen
        if line["event"].endswith(".stopped")
    ]
    assert order == ["web", "beat", "watch", "worker", "valkey", "postgres", "publisher"]
    assert [path.name for path in (migrated / "run").glob("*.json")] == []


def test_one_process_alone_brings_its_servers(migrated: Path, services: list[Service]) -> None:
    services.append(beat := Service(migrated, "beat"))
    until(lambda: beat.run("health", "beat").returncode == 0, seconds=SECONDS, what="beat does its rounds")
    processes = beat.everything()
    assert {"postgres", "valkey-server"} <= {process.name() for process in processes}
    assert beat.stop(signal.SIGTERM) == 0
    assert left(processes) == []


def test_after_kill_9_the_next_start_has_the_data_and_no_old_process(
    migrated: Path, services: list[Service]
) -> None:
    first = start(services, migrated)
    first.address()
    assert first.run("create-admin", "ada", "--generate").returncode == 0
    old = first.everything()
    first.stop(signal.SIGKILL)

    second = start(services, migrated)
    second.address()
    assert left(old) == []
    again = second.run("create-admin", "ada", "--generate")
    assert "There is a login ada already" in again.stderr
    signs_of_life(migrated, "worker", "beat")
    assert second.stop() == 0


def test_a_taken_port_is_said_before_anything_starts(data: Path, services: list[Service]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        service = start(services, data, PUBLISHER_PORT=port)
        done = service.run("up")
        assert done.returncode == 1
        assert f"127.0.0.1:{port}" in done.stderr
    assert not (data / "postgres").exists()


def test_it_does_not_start_with_a_mail_setting_that_cannot_be_read(
    data: Path, services: list[Service]
) -> None:
    service = Service(data, PUBLISHER_MAIL="smtp:geheim@mail.example.org")
    services.append(service)
    assert service.process.wait() == 1
    refused = service.run("up")
    assert refused.stderr.startswith("publisher: PUBLISHER_MAIL cannot be used: it has to begin with smtp://")
    assert "Example: PUBLISHER_MAIL=smtp://user:password@mail.example.org:587" in refused.stderr
    assert "geheim" not in refused.stderr
    assert not (data / "postgres").exists()


def test_a_second_signal_hurries(migrated: Path, services: list[Service]) -> None:
    service = start(services, migrated)
    service.until("program.started", child="worker")
    processes = service.everything()
    os.kill(service.process.pid, signal.SIGTERM)
    os.kill(service.process.pid, signal.SIGTERM)
    assert service.stop(signal.SIGTERM) == 0
    assert left(processes) == []


def test_ctrl_c_while_the_servers_start_leaves_nothing(data: Path, services: list[Service]) -> None:
    service = start(services, data)
    until(lambda: len(psutil.Process(service.process.pid).children()) > 0, what="a first server starts")
    processes = service.everything()
    service.stop(signal.SIGINT)
    assert left(processes) == []
