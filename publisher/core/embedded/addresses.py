"""Where the embedded servers of a data folder answer. Pure: computing an address starts and creates
nothing.

The sockets lie in a short private folder named by a hash of the data folder: a unix socket's path may have
about 100 bytes, and a data folder may be as long as it likes. `/tmp` and not `$TMPDIR`, so that a shell, a
cron job and a service agree.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

DATABASE = "publisher"
ROLE = "publisher"
POSTGRES_PORT = 5432  # only part of the socket's name: nothing listens on TCP
VALKEY_SOCKET = "valkey.sock"


def socket_dir(data_dir: Path) -> Path:
    """The folder of both sockets. Its owner and mode are set and checked by `folders.private_socket_dir`."""
    name = hashlib.sha256(os.fsencode(data_dir.expanduser().resolve())).hexdigest()[:16]
    return _temporary_folder() / f"publisher-{name}"


def postgres_url(data_dir: Path, database: str = DATABASE) -> str:
    """A URL for libpq, psycopg and dj-database-url: the socket folder percent-encoded in the place of the
    host.
    """
    return f"postgresql://{ROLE}@{quote(str(socket_dir(data_dir)), safe='')}:{POSTGRES_PORT}/{database}"


def valkey_url(data_dir: Path) -> str:
    """A URL for redis-py, database 0."""
    return f"unix://{valkey_socket(data_dir)}?db=0"


def broker_url(redis_url: str) -> str:
    """The same database as a URL for kombu, which has another form for unix sockets."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"


def valkey_socket(data_dir: Path) -> Path:
    return socket_dir(data_dir) / VALKEY_SOCKET


def _temporary_folder() -> Path:
    fixed = Path("/tmp")  # noqa: S108 - the folder made in it is private and checked for its owner
    return fixed if os.access(fixed, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
