"""Backup and restore of an installation with embedded servers: while it runs, when it is stopped, and on another machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.running import ServersLock
from tests.cli.service import Service, left
from tests.cli.test_database import publisher
from tests.folders import a_data_folder, a_migrated_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def data() -> Iterator[Path]:
    with a_migrated_folder() as folder:
        yield folder


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """The data folder of another machine, with nothing in it."""
    with a_data_folder() as folder:
        yield folder


def test_it_is_backed_up_while_it_runs_and_restored_only_when_it_is_stopped(
    data: Path, tmp_path: Path
) -> None:
    file = str(tmp_path / "b.tar")
    service = Service(data)
    service.address()
    assert service.run("create-admin", "ada", "--generate").returncode == 0
    assert service.run("backup", file).returncode == 0
    assert service.run("create-admin", "grace", "--generate").returncode == 0
    refused = service.run("restore", file, "--yes")
    assert refused.returncode == 1
    assert f"publisher up (process {service.process.pid}) runs in {data}" in refused.stderr
    processes = service.everything()
    assert service.stop() == 0
    assert left(processes) == []

    assert publisher(data, "restore", file, "--yes").returncode == 0
    assert "There is a login ada already" in publisher(data, "create-admin", "ada", "--generate").stderr
    assert publisher(data, "create-admin", "grace", "--generate").returncode == 0
    assert "stands still" in publisher(data, "sending").stdout
    assert EmbeddedPostgres(data).why_not_ready() != "", "no server stays"


def test_on_a_new_machine_the_key_comes_with_the_backup_that_has_it(
    data: Path, elsewhere: Path, tmp_path: Path
) -> None:
    with_key, without = str(tmp_path / "with.tar"), str(tmp_path / "without.tar")
    publisher(data, "create-admin", "ada", "--generate")
    publisher(data, "backup", with_key, "--with-key")
    publisher(data, "backup", without)
    key = (data / "secret-key").read_text()

    done = publisher(elsewhere, "restore", without, "--json")
    assert "with another secret key, which is not in it" in json.loads(done.stdout)["key"], done.stderr
    new = (elsewhere / "secret-key").read_text()
    assert new != key

    done = publisher(elsewhere, "restore", with_key, "--yes", "--json")
    assert "secret key was put into" in json.loads(done.stdout)["key"], done.stderr
    assert (elsewhere / "secret-key").read_text() == key
    assert (elsewhere / "secret-key").stat().st_mode & 0o777 == 0o600
    assert (elsewhere / "secret-key.replaced").read_text() == new
    done = publisher(
        elsewhere, "restore", with_key, "--yes", "--json", PUBLISHER_SECRET_KEY="another key " * 4
    )
    assert "Set that to the first line of" in json.loads(done.stdout)["key"]
    assert (elsewhere / "secret-key").read_text() == key


def test_two_restores_of_one_data_folder_at_once_are_refused(data: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "b.tar")
    publisher(data, "backup", file)
    lock = ServersLock(data)
    assert lock.try_hold("restore", ("postgres", "valkey"))
    done = publisher(data, "restore", file, "--yes")
    lock.release()
    assert done.returncode == 1
    assert "publisher restore (process" in done.stderr


def test_an_empty_database_is_not_backed_up(elsewhere: Path, tmp_path: Path) -> None:
    done = publisher(elsewhere, "backup", str(tmp_path / "b.tar"))
    assert done.returncode == 1
    assert "There is nothing in the database yet." in done.stderr
    assert list(tmp_path.iterdir()) == []
