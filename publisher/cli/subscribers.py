"""Commands about many subscribers at once. One at a time is `add-subscriber` in `publication.py`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from publisher.audience.importing.columns import ATTRIBUTE, FIELDS, IGNORE, Unsaid, listed
from publisher.audience.importing.given import offer
from publisher.audience.importing.outcome import Outcome, Plan
from publisher.audience.importing.outcome import Progress as Told
from publisher.audience.importing.refusals import printable
from publisher.audience.importing.rows import MOST_CONSENT
from publisher.audience.importing.run import import_file
from publisher.cli.report import Report, reporting, table
from publisher.core import audit, clock
from publisher.digests.models import Digest
from publisher.items.languages import normalise_tag, primary

LINES_SHOWN = 20
_MEANING = {
    "added": "new people",
    "subscribed": "new subscriptions, theirs among them",
    "unchanged": "had it already",
    "updated": "had it already, and were changed",
    "refused": "are not imported",
    "left": "have unsubscribed: not subscribed again",
    "suppressed": "are on the suppression list: not subscribed",
    "erased": "were erased at their wish: only they can come back",
    "duplicates": "the same address once more: its first row counts",
}
_ALWAYS = ("added", "subscribed", "refused")
"""What is said also where it is nothing."""


@click.group()
def subscribers() -> None:
    """Subscribers in bulk."""


def _columns(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`COLUMN=FIELD`, split at the last sign: a column's name may hold one."""
    said = {}
    for each in given:
        column, sign, field = each.rpartition("=")
        known = field in (*FIELDS, IGNORE) or field.startswith(ATTRIBUTE)
        if not sign or not column or not known:
            fields = ", ".join((*FIELDS, f"{ATTRIBUTE}KEY", IGNORE))
            raise click.BadParameter(f"{each}: write COLUMN=FIELD; fields: {fields}.")
        said[column] = field
    return said


def _consent(_context: click.Context, _option: click.Parameter, given: str) -> str:
    text = " ".join(given.split())
    if len(text) > MOST_CONSENT:
        raise click.BadParameter(f"at most {MOST_CONSENT} characters, this has {len(text)}.")
    return text


@subscribers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--digest", "slug", default="", help="The digest's slug; not needed when there is only one.")
@click.option(
    "--consent", default="", callback=_consent, help="How these people agreed: the proof of consent."
)
@click.option("--language", default="", help="BCP 47, for rows that name none. Left out: the digest's first.")
@click.option(
    "--map", "columns", multiple=True, callback=_columns, metavar="COLUMN=FIELD", help="What a column means."
)
@click.option("--existing", type=click.Choice(["keep", "update"]), default="keep", show_default=True,
              help="What happens to the choices of those who are subscribed already.")  # fmt: skip
@click.option("--role", type=click.Choice(["accept", "refuse"]), default="accept", show_default=True,
              help="Mailboxes that people share, such as info@ and press@.")  # fmt: skip
