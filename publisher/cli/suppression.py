"""`publisher suppression`: the addresses that nothing is sent to, one at a time and as whole lists. docs/suppression.md"""

from __future__ import annotations

import csv
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, TextIO

import click
from django.http import QueryDict
from django.utils.dateparse import parse_date

from publisher.audience import addresses, by_staff
from publisher.audience.models import Erased, Suppression
from publisher.audience.suppressing import importing, lifting
from publisher.audience.suppressing.searching import EXPIRIES, Search, in_batches
from publisher.cli.report import Report, reporting
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.core.spreadsheets import safe_cell

MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")
FILTERS = (
    click.option("--reason", type=click.Choice(Suppression.Reason.values), help="Only these."),
    click.option(
        "--expiry", type=click.Choice(list(EXPIRIES)), help="Only those that stand, end, have ended."
    ),
)


def _filtered(command: Any) -> Any:
    for option in FILTERS:
        command = option(command)
    return command


@click.group()
def suppression() -> None:
    """Addresses that nothing is sent to. docs/suppression.md"""


@suppression.command("list")
@click.argument("email", required=False)
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Entries.")
@_filtered
@reporting
def list_entries(email: str | None, most: int, reason: str | None, expiry: str | None) -> Report:
    """Show the list, last added first, or the entry of EMAIL."""
    search = _search(email=email, reason=reason, expiry=expiry)
    rows = list(search.rows(now=clock.now()).order_by("-pk")[:most])
    erased = Erased.objects.count()
    lines = [_line(row) for row in rows] or ["No address fits."]
    if erased:
        lines.append(f"{erased:,} people more were erased at their wish: only hashes of them are kept.")
    return Report({"suppressions": [_data(row) for row in rows], "erased": erased}, "\n".join(lines))


@suppression.command()
@click.argument("email")
@click.option("--because", required=True, help="Who asked, when and where.")
@click.option(
    "--until",
    "day",
    default="",
    metavar="DAY",
    help="The last day (UTC), such as 2026-12-31. Left out: for good.",
)
@reporting
def add(email: str, because: str, day: str) -> Report:
    """Send nothing to EMAIL any more. One that is on the list stays as it is."""
    user, now = audit.os_user(), clock.now()
    row = by_staff.suppress(email, evidence=because, until=_end_of(day), user=user, now=now)
    known = "" if row.at == now else "It was on the list already. "
    return Report(_data(row), known + _line(row))


@suppression.command()
@click.argument("email")
@click.option("--because", required=True, help="Why it may be written to again.")
@reporting
def lift(email: str, because: str) -> Report:
    """Let EMAIL be written to again. Subscriptions that had ended stay ended."""
    row = Suppression.objects.filter(email_key=addresses.key(email)).first()
    if row is None:
        raise UserError(
            f"{email} is not on the suppression list.", "`publisher suppression list EMAIL` shows it."
        )
    by_staff.lift(row.pk, because=because, user=audit.os_user(), now=clock.now())
    return Report({"email": row.email_key, "lifted": True}, f"{row.email_key} may be written to again.")


@suppression.command("lift-bounced")
@click.option("--since", type=click.DateTime(MOMENTS), required=True, help="From this moment on (UTC).")
@click.option("--until", type=click.DateTime(MOMENTS), required=True, help="Before this moment (UTC).")
@click.option("--domain", default="", help="Only addresses at this domain, such as gmail.com.")
@click.option(
    "--because", default="", help="Why they may be written to again; left out: they are only counted."
)
@reporting
def lift_bounced(since: datetime, until: datetime, domain: str, because: str) -> Report:
    """Let all be written to again whose mailbox was said not to exist between two moments, while a provider was broken.

    Without --because it says how many there are and lifts none.
    """
    span = (since.replace(tzinfo=UTC), until.replace(tzinfo=UTC), domain)
    count = lifting.bounced_between(*span).count()
    if because:
        count = lifting.lift_bounced(*span, because=because, user=audit.os_user())
    done = "may be written to again" if because else "would be lifted; say --because to lift them"
    return Report({"entries": count, "lifted": bool(because)}, f"{count:,} addresses {done}.")


@suppression.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--encoding", default="", help="Of the file; left out: the one that it certainly has.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path),
              help="Where refused rows go. Left out: FILE.refused.csv, beside FILE.csv.")  # fmt: skip
@reporting
def import_entries(file: Path, encoding: str, refused: Path | None) -> Report:
    """Bring in a CSV file of addresses. Nothing is ever lifted, shortened or weakened by it.

    Columns: email, and if there are reason, date, until, evidence. A file of addresses alone will do.
    """
    with file.open("rb") as opened:
        done = importing.import_list(
            opened, file.name, user=audit.os_user(), now=clock.now(), encoding=encoding
        )
    data = {
        name: getattr(done, name) for name in ("name", "read", "added", "changed", "unchanged", "refused")
    }
    text = (
        f"{done.read:,} rows read: {done.added:,} addresses added, {done.changed:,} made stronger or longer, "
        f"{done.unchanged:,} on the list already, {done.refused:,} refused."
    )
    if done.refused:
        place = refused or file.with_suffix(".refused.csv")
        place.write_bytes(importing.refused_file(done))
        data["refused_file"] = str(place)
        text += f"\nThe refused rows, each with its reason: {place}. Mend them, and bring that file in."
    return Report(data, text, ok=done.read > done.refused or not done.read)


@suppression.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@_filtered
@reporting
def export_entries(file: Path, reason: str | None, expiry: str | None) -> Report:
    """Write the list to FILE as CSV (UTF-8, times in UTC), as `import` reads it."""
    search = _search(email=None, reason=reason, expiry=expiry)
    dash = str(file) == "-"
    count = 0
    with nullcontext(sys.stdout) if dash else file.open("w", newline="", encoding="utf-8") as out:
        count = _write(out, search)
    audit.record_of(audit.os_user(), "suppressions.exported", "export", "", after={"read": count})
    return Report({"file": str(file), "entries": count}, "" if dash else f"{count:,} entries in {file}.")


def _write(out: TextIO, search: Search) -> int:
    writer, count = csv.writer(out), 0
    writer.writerow(importing.COLUMNS)
    for rows in in_batches(search.rows(now=clock.now())):
        writer.writerows([_cell(value) for value in importing.as_row(row)] for row in rows)
        count += len(rows)
    return count


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else safe_cell(str(value))


def _search(**given: str | None) -> Search:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in given.items() if value})
    search = Search.of(query)
    for problem in search.errors.values():
        raise UserError(problem)
    return search


def _end_of(day: str) -> datetime | None:
    if not day:
        return None
    try:
        found = parse_date(day)
    except ValueError:
        found = None
    if found is None:
        raise UserError(f"{day} is not a day.", "Write it like 2026-12-31.")
    return datetime.combine(found, time(23, 59, 59), UTC)


def _data(row: Suppression) -> dict[str, Any]:
    return {
        "email": row.email_key,
        "reason": row.reason,
        "evidence": row.evidence,
        "at": row.at,
        "until": row.until,
    }


def _line(row: Suppression) -> str:
    end = f"until {row.until:%Y-%m-%d %H:%M} UTC" if row.until else "for good"
    return f"{row.email_key}  {row.reason}, since {row.at:%Y-%m-%d}, {end}. {row.evidence}".rstrip()
