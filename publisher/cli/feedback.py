"""`publisher feedback`: the pipe of a mail server, and a look at what a message means.

Whatever goes wrong while a message is taken ends in EX_TEMPFAIL (75): the mail server keeps it and brings it again. So nothing
is set up before the command runs: a wrong setting or a database that is away must end like that, too.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from publisher.cli import feedback_ways
from publisher.cli.report import Report, reporting, table

EX_TEMPFAIL = 75
LARGEST = 30 * 1024 * 1024
"""Bytes of a message; what is larger is no answer of a mail server."""


@click.group()
def feedback() -> None:
    """What mailboxes answer to mail: bounces, complaints, wishes to leave."""


feedback.add_command(feedback_ways.watch)
feedback.add_command(feedback_ways.listen)


@feedback.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option("--source", default="pipe", show_default=True, help="Named on the report: which pipe it was.")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    help="To whom the envelope said it goes; give it when your mail server knows it (Postfix: ${recipient}).",
)
def take(source: str, recipients: tuple[str, ...]) -> int:
    """Take one message from standard input, and do what follows from it. Ends with 75 when it must be brought again.

    An option that it does not know is passed over: a message is worth more than an error about one.
    """
    try:
        raw = sys.stdin.buffer.read(LARGEST)
        if not raw.strip():
            click.echo("publisher: no message came on standard input.", err=True)
            return EX_TEMPFAIL
        said = _taken(raw, source, recipients)
    except (KeyboardInterrupt, SystemExit):
        return EX_TEMPFAIL
    except Exception as error:  # noqa: BLE001 - the edge: the mail server must keep what was not stored
        text = " ".join(str(error).split())[:300]
        click.echo(f"publisher: not taken, bring it again ({type(error).__name__}: {text})", err=True)
        return EX_TEMPFAIL
    click.echo(said)
    return 0


@feedback.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@reporting
def classify(files: tuple[Path, ...]) -> Report:
    """Say what messages mean, and what would follow if they are about a reader. Stores nothing, and asks no database. Whether a
    sign is ours is known by the installation's secret key."""
    _set_up()
    importlib.import_module("publisher.cli.database").require_installation()
    found = {str(path): _classified(path) for path in files}
    texts = [
        f"{click.style(name, bold=True)}\n{table({key: '–' if value in (None, '') else value for key, value in row.items()})}"
        for name, row in found.items()
    ]
    return Report({"messages": found}, "\n\n".join(texts))


def _taken(raw: bytes, source: str, recipients: tuple[str, ...]) -> str:
    _set_up()
    database = importlib.import_module("publisher.cli.database")
    database.require_installation()
    with database.servers("feedback take", migrated=True):
        taking = importlib.import_module("publisher.feedback.taking")
        clock = importlib.import_module("publisher.core.clock")
        report = taking.take(raw, source=source, now=clock.now(), recipients=recipients)
        return f"report {report.pk}: {report.kind}, {report.outcome}"


def _classified(path: Path) -> dict[str, Any]:
    reading_room = importlib.import_module("publisher.feedback.reading")
    rules = importlib.import_module("publisher.feedback.rules")
    errors = importlib.import_module("publisher.core.errors")
    clock = importlib.import_module("publisher.core.clock")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise errors.UserError(
            f"{path} cannot be read: {error.strerror}.", "Give files that hold one message each."
        ) from error
    reading = reading_room.read(raw)
    target = rules.Target(is_known=reading.named.is_signed, has_reader=reading.named.is_signed)
    decision = rules.decide(reading, target, rules.History(), rules.Policy(), now=clock.now())
    return {
        "kind": reading.kind.value,
        "cause": reading.cause.value,
        "for good": {True: "yes", False: "no", None: ""}[reading.permanent],
        "code": reading.code,
        "form": reading.form,
        "address": reading.recipient,
        "signed by us": "yes" if reading.named.is_signed else "no",
        "delivery": ", ".join(map(str, reading.named.deliveries)),
        "would follow": f"{decision.outcome.value}: {decision.why}",
        "words": reading.said[:300],
    }


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PUBLISHER_LOG_LEVEL", "warning")
    apps = importlib.import_module("django.apps").apps
    if not apps.ready:
        importlib.import_module("django").setup()
    sys.stdout.flush()
