"""The frame of the `publisher` command: help in sections, loading on demand, and errors as one clear line."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from copy import copy
from functools import wraps
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from config.environment import read
from publisher.cli.commands import COMMANDS, Command, Needs
from publisher.core.errors import OtherSideError, Rejected, Unknown, UserError

CRASH_LOG_LIMIT = 1024 * 1024  # bytes; when it is full the file starts anew


class Sections(click.Group):
    """A group whose help reads like a table of contents, and whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [command.name for command in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        found = next((command for command in COMMANDS if command.name == cmd_name), None)
        return _loaded(found) if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        width = max(len(command.name) for command in COMMANDS)
        for section, commands in groupby(COMMANDS, key=lambda command: command.section):
            with formatter.section(section):
                formatter.write_dl([(command.name.ljust(width), command.help) for command in commands])


@click.group(
    cls=Sections,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="More: `publisher COMMAND --help`. Settings: docs/configuration.md.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show what happens, not only what went wrong.")
@click.version_option(package_name="publisher", message="%(version)s")
def publisher(verbose: bool) -> None:
    """Publishes new items as digests to subscribers and as posts to social networks."""
    if verbose:
        os.environ["PUBLISHER_LOG_LEVEL"] = "info"


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    try:
        answer = publisher.main(list(arguments), prog_name="publisher", standalone_mode=False)
        code = answer if isinstance(answer, int) else 0
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        code = 130
    except UserError as error:
        code = _explain(error.message, error.hint)
    except OtherSideError as error:
        code = _explain(error.reason, _advice(error))
    except BrokenPipeError:
        sys.stderr.close()
        code = 1
    except Exception as error:  # noqa: BLE001 - the edge: a traceback must not reach a person
        code = _explain(*_keep_traceback(error))
    return code


def _advice(error: OtherSideError) -> str:
    if isinstance(error, Rejected):
        return "Trying again will not help: check the address, and open it in a browser."
    if isinstance(error, Unknown):
        return "It may have been done: check on the other side before you try again."
    return "The other side may recover; try again later."


def _loaded(command: Command) -> click.Command:
    """Import a command and put before it what it needs."""
    if command.needs >= Needs.SETTINGS:
        _set_up_django()
    module, attribute = command.place.split(":")
    loaded: click.Command = getattr(importlib.import_module(module), attribute)
    if command.needs < Needs.SERVERS:
        return loaded
    if not isinstance(loaded, click.Group):
        return _with_servers(loaded, command)
    group = copy(loaded)
    group.commands = {name: _with_servers(leaf, command) for name, leaf in loaded.commands.items()}
    return group


def _with_servers(leaf: click.Command, command: Command) -> click.Command:
    """A copy: the command as it is imported starts no server. Of a group only the subcommands: its own callback runs before
    their arguments are read, and help and mistakes need no server."""
    callback, leaf = leaf.callback, copy(leaf)

    @wraps(callback or _loaded)
    def with_servers(*args: Any, **kwargs: Any) -> Any:
        database = importlib.import_module("publisher.cli.database")
        root = click.get_current_context().find_root()
        root.with_resource(database.servers(command.name, migrated=command.needs >= Needs.DATABASE))
        return callback(*args, **kwargs) if callback else None

    leaf.callback = with_servers
    return leaf


def _set_up_django() -> None:
    """Commands report by their own output: of the log they show warnings only, unless the person wants more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PUBLISHER_LOG_LEVEL", "warning")
    importlib.import_module("django").setup()


def _explain(message: str, hint: str) -> int:
    click.echo(f"{click.style('publisher:', fg='red')} {message}", err=True)
    if hint:
        click.echo(f"  {hint}", err=True)
    return 1


def _keep_traceback(error: Exception) -> tuple[str, str]:
    """Write the traceback to `log/cli.log` in the data folder."""
    text = "".join(traceback.format_exception(error))
    summary = (
        f"Something went wrong that publisher did not expect: {type(error).__name__}: {error}".splitlines()[0]
    )
    try:
        path: Path = read(os.environ).data_dir / "log" / "cli.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        full = path.exists() and path.stat().st_size > CRASH_LOG_LIMIT
        with path.open("w" if full else "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"publisher {' '.join(sys.argv[1:2])}\n{text}\n")
    except (OSError, UserError):
        return summary, "The traceback could not be kept, because the data folder cannot be written to."
    return summary, f"The traceback is in {path}. Please report it with the steps that led to it."
