"""The command lines of our processes: the same ones under `publisher up`, alone, and in containers."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import config
from config.environment import Environment
from publisher.core.child import Step
from publisher.core.errors import UserError
from publisher.core.supervise.program import Program

ROOT = Path(config.__file__).resolve().parent.parent  # the folder that holds worker.py and the packages
WEB_GRACE = 8  # seconds that gunicorn gives open requests when it stops
BACKLOG = 2048
NAMES = ("publisher", "migrate", "web", "worker", "beat", "watch", "listen")
"""As the lines of a terminal are marked."""

WORKER_STOPPING = (  # warm: finish the tasks at hand; cold: leave them to be found again; then the end
    Step(signal.SIGTERM, 30),
    Step(signal.SIGQUIT, 5),
    Step(signal.SIGKILL, 5),
)
WORKER_HURRIED = (Step(signal.SIGQUIT, 3), Step(signal.SIGKILL, 5))


def web(env: Environment, environ: Mapping[str, str], listening: socket.socket | None = None) -> Program:
    """gunicorn on an open socket of ours, or on the address of the settings."""
    bind = f"fd://{listening.fileno()}" if listening else _address(env.bind, env.port)
    heartbeat = ("--worker-tmp-dir", "/dev/shm") if Path("/dev/shm").is_dir() else ()  # noqa: S108 - in memory
    argv = (
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
        *("--bind", bind, "--worker-class", "gthread"),
        *("--workers", str(env.workers), "--threads", str(env.threads)),
        *("--timeout", "60", "--graceful-timeout", str(WEB_GRACE), "--keep-alive", "5"),
        *("--log-level", "warning", "--no-control-socket", *heartbeat),
    )
    return Program("web", argv, environ, ROOT, pass_fds=(listening.fileno(),) if listening else ())


def worker(_env: Environment, environ: Mapping[str, str]) -> Program:
    """A Celery worker for all queues; how many tasks at once is in the settings."""
    argv = (
        *(sys.executable, "-m", "celery", "--quiet", "--app", "worker", "worker"),
        *("--hostname", "worker@%h", "--without-gossip", "--without-mingle"),
    )
    return Program("worker", argv, environ, ROOT, stopping=WORKER_STOPPING, hurrying=WORKER_HURRIED)


def beat(_env: Environment, environ: Mapping[str, str]) -> Program:
    """Celery's clock. It keeps no file: every entry is a sweep, and runs soon after a start."""
    argv = (
        *(sys.executable, "-m", "celery", "--quiet", "--app", "worker", "beat"),
        *("--scheduler", "tasks.alive:Scheduler", "--pidfile", ""),
    )
    return Program("beat", argv, environ, ROOT)


def watch(_env: Environment, environ: Mapping[str, str]) -> Program:
    """Reads the mailboxes that answers come to."""
    return Program("watch", (sys.executable, "-m", "publisher.cli", "feedback", "watch"), environ, ROOT)


def listen(_env: Environment, environ: Mapping[str, str]) -> Program:
    """Takes answers from a mail server of this machine."""
    return Program("listen", (sys.executable, "-m", "publisher.cli", "feedback", "listen"), environ, ROOT)


def migrations(environ: Mapping[str, str]) -> Program:
    """Brings the database up to date, and ends."""
    return Program("migrate", (sys.executable, "-m", "publisher.cli", "migrate"), environ, ROOT)


def prepare_folders(env: Environment) -> None:
    """The folders that the processes take for granted. Raises `UserError` when they cannot be made."""
    try:
        for name in ("log", "run", "static"):
            (env.data_dir / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{env.data_dir} cannot be written to: {error.strerror}.", "Choose another PUBLISHER_DATA_DIR."
        ) from error


def listening_socket(env: Environment) -> socket.socket:
    """The web address, taken before anything starts and kept while the web process is replaced.

    Port 0 takes a free one. Raises `UserError` when the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in env.bind else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((env.bind, env.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            hint = "Stop the program that uses it, or choose another PUBLISHER_PORT."
        else:
            hint = "Check PUBLISHER_BIND and PUBLISHER_PORT."
        raise UserError(
            f"Cannot listen on {_address(env.bind, env.port)}: {error.strerror}.", hint
        ) from error
    return listening


def local_url(env: Environment, port: int) -> str:
    """Where a person on this machine reaches the web process."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(env.bind, env.bind)  # noqa: S104 - translated away
    return f"http://{_address(host, port)}"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
