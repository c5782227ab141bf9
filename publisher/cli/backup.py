"""`publisher backup` and `publisher restore`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import psycopg
from django.db import Error as DatabaseError

from publisher.backup import archive, making, restoring
from publisher.backup.archive import Backup
from publisher.backup.facts import Facts
from publisher.backup.leavers import Leavers
from publisher.backup.manifest import Manifest
from publisher.backup.restoring import Restored
from publisher.backup.server import Server, beside, working_on
from publisher.cli import database
from publisher.cli.report import Report, reporting, table
from publisher.cli.sending import as_data, confirm, described, lines, moment, sentences
from publisher.core import audit, clock, standstill
from publisher.core.errors import UserError
from publisher.delivery.outlook import outlook

FILE = click.Path(path_type=Path)
MOST_NAMES = 10


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--with-key", is_flag=True, help="Also the secret key: whoever has the file then has everything."
)
@click.option("--verify", is_flag=True, help="Check a backup and list what it holds; writes nothing.")
@reporting
def backup(file: Path, with_key: bool, verify: bool) -> Report:
    """Write the database as it is now into FILE, while the service runs or stands still.

    The secret key is not in it unless you say --with-key: keep it apart. Without it stored credentials and the links in mails
    that were sent are lost.
    """
    if verify:
        found = _verified(file)
        return Report(
            {"file": str(file), "whole": True, **_as_data(found.manifest)},
            table({"file": f"{file}, whole", **_as_rows(found.manifest)}),
        )
    with database.servers("backup", migrated=False):
        manifest = making.make(file, with_key=with_key)
    rows = {"file": f"{file}, {file.stat().st_size:,} bytes", **_as_rows(manifest)}
    return Report({"file": str(file), **_as_data(manifest)}, table(rows))


@click.command()
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask before a database that is not empty is replaced.")
@click.option(
    "--discard", is_flag=True, help="Drop the replaced database at once, instead of keeping it aside."
)
@click.option(
    "--forget-leavers",
    is_flag=True,
    help="Do not take over who has left or was suppressed since the backup.",
)
@reporting
def restore(file: Path, yes: bool, discard: bool, forget_leavers: bool) -> Report:
    """Put the backup FILE in the place of the database. Afterwards all sending stands still, and what would leave is shown.

    The service must be stopped, on every host.
    """
    found = _verified(file)
    restoring.check(found.manifest)
    with database.servers_alone("restore"), beside() as server:
        present = restoring.look(server, found.manifest.made_at)
        loss, gone = present or (None, Leavers())
        if loss is not None and not yes:
            click.echo("\n".join(_loss(server, loss, found.manifest, discard=discard)), err=True)
            confirm("Replace it?")
        gone = Leavers() if forget_leavers else gone
        try:
            done = restoring.carry_out(
                found, server, gone, by=audit.os_user(), keep=not discard, now=clock.now()
            )
        except (psycopg.Error, DatabaseError) as error:
            reason = " ".join(str(error).split())
            raise UserError(f"The restore failed: {reason}", "The database is as it was.") from error
        with working_on(server.name):
            return _report(found.manifest, done)


def _verified(file: Path) -> Backup:
    """The backup, every byte of it compared with its sums."""
    found = archive.opened(file)
    size = sum(part.size for part in found.manifest.parts)
    with click.progressbar(
        length=size, label="Checking", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        archive.verify(found, on_bytes=bar.update)
    return found


def _loss(server: Server, loss: Facts, manifest: Manifest, *, discard: bool) -> Iterator[str]:
    """What a person should know before saying yes."""
    yield f"This replaces the database {server.name} by the backup of {moment(manifest.made_at)}."
    yield f"  here now:   {_figures(loss)}"
    yield f"  the backup: {_figures(manifest.facts)}"
    came = [at for at in (loss.newest_item, loss.last_try) if at and at > manifest.made_at]
    if came:
        yield f"What came in and went out after the backup, up to {moment(max(came))}, is not in it."
    yield "What is here now is dropped." if discard else f"What is here now is kept as {server.aside}."


def _report(manifest: Manifest, done: Restored) -> Report:
    stands, told = standstill.current(), done.told
    ahead = outlook(now=clock.now(), stood_since=stands.since if stands else None)
    data = {
        "restored": manifest.made_at,
        "kept_aside": done.aside or None,
        "stands": described(stands),
        "held_mails": told.held_mails,
        "doubted_posts": told.doubted_posts,
        "expired_posts": told.expired_posts,
        "paused": [edition.pk for edition in told.paused],
        "paused_names": [edition.short_name for edition in told.paused],
        "leavers_taken_over": done.leavers,
        "stream_read_again": done.stream_again,
        "key": done.key,
        "would_leave": as_data(ahead),
    }
    text = [
        f"Restored: the database is as it was at {moment(manifest.made_at)}.",
        *sentences(stands),
        *lines(ahead, stands=True),
        *(f"{count} {what}." for count, what in _told(done) if count),
        *_notes(done),
    ]
    return Report(data, "\n".join(text))


def _told(done: Restored) -> Iterator[tuple[int, str]]:
    told = done.told
    yield told.held_mails, "mails are held: they may have left, and only a person may send them again"
    yield told.doubted_posts, "posts may be published: their networks are asked"
    yield told.expired_posts, "posts may have been published after the backup, and wait for a person"
    names = ", ".join(each.short_name for each in told.paused[:MOST_NAMES]) + (
        ", …" if len(told.paused) > MOST_NAMES else ""
    )
    yield len(told.paused), f"editions are paused ({names}): resume or cancel each in the desk"
    yield done.leavers, "people have left or were suppressed since the backup, and are not written to"


def _notes(done: Restored) -> Iterator[str]:
    if done.stream_again:
        yield "Entries that the inbox stream still holds from after the backup are read again."
    if done.stream_again is None:
        yield "Redis did not answer, so entries that it may still hold from after the backup are not read again."
    if done.key:
        yield done.key
    if done.aside:
        yield f"The database before is kept as {done.aside}, until the next restore."
    yield "docs/backup.md says what to look at before sending goes on."


def _as_data(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.model_dump(mode="json")


def _as_rows(manifest: Manifest) -> dict[str, object]:
    key = "in it: whoever has this file has everything" if manifest.with_key else "not in it: keep it apart"
    return {
        "of": f"{moment(manifest.made_at)}, on {manifest.host}",
        "by": f"Publisher {manifest.version}, PostgreSQL {manifest.server}",
        "holds": _figures(manifest.facts),
        "secret key": key,
        **{f"part {part.name}": f"{part.size:,} bytes, SHA-256 {part.sha256}" for part in manifest.parts},
    }


def _figures(facts: Facts) -> str:
    counts = "; ".join(f"{name} {count:,}" for name, count in facts.counts.items())
    item = f"; newest item {moment(facts.newest_item)}" if facts.newest_item else ""
    tried = f"; last sent {moment(facts.last_try)}" if facts.last_try else ""
    return counts + item + tried
