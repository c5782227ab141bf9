"""Several commands on one data folder: one runs the servers, the others borrow them, nobody pulls them away."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from publisher.core.embedded import addresses
from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.running import CLOSING, READY, ServersLock, embedded_servers, ensure_servers
from publisher.core.errors import UserError
from tests.folders import a_data_folder

COMMAND = """
import sys, types
from pathlib import Path
from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.running import ensure_servers
env = types.SimpleNamespace(data_dir=Path(sys.argv[1]), database_url="", redis_url="redis://elsewhere")
with ensure_servers(env, command=sys.argv[2]):
    print("in", flush=True)
    sys.stdin.readline()
    print(EmbeddedPostgres(env.data_dir).why_not_ready() or "answers", flush=True)
"""


@dataclass(frozen=True)
class Settings:
    data_dir: Path
    database_url: str = ""
    redis_url: str = ""


class Command:
    """A process that uses the servers until it is let go."""

    def __init__(self, data_dir: Path, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(data_dir), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def entered(self) -> Command:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "in\n"
        return self

    def let_go(self) -> str:
        """What it found at its end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def data() -> Iterator[Path]:
    with a_data_folder() as folder:
        yield folder


def running(data: Path) -> bool:
    return EmbeddedPostgres(data).why_not_ready() == ""


def test_only_what_the_settings_leave_open_is_embedded(data: Path) -> None:
    def names(**given: str) -> list[str]:
        return [server.name for server in embedded_servers(Settings(data, **given))]

    assert names() == ["postgres", "valkey"]
    assert names(redis_url="redis://r") == ["postgres"]
    assert names(database_url="postgres://p") == ["valkey"]
    assert names(database_url="postgres://p", redis_url="redis://r") == []


def test_with_outside_servers_nothing_is_started_or_locked(data: Path) -> None:
    with ensure_servers(Settings(data, "postgres://p", "redis://r"), command="status"):
        assert list(data.iterdir()) == []


def test_the_lock_is_held_once_and_says_by_whom(data: Path) -> None:
    first, second = ServersLock(data), ServersLock(data)
    assert first.try_hold("up", ["postgres"])
    assert not second.try_hold("import-feed", ["postgres"])
    holder = second.holder()
    assert holder is not None
    assert (holder.command, holder.servers) == ("up", ("postgres",))
    first.release()
    assert second.holder() is None
    assert second.try_hold("import-feed", ["postgres"])
    second.release()


def test_nobody_borrows_before_the_servers_are_ready_or_after_they_close(data: Path) -> None:
    lock, other = ServersLock(data), ServersLock(data)
    lock.try_hold("up", [])
    assert other.try_borrow() is None
    lock.say(state=READY)
    assert other.try_borrow() is not None
    lock.say(state=CLOSING)
    assert other.try_borrow() is None
    lock.release()
    assert other.try_borrow() is None


def test_a_note_of_a_dead_holder_counts_for_nothing(data: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from publisher.core.embedded.running import *; "
        "lock = ServersLock(Path(sys.argv[1])); lock.try_hold('up', []); lock.say(state=READY); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(data)], check=False)
    lock = ServersLock(data)
    assert "up" in (data / "run" / "servers.lock").read_text()
    assert lock.holder() is None
    assert lock.try_borrow() is None
    assert lock.try_hold("up", [])
    lock.release()


@pytest.mark.slow
def test_the_servers_stop_with_the_command_that_started_them(data: Path) -> None:
    command = Command(data, "alone").entered()
    assert running(data)
    assert command.let_go() == "answers"
    assert command.process.wait(60) == 0
    assert not running(data)
    assert not addresses.socket_dir(data).exists()


@pytest.mark.slow
def test_who_started_the_servers_waits_for_who_borrowed_them(data: Path) -> None:
    starter = Command(data, "starter").entered()
    borrower = Command(data, "borrower").entered()
    starter.let_go()
    with pytest.raises(subprocess.TimeoutExpired):
        starter.process.wait(1)
    assert borrower.let_go() == "answers"
    assert borrower.process.wait(60) == 0
    assert starter.process.wait(60) == 0
    assert not running(data)


@pytest.mark.slow
def test_commands_that_start_together_share_one_server(data: Path) -> None:
    commands = [Command(data, f"command-{number}") for number in range(4)]
    for command in commands:
        command.entered()
    assert [command.let_go() for command in commands] == ["answers"] * 4
    assert [command.process.wait(60) for command in commands] == [0] * 4
    assert not running(data)


@pytest.mark.slow
def test_a_command_that_comes_while_the_servers_close_starts_its_own(data: Path) -> None:
    first = Command(data, "first").entered()
    first.let_go()
    second = Command(data, "second").entered()
    assert second.let_go() == "answers"
    assert [first.process.wait(60), second.process.wait(60)] == [0, 0]


@pytest.mark.slow
def test_a_killed_starter_is_replaced_by_the_next_command(data: Path) -> None:
    first = Command(data, "first").entered()
    first.process.kill()
    first.process.wait()
    second = Command(data, "second").entered()
    assert second.let_go() == "answers"
    assert second.process.wait(60) == 0


@pytest.mark.slow
def test_two_commands_with_different_settings_are_told_so(data: Path) -> None:
    first = Command(data, "import-feed").entered()  # runs PostgreSQL only
    with (
        pytest.raises(UserError, match=r"publisher import-feed \(process \d+\).* other settings"),
        ensure_servers(Settings(data), command="status"),
    ):
        pass
    first.let_go()
    assert first.process.wait(60) == 0
