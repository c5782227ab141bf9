"""Commands for whoever keeps an installation running."""

from __future__ import annotations

import click
from django.core.management import execute_from_command_line

from publisher.cli import database
from publisher.cli.report import Report, reporting


@click.command()
@reporting
def migrate() -> Report:
    """Bring the database up to date. Safe to run at any time, also twice at once."""
    applied = database.migrate()
    text = f"{applied} migrations applied." if applied else "The database is up to date."
    return Report({"applied": applied}, text)


@click.command(
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
    }
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def django(arguments: tuple[str, ...]) -> None:
    """Run one of Django's management commands, such as `publisher django dbshell`."""
    execute_from_command_line(["publisher django", *arguments])
