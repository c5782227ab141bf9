"""`publisher up`: the whole service in one terminal, on one data folder."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import click

from config.environment import Environment, read
from publisher.cli import programs
from publisher.cli.reachable import answers
from publisher.cli.terminal import child_environment, for_people, log_to, terminal_output
from publisher.core.embedded.running import READY, Holder, ServersLock, embedded_servers
from publisher.core.errors import UserError
from publisher.core.supervise.output import Output
from publisher.core.supervise.program import Program
from publisher.core.supervise.supervisor import Supervisor
from publisher.delivery.email import setting

log = logging.getLogger(__name__)

LONG_RUNNING = ("up", "web", "worker", "beat", "feedback watch", "feedback listen")
COMMAND_SECONDS = 120.0  # how long a short command may keep the servers before we give up
BORROWER_SECONDS = 10.0  # how long commands that use our servers may go on after Ctrl-C
POLL_SECONDS = 0.2
DEFAULT_BASE_URL = "http://127.0.0.1:8000"


@click.command()
def up() -> None:
    """Run web, worker, beat, the reader of mailboxes and the embedded servers here, until Ctrl-C.

    Everything is kept in PUBLISHER_DATA_DIR and is there again at the next start. It does not start while PUBLISHER_MAIL
    cannot be read. A second Ctrl-C hurries.
    """
    env = read(os.environ)
    if wrong := setting.problem(env.mail):
        raise wrong
    output = terminal_output(programs.NAMES, env)
    log_to(output, env)
    programs.prepare_folders(env)
    lock = ServersLock(env.data_dir)
    servers = embedded_servers(env)
    with ExitStack() as cleanup:
        _take(lock, tuple(server.name for server in servers))
        cleanup.callback(lock.release)
        listening = cleanup.enter_context(programs.listening_socket(env))
        address = programs.local_url(env, listening.getsockname()[1])
        environ = child_environment(env, **_base_url(env, address))
        parts = [
            programs.web(env, environ, listening),
            programs.beat(env, environ),
            programs.watch(env, environ),
            *([programs.listen(env, environ)] if env.feedback_listen else []),
            programs.worker(env, environ),
        ]
        supervisor = Supervisor(parts, servers=servers, data_dir=env.data_dir, output=output)
        cleanup.enter_context(supervisor.signals())
        cleanup.callback(_stop_servers, supervisor, lock)
        supervisor.end_leftovers()
        supervisor.start_servers()
        lock.say(state=READY, address=address)
        _migrate(supervisor, programs.migrations(environ))
        supervisor.run(on_tick=_Announcement(address, output, people=for_people(env)).tick)
    log.info("up.stopped")


def _take(lock: ServersLock, servers: tuple[str, ...]) -> None:
    """Become the holder of the data folder; a short command that holds it now may finish first."""
    deadline = time.monotonic() + COMMAND_SECONDS
    told = False
    while not lock.try_hold("up", servers):
        holder = lock.holder()
        if holder and (holder.command in LONG_RUNNING or time.monotonic() > deadline):
            raise _already_running(lock.data_dir, holder)
        if holder and not told:
            log.warning("up.waiting", extra={"for_command": holder.command, "for_process": holder.pid})
            told = True
        time.sleep(POLL_SECONDS)


def _already_running(data_dir: Path, holder: Holder) -> UserError:
    since = datetime.fromtimestamp(holder.started).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    where = f", at {holder.address}" if holder.address else ""
    return UserError(
        f"publisher {holder.command} already runs on {data_dir}: process {holder.pid}, since {since}{where}.",
        f"Stop it with Ctrl-C in its terminal or `kill {holder.pid}`, or choose another PUBLISHER_DATA_DIR.",
    )


def _base_url(env: Environment, address: str) -> dict[str, str]:
    """Where no base address was chosen, links lead to where the web process really answers."""
    return {"PUBLISHER_BASE_URL": address} if env.base_url == DEFAULT_BASE_URL else {}


def _migrate(supervisor: Supervisor, program: Program) -> None:
    if supervisor.run_once(program) != 0 and not supervisor.stopping:
        raise UserError("The database could not be brought up to date.", "The lines above say why.")


def _stop_servers(supervisor: Supervisor, lock: ServersLock) -> None:
    lock.close_to_borrowers(0.0 if supervisor.hurry else BORROWER_SECONDS)
    supervisor.stop_servers()


class _Announcement:
    """Says once that the service is ready. Asking may take long, so a thread asks and the loop says it."""

    def __init__(self, address: str, output: Output, *, people: bool) -> None:
        self._address = address
        self._output = output
        self._people = people
        self._ready = threading.Event()
        threading.Thread(target=self._ask, name="readiness", daemon=True).start()

    def tick(self) -> None:
        if not self._ready.is_set():
            return
        self._ready.clear()
        log.info("up.ready", extra={"address": self._address})
        if self._people:
            self._output.line("publisher", f"Ready: {self._address}  (Ctrl-C stops everything)")

    def _ask(self) -> None:
        while not answers(f"{self._address}/readyz"):
            time.sleep(POLL_SECONDS)
        self._ready.set()
