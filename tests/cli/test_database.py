"""Commands that need the database, as real processes on a data folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from publisher.core.embedded.postgres import EmbeddedPostgres
from tests.folders import a_data_folder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def publisher(
    data_dir: Path, *arguments: str, typed: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PUBLISHER_")}
    return subprocess.run(
        [sys.executable, "-m", "publisher.cli", *arguments],
        cwd=ROOT,
        env=kept | {"PUBLISHER_DATA_DIR": str(data_dir), **settings},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with a_data_folder() as folder:
        yield folder


def test_a_fresh_folder_needs_no_preparation_and_no_server_stays(data: Path) -> None:
    done = publisher(data, "create-admin", "ada", "--generate", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["name"], report["created"]) == ("ada", True)
    assert len(report["password"]) >= 12
    assert EmbeddedPostgres(data).why_not_ready() != ""


def test_the_same_name_is_not_taken_twice_but_may_get_a_new_password(data: Path) -> None:
    publisher(data, "create-admin", "grace", "--generate")
    again = publisher(data, "create-admin", "grace", "--generate")
    assert again.returncode == 1
    assert "publisher: There is a login grace already." in again.stderr.splitlines()
    reset = publisher(
        data, "create-admin", "grace", "--reset", "--password-stdin", typed="correct horse battery\n"
    )
    assert reset.returncode == 0, reset.stderr


def test_an_easy_password_is_refused(data: Path) -> None:
    done = publisher(data, "create-admin", "eve", "--password-stdin", typed="password\n")
    assert done.returncode == 1
    assert done.stderr.startswith("publisher: The password is too easy.")


def test_migrate_says_when_there_is_nothing_to_do(data: Path) -> None:
    publisher(data, "migrate")
    assert json.loads(publisher(data, "migrate", "--json").stdout) == {"applied": 0}


def test_djangos_commands_are_passed_through(data: Path) -> None:
    done = publisher(data, "django", "migrate", "--check")
    assert done.returncode == 0, done.stderr
    assert "usage: publisher django" in publisher(data, "django", "migrate", "--help").stdout


def test_status_of_a_stopped_installation_starts_nothing(data: Path) -> None:
    done = publisher(data, "status", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["healthy"], report["run_by"]) == (1, False, None)
    assert report["database"] == "does not answer"


def test_status_asks_no_web_process_of_another_data_folder(data: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Answering) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        done = publisher(data, "status", PUBLISHER_PORT=str(other.server_port))
        other.shutdown()
    assert "web          does not answer" in done.stdout
    assert "set PUBLISHER_DATA_DIR to that one" in done.stdout


class Answering(BaseHTTPRequestHandler):
    """A web process that is well, of somebody else."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def test_status_says_where_mail_goes_and_what_is_wrong_with_the_setting(data: Path) -> None:
    said = publisher(data, "status").stdout
    assert "PUBLISHER_MAIL is not set here" in said
    said = publisher(data, "status", PUBLISHER_MAIL="smtp://anna:geheim@mail.example.org").stdout
    assert "smtp://mail.example.org:587" in said
    said = publisher(data, "status", PUBLISHER_MAIL="smtp://anna:geheim@mail.example.org:x").stdout
    assert (
        "PUBLISHER_MAIL cannot be used: the address of the mail server has no readable host and port." in said
    )
    assert "geheim" not in said


def test_an_outside_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    away = {
        "PUBLISHER_DATABASE_URL": "postgres://u:secret@127.0.0.1:1/p",
        "PUBLISHER_REDIS_URL": "redis://127.0.0.1:1",
    }
    done = publisher(tmp_path, "create-admin", "ada", "--generate", **away)
    assert done.returncode == 1
    assert done.stderr.startswith("publisher: The database does not answer:")
    assert len(done.stderr.splitlines()) == 2
    assert "secret" not in done.stderr


def test_an_outside_database_without_migrations_is_not_changed_unasked(tmp_path: Path) -> None:
    with a_data_folder() as outside_folder, EmbeddedPostgres(outside_folder, durable=False) as server:
        outside = {"PUBLISHER_DATABASE_URL": server.url, "PUBLISHER_REDIS_URL": "redis://127.0.0.1:1"}
        done = publisher(tmp_path, "create-admin", "ada", "--generate", **outside)
        assert done.returncode == 1
        assert "publisher migrate" in done.stderr
        assert publisher(tmp_path, "migrate", **outside).returncode == 0
        assert publisher(tmp_path, "create-admin", "ada", "--generate", **outside).returncode == 0


def test_a_data_folder_that_cannot_be_written_is_said_so() -> None:
    done = publisher(Path("/proc/nowhere"), "migrate")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "/proc/nowhere" in done.stderr
