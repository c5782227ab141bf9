"""What of people is kept how long, how much is past its time, and what was erased. Nothing is set here."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from publisher.api.v1 import paging
from publisher.api.v1.frame import reads
from publisher.api.v1.shapes import Id, Page, Paged, Shape
from publisher.core import clock
from publisher.people.permissions import SEE_AUDIT
from publisher.retention import working
from publisher.retention.elsewhere import elsewhere
from publisher.retention.models import Run


class DueOut(Shape):
    kind: str
    label: str
    setting: str
    days: int
    before: datetime = Field(description="What began before this moment is past its time.")
    due: int = Field(description="Rows that are.")


class ElsewhereOut(Shape):
    """What tasks of its own erase."""

    label: str
    since: str
    days: int
    setting: str = Field(description="Empty: it is fixed.")


class RetentionOut(Shape):
    next_run_at: datetime
    kinds: list[DueOut]
    elsewhere: list[ElsewhereOut]


class ErasedOut(Shape):
    kind: str
    before: datetime
    erased: int
    problem: str = Field(description="Why it was given up for this run.")


class RunOut(Shape):
    id: int
    day: date | None = Field(
        description="The night of which it is the run (UTC); null: a person asked for it."
    )
    by: str
    begun_at: datetime
    ended_at: datetime | None
    kinds: list[ErasedOut] = Field(description="Those that were looked through so far.")


@reads("/retention", SEE_AUDIT, tag="retention")
def read_retention(request: HttpRequest) -> RetentionOut:  # noqa: ARG001 - ninja's signature
    """What a run would erase now. Counting takes some seconds with a million subscribers."""
    now = clock.now()
    return RetentionOut(
        next_run_at=working.next_run(now),
        kinds=[
            DueOut(
                kind=each.kind.key,
                label=str(each.kind.label),
                setting=each.kind.setting,
                days=each.kind.days,
                before=each.before,
                due=each.n,
            )
            for each in working.due(now)
        ],
        elsewhere=[
            ElsewhereOut(label=str(each.label), since=str(each.since), days=each.days, setting=each.setting)
            for each in elsewhere()
        ],
    )


@reads("/retention/runs", SEE_AUDIT, tag="retention")
def list_retention_runs(request: HttpRequest, wanted: Query[Paged]) -> Page[RunOut]:
    """What was erased, the last run first."""
    return paging.newest(request, Run.objects.prefetch_related("counts"), wanted, _run)


@reads("/retention/runs/{int:run_id}", SEE_AUDIT, tag="retention")
def read_retention_run(request: HttpRequest, run_id: Id) -> RunOut:  # noqa: ARG001 - ninja's signature
    """One run."""
    return _run(get_object_or_404(Run.objects.prefetch_related("counts"), pk=run_id))


def _run(row: Run) -> RunOut:
    counts = sorted(row.counts.all(), key=lambda count: count.pk)
    return RunOut(
        id=row.pk,
        day=row.day,
        by=row.by,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        kinds=[
            ErasedOut(kind=each.kind, before=each.before, erased=each.n, problem=each.problem)
            for each in counts
        ],
    )
