"""Who runs the embedded servers of a data folder when several commands use it at once.

One file lock decides. Whoever holds `run/servers.lock` (the holder: `publisher up`, or the first command
that needed a database) starts the servers as its children, and says in the file who it is and how far it
is. Everybody else borrows: a borrower holds a shared lock on `run/use.lock` while it works. A holder that
has finished says `closing`, after which nobody borrows any more, waits for the borrowers by taking
`run/use.lock` alone, stops the servers and lets go. The kernel frees both locks when a process dies,
however it dies; the next one takes the lock and clears away what is left.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import psutil

from publisher.core import child
from publisher.core.embedded.postgres import EmbeddedPostgres
from publisher.core.embedded.server import EmbeddedServer
from publisher.core.embedded.valkey import EmbeddedValkey
from publisher.core.errors import UserError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
WAIT_SECONDS = 360.0  # longer than a server may take to recover

STARTING, READY, CLOSING = "starting", "ready", "closing"


class ServerSettings(Protocol):
    """The part of `config.environment.Environment` that decides what is embedded."""

    @property
    def data_dir(self) -> Path: ...
    @property
    def database_url(self) -> str: ...
    @property
    def redis_url(self) -> str: ...


@dataclass(frozen=True)
class Holder:
    """Who holds a data folder.

    `started` is in seconds since 1970; `address` is where its web process answers.
    """

    pid: int
    started: float
    command: str
    state: str
    servers: tuple[str, ...] = ()
    address: str = ""

    @property
    def runs(self) -> bool:
        return child.same_process(self.pid, self.started) is not None


def embedded_servers(env: ServerSettings) -> list[EmbeddedServer]:
    """The servers that these settings leave to us, in the order of their start. None of them runs yet."""
    servers: list[EmbeddedServer] = []
    if not env.database_url:
        servers.append(EmbeddedPostgres(env.data_dir))
    if not env.redis_url:
        servers.append(EmbeddedValkey(env.data_dir))
    return servers


@contextmanager
def ensure_servers(env: ServerSettings, *, command: str) -> Iterator[None]:
    """The embedded servers run inside this block: those of a running holder, or our own, stopped at its end.

    Does nothing when the settings name outside servers. Use it from the main thread (see `child.spawn`).
    Raises `UserError` when a server does not start, or when the holder neither becomes ready nor goes away.
    """
    servers = embedded_servers(env)
    if not servers:
        yield
        return
    lock = ServersLock(env.data_dir)
    use = _hold_or_borrow(lock, command, tuple(server.name for server in servers))
    with ExitStack() as cleanup:
        if use is not None:
            cleanup.callback(os.close, use)
        else:
            _start_all(servers, lock, cleanup)
            cleanup.callback(lock.close_to_borrowers)
            lock.say(state=READY)
        yield


@contextmanager
def servers_alone(env: ServerSettings, *, command: str) -> Iterator[None]:
    """As `ensure_servers`, but nobody else uses them: raises `UserError` when another command holds the data folder, and
    lends them to nobody.
    """
    servers = embedded_servers(env)
    if not servers:
        yield
        return
    lock = ServersLock(env.data_dir)
    if not lock.try_hold(command, tuple(server.name for server in servers)):
        holder = lock.holder()
        stop = f"Stop it (Ctrl-C in its terminal, or `kill {holder.pid}`)" if holder else "Wait for it"
        raise UserError(f"{_named(holder)} runs in {lock.data_dir}.", f"{stop}, then try again.")
    with ExitStack() as cleanup:
        _start_all(servers, lock, cleanup)
        yield


def _start_all(servers: Sequence[EmbeddedServer], lock: ServersLock, cleanup: ExitStack) -> None:
    """Start them as the holder of the lock; `cleanup` stops them and lets go."""
    cleanup.callback(lock.release)
    for server in servers:
        cleanup.callback(server.stop)
        server.start()


def _hold_or_borrow(lock: ServersLock, command: str, servers: Sequence[str]) -> int | None:
    """Become the holder (None), or a borrower: the descriptor keeps the servers until it is closed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        if lock.try_hold(command, servers):
            return None
        holder = lock.holder()
        if holder and holder.state == READY and not set(servers) <= set(holder.servers):
            raise UserError(
                f"{_named(holder)} runs in {lock.data_dir} with other settings.",
                "Give both the same database and Redis, or different data folders.",
            )
        use = lock.try_borrow()
        if use is not None:
            return use
        if time.monotonic() > deadline:
            raise UserError(
                f"{_named(holder)} holds {lock.data_dir} and is not ready.",
                "Wait for it to finish, or stop it, and try again.",
            )
        time.sleep(POLL_SECONDS)


def _named(holder: Holder | None) -> str:
    return f"publisher {holder.command} (process {holder.pid})" if holder else "Another command"


class ServersLock:
    """The right to run servers on one data folder, and the note on who has it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self._folder = self.data_dir / "run"
        self._note = self._folder / "servers.lock"
        self._use = self._folder / "use.lock"
        self._handle: int | None = None
        self._mine: Holder | None = None

    def try_hold(self, command: str, servers: Sequence[str]) -> bool:
        """Take the lock unless somebody has it."""
        handle = self._open(self._note)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        started = psutil.Process().create_time()
        self._mine = Holder(os.getpid(), started, command, STARTING, tuple(servers))
        self.say(state=STARTING)
        return True

    def say(self, *, state: str, address: str = "") -> None:
        """Let others know how far we are, and where the web process answers."""
        if self._handle is None or self._mine is None:
            raise RuntimeError("only the holder of the lock may write its note")
        self._mine = replace(self._mine, state=state, address=address or self._mine.address)
        text = json.dumps(asdict(self._mine)).encode() + b"\n"
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text, 0)

    def holder(self) -> Holder | None:
        """Who holds the lock now; None when nobody does, or when the note is just being written."""
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
            holder = Holder(**{**noted, "servers": tuple(noted["servers"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return holder if holder.runs else None

    def try_borrow(self) -> int | None:
        """Use the holder's servers if they are ready. Close the descriptor when done."""
        use = self._open(self._use)
        try:
            fcntl.flock(use, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(use)
            return None
        holder = self.holder()  # read under the lock: a holder that is still `ready` now will wait for us
        if holder is None or holder.state != READY:
            os.close(use)
            return None
        return use

    def close_to_borrowers(self, seconds: float | None = None) -> None:
        """Nobody borrows from now on; wait until those who do are done, at most `seconds` if given.

        Ctrl-C ends the wait: the servers then stop under the borrowers' feet.
        """
        self.say(state=CLOSING)
        use = self._open(self._use)
        waited = 0.0
        try:
            while not _try_alone(use):
                if seconds is not None and waited >= seconds:
                    return
                if waited == 0.0:
                    log.warning("embedded.waiting_for_other_commands", extra={"data_dir": str(self.data_dir)})
                time.sleep(POLL_SECONDS)
                waited += POLL_SECONDS
        except KeyboardInterrupt:
            return
        finally:
            os.close(use)

    def release(self) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = self._mine = None

    def _open(self, path: Path) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise UserError(
                f"{path} cannot be opened: {error.strerror}.",
                "Run publisher as the user it belongs to, or choose a writable PUBLISHER_DATA_DIR.",
            ) from error


def _try_alone(use: int) -> bool:
    try:
        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
