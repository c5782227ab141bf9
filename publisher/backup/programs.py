"""pg_dump and pg_restore: which of them is used, how it is told where the database is, and its bytes in and out.

Those of the embedded PostgreSQL's wheel are used, for outside servers too. A server that is newer than the wheel needs its own
programs on the PATH: pg_dump refuses newer servers.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

from publisher.core.embedded import postgres
from publisher.core.errors import UserError

CHUNK = 256 * 1024
LOCK_WAIT = "60s"
"""How long a dump waits for a table that a migration holds."""

UNKNOWN_TO_OLD_SERVERS = 'unrecognized configuration parameter "transaction_timeout"'
"""pg_restore 17 and newer says this to a server 16, and it is the only thing that may go wrong there."""

DUMP = (
    "--format=custom",
    "--compress=gzip:4",
    "--no-owner",
    "--no-privileges",
    "--no-publications",
    "--no-subscriptions",
    f"--lock-wait-timeout={LOCK_WAIT}",
    "--exclude-table-data=django_session",
)
"""Sessions stay behind: whoever reads a backup must not be able to use the desk as somebody else."""

RESTORE = ("--format=custom", "--no-owner", "--no-privileges", "--no-tablespaces")


@dataclass(frozen=True)
class Program:
    """A program of PostgreSQL and its major version."""

    path: str
    major: int


def find(name: str, *, least: int) -> Program:
    """The program of the wheel, or of the PATH, in version `least` or newer. Raises `UserError` when there is none."""
    found = [program for path in _places(name) if (program := _program(path))]
    for program in found:
        if program.major >= least:
            return program
    there = ", ".join(f"{program.path} of PostgreSQL {program.major}" for program in found) or "none"
    raise UserError(
        f"{name} of PostgreSQL {least} or newer is needed, and there is {there}.",
        f"Install PostgreSQL's client programs, version {least}, and have them on the PATH.",
    )


def libpq_parameters() -> dict[str, str]:
    """How Django reaches the database, as libpq's keywords."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    given = connection.get_connection_params().items()
    return {name: str(value) for name, value in given if name in known and value is not None}


def dump(program: Program, *, snapshot: str) -> Iterator[bytes]:
    """The dump of the database as `snapshot` (of a session that is still open) saw it. Raises `UserError` when it fails."""
    with _run([program.path, *DUMP, f"--snapshot={snapshot}"], stdout=subprocess.PIPE) as (process, errors):
        assert process.stdout is not None  # noqa: S101 - for the type checker
        while chunk := process.stdout.read(CHUNK):
            yield chunk
        if process.wait() != 0:
            raise UserError(
                f"The database could not be dumped: {_last(errors)}", "The database itself is as it was."
            )


def restore(program: Program, chunks: Iterable[bytes], *, database: str, server: int) -> None:
    """Fill an empty database from a dump. `server` is its major version. Raises `UserError` when that fails."""
    target = make_conninfo("", dbname=database)
    strict = () if server < 17 else ("--exit-on-error",)
    command = [program.path, *RESTORE, *strict, f"--dbname={target}"]
    with _run(command, stdin=subprocess.PIPE) as (process, errors):
        assert process.stdin is not None  # noqa: S101 - for the type checker
        try:
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.close()
        except BrokenPipeError:  # it has ended, and says why
            pass
        if process.wait() != 0 and _problems(errors):
            raise UserError(f"The dump could not be restored: {_problems(errors)[0]}", "")


@contextmanager
def _run(
    command: Sequence[str], *, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A program for the time of the block; whatever ends the block ends it too."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - the words are ours, no shell
            command, env=_environment(), stdin=stdin, stdout=stdout, stderr=errors, pipesize=CHUNK
        )
        try:
            yield process, errors
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _environment() -> dict[str, str]:
    """Ours, and where the database is: not on the command line, which every user of the machine can read."""
    names = {
        option.keyword.decode(): option.envvar.decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar is not None
    }
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PUBLISHER_")}
    place = {names[keyword]: value for keyword, value in libpq_parameters().items() if keyword in names}
    return {**ours, **place, "LC_ALL": "C"}


def _places(name: str) -> Iterator[str]:
    with contextlib.suppress(UserError):  # no wheel for this machine
        yield str(postgres.program(name))
    on_path = shutil.which(name)
    if on_path:
        yield on_path


def _program(path: str) -> Program | None:
    try:
        said = subprocess.run(  # noqa: S603 - a program that was found, no shell
            [path, "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return Program(path, int(version[1])) if version else None


def _last(errors: IO[bytes]) -> str:
    return next(iter(reversed(_lines(errors))), "it gave no reason")


def _problems(errors: IO[bytes]) -> list[str]:
    """What went wrong, without what must go wrong on an old server."""
    wrong = [line for line in _lines(errors) if "error:" in line and UNKNOWN_TO_OLD_SERVERS not in line]
    known = any(UNKNOWN_TO_OLD_SERVERS in line for line in _lines(errors))
    return wrong or ([] if known else [_last(errors)])


def _lines(errors: IO[bytes]) -> list[str]:
    errors.seek(0)
    return [line.strip() for line in errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
