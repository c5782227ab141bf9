"""What both embedded servers share: clearing away a predecessor, starting, waiting until ready, stopping."""

from __future__ import annotations

import contextlib
import logging
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import psutil

from publisher.core import child
from publisher.core.embedded import addresses, folders
from publisher.core.errors import UserError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
# Nothing else of our environment reaches a server: no PGDATA, no PGPORT.
CHILD_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class EmbeddedServer:
    """One server of one data folder, as a child of this process.

    `durable=False` gives up the promise that what was acknowledged is on disk: for tests only. Whoever
    calls `start` makes sure that nobody else runs a server on the folder (`running.ServersLock` does); a
    forgotten one is ended first.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    ready_seconds: ClassVar[float]
    on_parent_death: ClassVar[signal.Signals]
    stopping: ClassVar[Sequence[child.Step]]
    hurrying: ClassVar[Sequence[child.Step]]

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.durable = durable
        self.folder = self.data_dir / self.name
        self.log_file = self.data_dir / "log" / f"{self.name}.log"
        self.record = self.data_dir / "run" / f"{self.name}.json"
        self.socket_dir = addresses.socket_dir(self.data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        raise NotImplementedError

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until it answers. Raises `UserError` with the last log lines if it does not."""
        if self.is_alive():
            return
        for folder in (self.log_file.parent, self.record.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self._end_predecessor()
        account = folders.server_account(self.folder)
        self._prepare(account)
        folders.private_folder(self.folder, account)
        self._clear_sockets(folders.private_socket_dir(self.data_dir, account))
        child.bound_log(self.log_file)
        with self.log_file.open("ab") as output:
            self._process = child.spawn(
                self._argv(),
                on_parent_death=self.on_parent_death,
                env=CHILD_ENV,
                cwd=self.folder,
                output=output,
                user=(account.uid, account.gid) if account.switch else None,
            )
        child.remember(self.record, self._process.pid)
        try:
            self._wait_until_ready()
            self._finish()
        except BaseException:
            self.stop()
            raise
        log.info("embedded.started", extra={"server": self.name, "pid": self.pid})

    def stop(self, *, hurry: bool = False) -> None:
        """End it and wait for it; in a `hurry` at most ten seconds, and the next start recovers.

        Does nothing if it does not run.
        """
        if self._process is None:
            return
        child.end(self._process, self.hurrying if hurry else self.stopping)
        self._process = None
        self.record.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the other server's socket is still in it, or a killed one's
            self.socket_dir.rmdir()
        log.info("embedded.stopped", extra={"server": self.name})

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def why_not_ready(self) -> str:
        """Empty when it answers, else what it says."""
        raise NotImplementedError

    def _argv(self) -> list[str]:
        raise NotImplementedError

    def _prepare(self, account: folders.Account) -> None:
        """Before the start: make the data folder if there is none."""

    def _finish(self) -> None:
        """After the start: what needs a running server."""

    def _predecessors(self) -> list[psutil.Process]:
        """Processes of a server that our own predecessor, killed, could not stop."""
        process = child.recall(self.record)
        return [process] if process else []

    def _end_predecessor(self) -> None:
        for process in self._predecessors():
            log.warning("embedded.leftover_ended", extra={"server": self.name, "pid": process.pid})
            child.end(process, self.stopping)

    def _clear_sockets(self, folder: Path) -> None:
        raise NotImplementedError

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.ready_seconds
        while reason := self.why_not_ready():
            if not self.is_alive():
                raise self._failed("ended while starting")
            if time.monotonic() > deadline:
                raise self._failed(
                    f"did not become ready within {self.ready_seconds:.0f} s ({reason.strip()})"
                )
            time.sleep(POLL_SECONDS)

    def _failed(self, what: str) -> UserError:
        lines = child.last_lines(self.log_file)
        return UserError(
            f"The embedded {self.title} {what}." + (f" Its last words:\n{lines}" if lines else ""),
            f"The whole log: {self.log_file}",
        )
