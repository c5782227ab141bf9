"""Import a file from beginning to end: read and stage every row, sort, write. `publisher subscribers import` calls it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from publisher.audience.importing import dialect, loading, opening, staging
from publisher.audience.importing.columns import ATTRIBUTE, Unsaid
from publisher.audience.importing.dialect import Layout
from publisher.audience.importing.outcome import Outcome, Plan, Progress
from publisher.audience.importing.reading import good_rows
from publisher.audience.importing.records import Lines
from publisher.audience.importing.refused import refused_rows
from publisher.audience.importing.rows import Checker
from publisher.audience.models import Attribute
from publisher.core.alone import IMPORT, alone
from publisher.core.errors import UserError


def import_file(path: Path, plan: Plan, *, now: datetime, progress: Progress) -> Outcome:
    """Import the CSV at `path` as `plan` says. Memory does not grow with the file.

    Raises UserError when the file cannot be read as a table of addresses, Unsaid when something that must be said was not.
    """
    with opening.opened(path) as file, alone(IMPORT) as mine:
        if not mine:
            raise UserError(_("Another import runs."), _("Wait for its end, and try again."))
        encoding = opening.encoding_of(file, path.name, given=plan.encoding)
        with opening.as_text(file, encoding) as text:
            lines = Lines(text)
            layout = dialect.layout_of(lines, plan.columns, path.name)
            outcome = _described(encoding, layout)
            checker = _checker(plan, layout, encoding, now)
            with staging.staging() as cursor:
                with refused_rows(path, plan.refused, layout, outcome, dry=plan.dry) as refused:
                    good = good_rows(
                        lines,
                        layout,
                        checker=checker,
                        outcome=outcome,
                        refuse=refused.add,
                        report=_by_bytes(file, progress),
                    )
                    outcome.staged = staging.stage(cursor, good)
                progress("sorting", 0, 1)
                staging.sort(cursor)
                progress("sorting", 1, 1)
                loading.load(cursor, plan, outcome, now=now, progress=progress)
            outcome.roles = checker.roles
    return outcome


def _described(encoding: str, layout: Layout) -> Outcome:
    places = layout.columns.places
    return Outcome(
        encoding=encoding.removesuffix("-sig"),
        delimiter=layout.delimiter,
        header=bool(layout.names),
        columns={field: layout.names[at] if layout.names else str(at + 1) for field, at in places.items()},
        unknown_columns=layout.columns.unknown,
    )


def _checker(plan: Plan, layout: Layout, encoding: str, now: datetime) -> Checker:
    if not plan.consent and "consent" not in layout.columns.places:
        raise Unsaid(
            "There is no word on how these people agreed.",
            "Say it with --consent TEXT, or in a column “consent”: it is the proof of consent.",
        )
    keys = [each.removeprefix(ATTRIBUTE) for each in layout.columns.places if each.startswith(ATTRIBUTE)]
    kinds = dict(Attribute.objects.filter(key__in=keys).values_list("key", "kind"))
    if missing := set(keys) - set(kinds):
        raise Unsaid(
            f"There is no attribute {min(missing)}.", "Make it in the desk, under Tags and attributes."
        )
    return Checker(
        offer=plan.offer,
        places=layout.columns.places,
        encoding=encoding,
        now=now,
        consent=plan.consent,
        refuse_roles=plan.refuse_roles,
        kinds=kinds,
    )


def _by_bytes(file: BinaryIO, progress: Progress) -> Callable[[], None]:
    """Reports how far the file is read. Its size is unknown to a text, its position in bytes is not."""
    here = file.tell()
    size = file.seek(0, 2)
    file.seek(here)
    return lambda: progress("reading", min(file.tell(), size), size)
