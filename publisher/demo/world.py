"""The demo's surroundings: its data folder, its settings, and the processes that play the outside world.

The service itself is the real `publisher up`, with a mailbox as its mail server and the sandbox as its network.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from publisher.core import child
from publisher.core.child import Step
from publisher.core.embedded.running import ServersLock
from publisher.core.errors import UserError

MARKER = "made-by-publisher-demo"
START_SECONDS = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENDING = (Step(signal.SIGTERM, 30), Step(signal.SIGKILL, 5))


@dataclass
class World:
    """Everything the demo starts. Use as a context manager, in the main thread: leaving it ends every process.

    Inside, SIGTERM and a closed terminal end it as Ctrl-C does; and should it be killed, its children end with it.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    sandbox_token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _site: ThreadingHTTPServer | None = None
    _handlers: dict[signal.Signals, Any] = field(default_factory=dict)

    def __enter__(self) -> World:
        _fresh(self.folder)
        # SIGHUP stays ignored under nohup; SIGINT is taken even where a shell ignores it for background jobs.
        nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        taken = [signum for signum in STOP_SIGNALS if signum != signal.SIGHUP or not nohup]
        self._handlers = {signum: signal.signal(signum, _interrupt) for signum in taken}
        try:
            self._start_outside()
            self._choose_environment()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def desk_url(self) -> str:
        return self.environment["PUBLISHER_BASE_URL"]

    @property
    def mailbox_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['mailbox']}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['sandbox']}"

    @property
    def site_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['site']}"

    def _start_outside(self) -> None:
        """The mailbox, the sandbox network and a small site with a feed and a page."""
        mailbox = self._announced("mailbox", "publisher.demo.mailbox", "--smtp-port", "0", "--http-port", "0")
        sandbox = self._announced("sandbox", "publisher.social.networks.sandbox.server", "--port", "0")
        site = self.folder / "site"
        site.mkdir()
        self._site = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
        threading.Thread(target=self._site.serve_forever, daemon=True).start()
        self.ports |= {
            "smtp": mailbox["smtp_port"],
            "mailbox": mailbox["http_port"],
            "sandbox": sandbox["port"],
            "site": self._site.server_port,
        }

    def _choose_environment(self) -> None:
        self.ports["web"] = _web_port(os.environ.get("PUBLISHER_PORT", ""))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PUBLISHER_")}
        self.environment = kept | {
            "PUBLISHER_DATA_DIR": str(self.folder),
            "PUBLISHER_MAIL": f"smtp://127.0.0.1:{self.ports['smtp']}",
            "PUBLISHER_BASE_URL": f"http://127.0.0.1:{self.ports['web']}",
            "PUBLISHER_PORT": str(self.ports["web"]),
            "PUBLISHER_FETCH_ALLOW": f"127.0.0.1:{self.ports['site']}",
            "PUBLISHER_LOG_FORMAT": "json",
        }
        os.environ.update({k: v for k, v in self.environment.items() if k.startswith("PUBLISHER_")})
        os.environ["PUBLISHER_LOG_LEVEL"] = "warning"  # this process tells its story itself

    def start_service(self) -> None:
        """`publisher up` on the demo's folder; returns once it answers /readyz."""
        log = (self.folder / "up.log").open("wb")
        command = [sys.executable, "-m", "publisher.cli", "up"]
        service = child.spawn(command, on_parent_death=signal.SIGTERM, env=self.environment, output=log)
        self._processes.append(service)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{self.desk_url}/readyz"):
            if service.poll() is not None or time.monotonic() > deadline:
                raise UserError(
                    "The service did not start.", f"The end of its log:\n{_tail(self.folder / 'up.log')}"
                )
            time.sleep(0.1)

    def _announced(self, name: str, module: str, *options: str) -> dict[str, Any]:
        """Start one of our own servers and read the ports it got."""
        folder, file = self.folder / name, self.folder / f"{name}.json"
        folder.mkdir()
        log = (self.folder / f"{name}.log").open("wb")
        command = [sys.executable, "-m", module, *options, "--folder", str(folder), "--announce", str(file)]
        process = child.spawn(command, on_parent_death=signal.SIGTERM, env=os.environ, output=log)
        self._processes.append(process)
        deadline = time.monotonic() + START_SECONDS
        while not file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise UserError(
                    f"The demo's {name} did not start.", f"Its log:\n{_tail(self.folder / f'{name}.log')}"
                )
            time.sleep(0.05)
        announced: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return announced

    def stop(self) -> None:
        """End the service first, then the world around it. Another signal does not cut this short."""
        for signum in self._handlers:
            signal.signal(signum, signal.SIG_IGN)
        if self._site:
            self._site.shutdown()
        for process in reversed(self._processes):
            child.end(process, ENDING)
        self._processes.clear()
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)
        self._handlers.clear()


def _interrupt(_signum: int, _frame: object) -> None:
    raise KeyboardInterrupt


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The demo's own output is enough."""


def _fresh(folder: Path) -> None:
    """An empty folder. One with anything in it is emptied only if a demo has made it."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise UserError(
                f"{folder} is not empty and was not made by a demo.", "Name another folder with --folder."
            )
        holder = ServersLock(folder).holder()
        if holder is not None:
            raise UserError(
                f"A demo is running in {folder} already (process {holder.pid}).",
                "End it with Ctrl-C first, or name another folder with --folder.",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("This folder is emptied whenever the demo starts.\n")


def _web_port(wanted: str) -> int:
    """The port that was asked for; else 8000, when nobody listens there; else any free one."""
    for port in (int(wanted),) if wanted.isdigit() else (8000, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise UserError(
        f"TCP port {wanted} is not free on 127.0.0.1." if wanted else "No TCP port is free on 127.0.0.1.",
        "Name another by PUBLISHER_PORT, or leave it out to have one chosen.",
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of ours
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
