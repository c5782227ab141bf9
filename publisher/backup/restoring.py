"""Restoring: the dump goes into a fresh database beside the present one, is brought up to date and told what it must know, and
takes its place at the very end. Killed before that, the present database is as it was; the next restore clears away.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from publisher.backup import aftermath, archive, leavers, programs
from publisher.backup.aftermath import Aftermath
from publisher.backup.archive import Backup
from publisher.backup.facts import Facts, facts, has_tables, is_publishers
from publisher.backup.leavers import Leavers
from publisher.backup.manifest import Manifest
from publisher.backup.server import Server, working_on
from publisher.core import crypto
from publisher.core.errors import UserError
from publisher.items import stream
from publisher.items.stream import StreamAwayError

log = logging.getLogger(__name__)

INTAKE_SLACK = timedelta(hours=1)
"""How far before a backup entries are read again when Redis was away as it was made."""


@dataclass(frozen=True)
class Restored:
    """What was done. `aside`: what the replaced database is called now, "" when there was none or it was dropped.
    `leavers`: addresses that asked not to be written to since the backup, taken over from the replaced database.

    `stream_again`: whether entries of the inbox stream are read again; None when Redis did not answer. `key`: a sentence on
    the secret key when the backup's own was not known here, else "".
    """

    aside: str
    told: Aftermath
    leavers: int
    stream_again: bool | None
    key: str


def check(manifest: Manifest) -> None:
    """Raises `UserError` when the backup is of a newer Publisher than this one."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    replaced = {old for migration in loader.disk_migrations.values() for old in migration.replaces}
    known = {f"{app}.{name}" for app, name in [*loader.disk_migrations, *replaced]}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise UserError(
            f"The backup is of Publisher {manifest.version}, whose database this version does not know "
            f"({', '.join(unknown[:3])}{' and more' if len(unknown) > 3 else ''}).",
            "Install that version or a newer one, then restore.",
        )


def look(server: Server, made_at: datetime) -> tuple[Facts, Leavers] | None:
    """What would be replaced, and who has left in it since `made_at`; None when the database is empty or not there.

    Raises `UserError` when it is in use, is not Publisher's, or may not be replaced by this login.
    """
    server.require_rights()
    if not server.exists(server.name):
        return None
    connection.close()
    if server.others():
        raise server.in_use()
    with working_on(server.name):
        if not has_tables():
            return None
        if not is_publishers():
            raise UserError(
                f"The database {server.name} is not empty, and what is in it is not Publisher's.",
                "Check PUBLISHER_DATABASE_URL; a restore replaces the whole database.",
            )
        return facts(), leavers.since(made_at)


def carry_out(
    backup: Backup, server: Server, gone: Leavers, *, by: str, keep: bool, now: datetime
) -> Restored:
    """Put the backup in the place of the database, standing still. `gone` are taken over from the one replaced, which is kept
    aside if `keep`.

    Raises `UserError` and `psycopg.Error`; then the database is as it was.
    """
    manifest = backup.manifest
    program = programs.find("pg_restore", least=max(server.major, manifest.dumped_by))
    try:
        server.create_fresh()
        chunks = archive.read_part(backup, archive.DATABASE)
        programs.restore(program, chunks, database=server.fresh, server=server.major)
        with working_on(server.fresh):
            call_command("migrate", interactive=False, verbosity=0)
            told = aftermath.tell(manifest.made_at, by=by, now=now)
            taken_over = leavers.take_over(gone)
            with connection.cursor() as cursor:
                cursor.execute(
                    "ANALYZE"
                )  # a fresh database knows nothing of its tables, and claims would be slow
        replaced = server.swap()
    except BaseException:
        with contextlib.suppress(psycopg.Error):
            server.drop(server.fresh)
        raise
    if not keep:
        server.drop(server.aside)
    log.info("backup.restored", extra={"file": str(backup.path), "made_at": manifest.made_at.isoformat()})
    return Restored(
        aside=server.aside if replaced and keep else "",
        told=told,
        leavers=taken_over,
        stream_again=_read_stream_again(manifest),
        key=_put_key(backup),
    )


def _read_stream_again(manifest: Manifest) -> bool | None:
    """What was taken off the stream after the backup is not in the database any more. Most is gone from the stream too; what
    another group of readers keeps in it is read again."""
    milliseconds = int((manifest.made_at - INTAKE_SLACK).timestamp() * 1000)
    try:
        return stream.read_again(manifest.stream_from or f"{milliseconds}-0")
    except StreamAwayError as error:
        log.warning("restore.redis_away", extra={"error": error.message})
        return None


def _put_key(backup: Backup) -> str:
    """Make the backup's secret key this installation's, if it is in the backup and this one is ours to change."""
    if crypto.knows_key(backup.manifest.key):
        return ""
    lost = "Until then links in mails that were sent do not work, and stored credentials cannot be opened."
    if not backup.manifest.with_key:
        return (
            "The backup was made with another secret key, which is not in it. Put that key into PUBLISHER_SECRET_KEY, "
            f"or into {_key_file()}. {lost}"
        )
    present, *former = b"".join(archive.read_part(backup, archive.SECRET_KEY)).decode().splitlines()
    if not _is_from_file():
        return (
            f"The backup was made with another secret key than PUBLISHER_SECRET_KEY. Set that to the first line of "
            f"`tar -xOf {backup.path} {archive.SECRET_KEY}`. {lost}"
        )
    _replace_key(present)
    more = " Its former keys belong into PUBLISHER_SECRET_KEY_FALLBACKS." if former else ""
    return (
        f"The backup's secret key was put into {_key_file()}; the one before is beside it (.replaced).{more}"
    )


def _key_file() -> Path:
    path: Path = settings.ENVIRONMENT.data_dir / "secret-key"
    return path


def _is_from_file() -> bool:
    """Whether our key is the one of the data folder, and not one of the environment."""
    try:
        return _key_file().read_text(encoding="utf-8").strip() == settings.SECRET_KEY
    except OSError:
        return False


def _replace_key(key: str) -> None:
    """Whole or not at all, of the same owner; the former key is kept."""
    path = _key_file()
    owner = path.stat()
    fresh = path.with_name("secret-key.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    shutil.copy2(path, path.with_name("secret-key.replaced"))
    fresh.replace(path)