@click.option("--encoding", default="", help="Of the file; left out: the one that it certainly has.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path),
              help="Where refused rows go. Left out: FILE.refused.csv, beside FILE.csv; in a dry run nowhere.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@reporting
def import_subscribers(
    file: Path,
    *,
    slug: str,
    consent: str,
    language: str,
    columns: dict[str, str],
    existing: str,
    role: str,
    encoding: str,
    refused: Path | None,
    dry_run: bool,
) -> Report:
    """Subscribe the people in a CSV file, who have agreed to it. docs/subscribers.md has all about the file.

    Killed on its way it may be run again. Who has left or must not be written to is never subscribed again.
    """
    digest = _digest(slug)
    plan = Plan(
        offer=offer(digest.pk, digest.languages, digest.topics, digest.kinds),
        language=_language(language, digest),
        consent=consent,
        columns=columns,
        encoding=encoding,
        update=existing == "update",
        dry=dry_run,
        refuse_roles=role == "refuse",
        refused=refused,
    )
    started = time.monotonic()
    with _explained(), _bar() as progress:
        outcome = import_file(file, plan, now=clock.now(), progress=progress)
    data = _data(outcome, file, digest, dry=dry_run, seconds=time.monotonic() - started)
    if not dry_run:
        trail = {key: data[key] for key in ("file", *outcome.counts())}
        audit.record(audit.os_user(), "subscribers.imported", digest, {}, trail)
    return Report(data, _text(data), ok=outcome.staged > 0 or outcome.read == 0)


def _digest(slug: str) -> Digest:
    found = list(Digest.objects.filter(slug=slug) if slug else Digest.objects.all()[:2])
    if len(found) == 1:
        return found[0]
    known = ", ".join(Digest.objects.values_list("slug", flat=True)) or "none yet: see `publisher apply`"
    problem = f"There is no digest {slug}." if slug else "Say which digest with --digest SLUG."
    raise click.UsageError(f"{problem} Digests: {known}.")


def _language(given: str, digest: Digest) -> str:
    tag = normalise_tag(given) if given else digest.languages[0]
    if tag is None or primary(tag) not in set(map(primary, digest.languages)):
        raise click.UsageError(f"{digest} does not come in {given}, but in {', '.join(digest.languages)}.")
    return tag


@contextmanager
def _explained() -> Iterator[None]:
    """What must be said on the command line is a mistake of usage; and a stop is no harm."""
    try:
        yield
    except Unsaid as error:
        raise click.UsageError(f"{error.message} {error.hint}") from error
    except KeyboardInterrupt:
        click.echo("What is written stays. Run the same command again: it goes on from there.", err=True)
        raise


@contextmanager
def _bar() -> Iterator[Told]:
    """A progress bar on a terminal, silence elsewhere. It goes to standard error: the report may be read by a program."""
    console = Console(stderr=True)
    parts = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*parts, console=console, transient=True, disable=not console.is_terminal) as shown:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what.title(), total=total)
            shown.update(tasks[what], completed=done, total=total)

        yield told


def _data(outcome: Outcome, file: Path, digest: Digest, *, dry: bool, seconds: float) -> dict[str, Any]:
    return {
        "file": file.name,
        "digest": digest.slug,
        "dry_run": dry,
        "encoding": outcome.encoding,
        "delimiter": outcome.delimiter,
        "header": outcome.header,
        "columns": outcome.columns,
        "unknown_columns": outcome.unknown_columns,
        **outcome.counts(),
        "roles": outcome.roles,
        "refused_by_reason": dict(outcome.reasons.most_common()),
        "refused_rows": outcome.refused_rows,
        "passed_over": outcome.passed_over,
        "refused_file": str(outcome.refused_file or ""),
        "seconds": round(seconds, 1),
    }


def _text(data: dict[str, Any]) -> str:
    if not data["read"]:
        return (
            f"{data['file']} has a header and no row below it: nobody to subscribe, and nothing is changed."
        )
    delimiter = {",": "commas", ";": "semicolons", "\t": "tabs"}.get(data["delimiter"], data["delimiter"])
    named = {
        field: f"“{printable(name, 40)}”" if data["header"] else f"column {name}"
        for field, name in data["columns"].items()
    }
    taken = ", ".join(f"{field} from {name}" for field, name in named.items())
    lines = [
        f"{data['file']}: {data['encoding']}, {delimiter}{'' if data['header'] else ', no header'}; {taken}.",
        *([f"Columns not read: {listed(data['unknown_columns'])}."] if data["unknown_columns"] else []),
        f"{data['read']:,} rows {'looked at' if data['dry_run'] else 'read'} in {data['seconds']} s.",
        *(["This was a dry run: nothing is changed. It would be:"] if data["dry_run"] else []),
        table(
            {
                name: f"{data[name]:>9,}  {meaning}"
                for name, meaning in _MEANING.items()
                if data[name] or name in _ALWAYS
            }
        ),
        *(
            [f"Of the rows read, {data['roles']:,} are mailboxes that people share (info@, press@ …)."]
            if data["roles"]
            else []
        ),
        *_refusals(data),
    ]
    return "\n".join(lines)


def _refusals(data: dict[str, Any]) -> list[str]:
    shown = data["refused_rows"][:LINES_SHOWN]
    lines = [f"  line {row['line']:,}: {row['reason']}" for row in shown]
    if data["refused"] > len(shown):
        reasons = ", ".join(f"{code} {count:,}" for code, count in data["refused_by_reason"].items())
        lines.append(f"  and {data['refused'] - len(shown):,} more. By reason: {reasons}.")
    if not lines:
        return []
    kept = f"All refused rows are in {data['refused_file']}: repair and import it, with the same options."
    if not data["refused_file"]:
        name = f"{Path(data['file']).stem}.refused.csv"
        kept = f"An import would write the refused rows to {name} beside the file; --refused FILE writes them now."
    return ["Refused:", *lines, kept]
