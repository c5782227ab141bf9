"""Steps that tests of backups share: commands as processes, and the databases around the one in use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from tests.processes import ROOT, environment

NAME = "world"
BESIDE = (NAME, f"{NAME}_restoring", f"{NAME}_replaced")


def publisher(*arguments: str | Path, **given: Any) -> subprocess.CompletedProcess[str]:
    """`publisher …` as a process on the test's database. Our own connection is closed before, as any other program's."""
    connection.close()
    form: dict[str, Any] = {"env": environment(), "cwd": ROOT, "capture_output": True, "text": True} | given
    return subprocess.run(command(*arguments), check=False, **form)


def begun(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """The same, while it works."""
    connection.close()
    return subprocess.Popen(
        command(*arguments), env=environment(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "publisher.cli", *map(str, arguments)]


def names(server: psycopg.Connection[Any]) -> set[str]:
    """Which of the databases around `world` there are."""
    rows = server.execute("SELECT datname FROM pg_database WHERE datname = ANY(%s)", [list(BESIDE)])
    return {name for (name,) in rows}


def drop(server: psycopg.Connection[Any]) -> None:
    for name in BESIDE:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
