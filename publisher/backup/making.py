"""Making a backup: a dump of one moment of the database, in one file, while the service runs or stands still.

The figures of the manifest and the dump see the same snapshot. Nothing is stopped and nothing is locked but the form of the
tables.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from publisher.backup import archive, programs
from publisher.backup.facts import Facts, facts, is_publishers, migrations
from publisher.backup.manifest import FORMAT, Manifest
from publisher.core import crypto
from publisher.core.errors import UserError
from publisher.items import stream
from publisher.items.stream import StreamAwayError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """What a snapshot of the database saw. `snapshot` is good while the block lasts that gave it."""

    snapshot: str
    at: datetime
    server: str
    major: int
    facts: Facts
    migrations: tuple[str, ...]


def make(path: Path, *, with_key: bool) -> Manifest:
    """Write a backup of the database that Django is connected to. `with_key`: also the secret key and its fallbacks.

    Raises `UserError`; then there is no file of that name.
    """
    stream_from = _stream_position()
    with _moment() as moment:
        program = programs.find("pg_dump", least=moment.major)
        with archive.writing(path, at=moment.at) as file:
            file.add(archive.DATABASE, programs.dump(program, snapshot=moment.snapshot))
            if with_key:
                file.add(archive.SECRET_KEY, [_keys()])
            manifest = Manifest(
                format=FORMAT,
                version=version("publisher"),
                made_at=moment.at,
                host=socket.gethostname(),
                server=moment.server,
                dumped_by=program.major,
                migrations=moment.migrations,
                facts=moment.facts,
                stream_from=stream_from,
                key=crypto.key_mark(),
                with_key=with_key,
                parts=tuple(file.parts),
            )
            file.finish(manifest)
    log.info("backup.made", extra={"file": str(path), "bytes": path.stat().st_size})
    return manifest


@contextmanager
def _moment() -> Iterator[Moment]:
    """One snapshot, held open for pg_dump."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute(
                "SELECT pg_export_snapshot(), now(), current_setting('server_version'), "
                "current_setting('server_version_num')::int / 10000"
            )
            snapshot, at, server, major = cursor.fetchone()
        if not is_publishers():
            raise UserError("There is nothing in the database yet.", "`publisher migrate` makes its tables.")
        yield Moment(snapshot, at, server, major, facts(), migrations())


def _stream_position() -> str:
    """Asked before the snapshot: whatever is older is in it."""
    try:
        return stream.position()
    except StreamAwayError as error:
        log.warning("backup.redis_away", extra={"error": error.message})
        return ""


def _keys() -> bytes:
    """The present key, then former ones, a line each."""
    return "\n".join([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, ""]).encode()
