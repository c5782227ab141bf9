"""`publisher retention`: what is kept for how long, what is past its time, and erasing it now. docs/privacy.md"""

from __future__ import annotations

from typing import Any

import click

from publisher.cli.report import Report, reporting
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.retention import working
from publisher.retention.elsewhere import elsewhere
from publisher.retention.models import Run

SHOWN_RUNS = 5


@click.group()
def retention() -> None:
    """What is erased when its time is over. docs/privacy.md"""


@retention.command()
@reporting
def show() -> Report:
    """Show how long each kind is kept, how many are past their time, and the last runs."""
    now = clock.now()
    due = list(working.due(now))
    runs = list(Run.objects.prefetch_related("counts")[:SHOWN_RUNS])
    kept = [
        f"{each.n:>9}  {each.kind.label}: kept for {each.kind.days} days ({each.kind.setting})"
        for each in due
    ]
    others = [
        f"{'':>9}  {each.label}: kept for {each.days} days {each.since}; erased by their own task"
        for each in elsewhere()
    ]
    data = {
        "due": [_due(each) for each in due],
        "runs": [_run(run) for run in runs],
    }
    said = [_said(run) for run in runs] or ["No run yet."]
    return Report(data, "\n".join(["Past their time now:", *kept, *others, "", "Last runs:", *said]))


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only say how many rows would be erased.")
@reporting
def run(dry_run: bool) -> Report:
    """Erase now what is past its time, as each night.

    Exit status 1: something could not be erased.
    """
    now = clock.now()
    if dry_run:
        due = list(working.due(now))
        lines = [f"{each.n:>9}  {each.kind.label}" for each in due]
        return Report({"due": [_due(each) for each in due]}, "\n".join(["Would be erased:", *lines]))
    done = working.at_once(by=audit.os_user(), now=now)
    if done is None:
        raise UserError("Another run is at work.", "Look at it with `publisher retention show`.")
    failed = any(count.problem for count in done.counts.all())
    return Report({"run": _run(done)}, _said(done), ok=not failed)


def _due(each: working.Due) -> dict[str, Any]:
    return {
        "kind": each.kind.key,
        "setting": each.kind.setting,
        "days": each.kind.days,
        "before": each.before,
        "rows": each.n,
    }


def _run(row: Run) -> dict[str, Any]:
    return {
        "id": row.pk,
        "by": row.by,
        "begun_at": row.begun_at,
        "ended_at": row.ended_at,
        "erased": {count.kind: count.n for count in row.counts.all()},
        "failed": {count.kind: count.problem for count in row.counts.all() if count.problem},
    }


def _said(row: Run) -> str:
    counts = [f"{count.kind} {count.n}" for count in row.counts.all() if count.n]
    failed = [f"{count.kind} failed ({count.problem})" for count in row.counts.all() if count.problem]
    end = f"ended {row.ended_at:%H:%M:%S}" if row.ended_at else "not ended"
    what = ", ".join([*counts, *failed]) or "nothing was past its time"
    return f"{row.begun_at:%Y-%m-%d %H:%M:%S} UTC, {end}, by {row.by}: {what}"
