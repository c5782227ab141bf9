"""Commands that tests put into the table."""

from __future__ import annotations

import click
from django.db import OperationalError, connection

from publisher.cli.report import Report, reporting
from publisher.core.errors import Retry, UserError


@click.command()
@click.option("--count", default=1)
@reporting
def good(count: int) -> Report:
    """Count something."""
    return Report({"count": count, "word": "中文"}, f"counted {count}")


@click.command()
@reporting
def bad() -> Report:
    return Report({"ok": False}, "not well", ok=False)


@click.command()
@click.argument("kind", type=click.Choice(["user", "other", "bug", "database"]))
def fails(kind: str) -> None:
    raise {
        "user": UserError("The file is empty.", "Choose another."),
        "other": Retry("The feed answered 503."),
        "bug": KeyError("surprise\nsecond line"),
        "database": OperationalError("connection refused\nIs the server running?"),
    }[kind]


@click.command()
def asks_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 6 * 7")
        click.echo(cursor.fetchone()[0])
