"""The embedded servers on real data folders: they start from anything a crash can leave, and keep what they were told."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kombu
import psutil
import psycopg
import pytest
import redis

from publisher.core import child
from publisher.core.embedded import addresses
from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.valkey import EmbeddedValkey
from publisher.core.errors import UserError
from tests.folders import a_data_folder

pytestmark = pytest.mark.slow

KILLED = """
import sys, time
from pathlib import Path
from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.valkey import EmbeddedValkey
import psycopg, redis
data = Path(sys.argv[1])
postgres, valkey = EmbeddedPostgres(data), EmbeddedValkey(data)
postgres.start(), valkey.start()
with psycopg.connect(postgres.url) as connection:
    connection.execute("CREATE TABLE kept (text text)")
    connection.execute("INSERT INTO kept VALUES ('in time')")
redis.Redis.from_url(valkey.url).xadd("items", {"n": 1})
print(postgres.pid, valkey.pid, flush=True)
time.sleep(600)
"""

ORDINARY = """
import os, sys
from pathlib import Path
from publisher.core.embedded.postgres import EmbeddedPostgres
data, uid, gid = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
server = EmbeddedPostgres(data, durable=False)
server.why_not_ready()  # loads what is loaded late: this user may not read the interpreter's folder
os.setgroups([]), os.setgid(gid), os.setuid(uid)
server.start()
print(server.why_not_ready() or "answers", (data / "postgres").stat().st_uid)
server.stop()
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder with a name too long for a socket in it."""
    with a_data_folder() as short:
        folder = short / ("long-" * 30)
        folder.mkdir()
        yield folder
        shutil.rmtree(addresses.socket_dir(folder), ignore_errors=True)


def kept(server: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(server.url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM kept")]


def test_postgres_speaks_utf8_and_sorts_alike_everywhere(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server, psycopg.connect(server.url) as connection:
        row = connection.execute(
            "SELECT datlocprovider::text, datlocale, pg_encoding_to_char(encoding), current_setting('timezone'), "
            "current_setting('server_version_num')::int / 10000 "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert row == ("b", "C.UTF-8", "UTF8", "UTC", 18)


def test_neither_server_listens_on_the_network(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as postgres, EmbeddedValkey(data) as valkey:
        for server in (postgres, valkey):
            assert psutil.Process(server.pid).net_connections("inet") == []


def test_celery_finds_its_queues_in_the_same_database(data: Path) -> None:
    with EmbeddedValkey(data) as server, kombu.Connection(server.broker_url) as broker:
        broker.SimpleQueue("nudges").put("look")
        assert redis.Redis.from_url(server.url).llen("nudges") == 1


def test_what_valkey_has_answered_is_on_disk(data: Path) -> None:
    with EmbeddedValkey(data) as server:
        client = redis.Redis.from_url(server.url)
        settings = client.config_get("append*", "maxmemory-policy")
        assert settings["appendonly"] == "yes"
        assert settings["appendfsync"] == "always"
        assert settings["maxmemory-policy"] == "noeviction"
        client.set("a", "1")
    with EmbeddedValkey(data) as server:
        assert redis.Redis.from_url(server.url).get("a") == b"1"


@pytest.mark.skipif(os.geteuid() != 0, reason="runs as root to see that the servers do not")
def test_servers_never_run_as_root(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as postgres, EmbeddedValkey(data) as valkey:
        for server in (postgres, valkey):
            assert 0 not in psutil.Process(server.pid).uids()
            assert psutil.Process(server.pid).uids().real == server.folder.stat().st_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs every other test of this file as itself")
def test_an_ordinary_user_runs_the_server_as_itself(data: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    done = subprocess.run(
        [sys.executable, "-c", ORDINARY, str(data), str(nobody.pw_uid), str(nobody.pw_gid)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["answers", str(nobody.pw_uid)], done.stderr


def test_after_a_kill_of_the_parent_the_data_is_there_and_the_old_servers_are_gone(data: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", KILLED, str(data)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    old = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    with EmbeddedPostgres(data) as postgres, EmbeddedValkey(data) as valkey:
        assert kept(postgres) == ["in time"]
        assert redis.Redis.from_url(valkey.url).xlen("items") == 1
        assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in old)


def test_a_leftover_server_is_ended_before_a_new_one_starts(data: Path) -> None:
    first = EmbeddedPostgres(data, durable=False)
    first.start()
    second = EmbeddedPostgres(data, durable=False)  # as after a kill on a system without a death signal
    with second:
        assert not first.is_alive()
        assert second.why_not_ready() == ""


def test_a_crash_of_the_whole_machine_is_recovered_from(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept (text text)")
            connection.execute("INSERT INTO kept VALUES ('in time')")
        os.kill(server.pid or 0, signal.SIGKILL)
    assert (data / "postgres" / "postmaster.pid").exists()
    with EmbeddedPostgres(data) as server:
        assert kept(server) == ["in time"]


def test_a_stale_pid_file_with_the_number_of_another_program_is_no_hindrance(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False):
        pass
    pid_file = data / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getppid()}\n{data / 'postgres'}\n1700000000\n5432\n\n\n")
    with EmbeddedPostgres(data, durable=False) as server:
        assert server.why_not_ready() == ""


def test_an_interrupted_creation_is_begun_anew(data: Path) -> None:
    half = data / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data, durable=False) as server:
        assert server.why_not_ready() == ""
    assert not half.exists()


def test_a_folder_of_another_version_is_left_alone(data: Path) -> None:
    (data / "postgres").mkdir()
    (data / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(UserError, match="was written by PostgreSQL 16"):
        EmbeddedPostgres(data, durable=False).start()
    assert [path.name for path in (data / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_folder_with_other_things_in_it_is_left_alone(data: Path) -> None:
    (data / "postgres").mkdir()
    (data / "postgres" / "letters.txt").write_text("mine")
    with pytest.raises(UserError, match="not a PostgreSQL data folder"):
        EmbeddedPostgres(data, durable=False).start()
    assert (data / "postgres" / "letters.txt").read_text() == "mine"


def test_a_server_that_does_not_start_says_why(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False):
        pass
    with (data / "postgres" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    server = EmbeddedPostgres(data, durable=False)
    with pytest.raises(UserError, match="no_such_setting"):
        server.start()
    assert child.recall(server.record) is None


def test_a_hurried_stop_loses_nothing(data: Path) -> None:
    server = EmbeddedPostgres(data)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (text text)")
        connection.execute("INSERT INTO kept VALUES ('in time')")
    server.stop(hurry=True)
    with EmbeddedPostgres(data) as server:
        assert kept(server) == ["in time"]
