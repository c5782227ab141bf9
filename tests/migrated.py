"""The tests' database, migrated once: what the migrations make is kept as a dump until one of them changes.

Migrating takes 20 seconds of processor time in every test process, loading the dump two.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from publisher.core.embedded import addresses
from publisher.core.embedded.postgres import MAJOR, program

NAME = "migrated"
FOLDER = Path(__file__).resolve().parents[1] / ".pytest_cache" / "migrated"


def template(data_dir: Path) -> str:
    """The name of a database, in the running server of this folder, in which all migrations are applied."""
    with psycopg.connect(addresses.postgres_url(data_dir, "postgres"), autocommit=True) as session:
        session.execute(f"CREATE DATABASE {NAME}")
    with _alone():
        dump = FOLDER / f"{_key()}.dump"
        if dump.exists():
            _run("pg_restore", data_dir, "--no-owner", str(dump))
        else:
            _migrate()
            for old in FOLDER.glob("*.dump"):
                old.unlink()
            half = dump.with_suffix(".half")
            _run("pg_dump", data_dir, "--format=custom", "--compress=0", f"--file={half}")
            half.rename(dump)
    return NAME


@contextmanager
def _alone() -> Iterator[None]:
    """One test process at a time: the others load what the first has made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key() -> str:
    """Another for other migrations, of other packages, too."""
    files = [path for app in apps.get_app_configs() for path in Path(app.path, "migrations").glob("*.py")]
    found = hashlib.sha256(f"{django.__version__} {MAJOR}".encode())
    for path in sorted(files):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:32]


def _migrate() -> None:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = NAME
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _run(name: str, data_dir: Path, *options: str) -> None:
    subprocess.run(
        [program(name), f"--dbname={addresses.postgres_url(data_dir, NAME)}", *options], check=True
    )
