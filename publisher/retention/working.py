"""Erasing what is past its time: a while at a time, a batch a transaction, so that it may be killed anywhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day

from django.conf import settings
from django.db import transaction
from django.db.models import F

from publisher.core import audit, clock
from publisher.core.alone import RETENTION, alone
from publisher.core.audit import SYSTEM
from publisher.retention.kinds import BY_KEY, KINDS, Kind
from publisher.retention.models import Count, Run

log = logging.getLogger(__name__)

DONE = "retention.done"


@dataclass(frozen=True)
class Due:
    """How many rows of a kind are past their time."""

    kind: Kind
    n: int
    before: datetime


def due(now: datetime) -> Iterator[Due]:
    """What a run would erase now, kind by kind. Changes nothing."""
    for kind in KINDS:
        before = kind.before(now)
        yield Due(kind, kind.due(before).count(), before)


def next_run(now: datetime) -> datetime:
    """When the next run of a night begins (UTC)."""
    return next_at(now, begun_today=Run.objects.filter(day=now.astimezone(UTC).date()).exists())


def next_at(now: datetime, *, begun_today: bool) -> datetime:
    """The same. Pure but for the hour that is set."""
    today = now.astimezone(UTC).date()
    at = datetime.combine(today, time_of_day(settings.RETENTION_HOUR), UTC)
    return at + timedelta(days=1) if begun_today else max(at, now)


def nightly(*, now: datetime, seconds: float) -> int:
    """Go on with the run of the night, or begin it once its hour has come, for about `seconds`; how many rows were erased."""
    with alone(RETENTION) as mine:
        run = (_open() or _begin(now)) if mine else None
        return _go_on(run, seconds=seconds) if run else 0


def at_once(*, by: str, now: datetime) -> Run | None:
    """A whole run now, asked for by a person; None while another one works."""
    with alone(RETENTION, wait_seconds=10) as mine:
        if not mine:
            return None
        run = Run.objects.create(by=by, begun_at=now)
        _go_on(run, seconds=float("inf"))
        return run


def _open() -> Run | None:
    return Run.objects.filter(ended_at=None).order_by("pk").first()


def _begin(now: datetime) -> Run | None:
    """The run of this day, unless its hour has not come or it has been."""
    today = now.astimezone(UTC)
    if today.hour < settings.RETENTION_HOUR or Run.objects.filter(day=today.date()).exists():
        return None
    return Run.objects.create(day=today.date(), by=SYSTEM, begun_at=now)


def _go_on(run: Run, *, seconds: float) -> int:
    stop_at = time.monotonic() + seconds
    erased = 0
    for kind in KINDS:
        count, _new = Count.objects.get_or_create(
            run=run, kind=kind.key, defaults={"before": kind.before(run.begun_at)}
        )
        while not count.done:
            erased += _batch(kind, count)
            if time.monotonic() >= stop_at:
                return erased
    _end(run)
    return erased


def _batch(kind: Kind, count: Count) -> int:
    """One batch with its count. A kind that fails is given up for this run: the others are not kept from their turn."""
    try:
        with transaction.atomic():
            n = kind.erase(count.before, kind.batch)
            Count.objects.filter(pk=count.pk).update(n=F("n") + n, done=n == 0)
    except Exception as error:
        log.exception("retention.failed", extra={"kind": kind.key})
        # The name alone: what an error says may name a person. The log of the worker has it.
        count.problem = type(error).__name__[:200]
        Count.objects.filter(pk=count.pk).update(problem=count.problem, done=True)
        count.done = True
        return 0
    count.done = n == 0
    return n


@transaction.atomic
def _end(run: Run) -> None:
    counts = list(run.counts.order_by("pk"))
    run.ended_at = clock.now()
    run.save(update_fields=["ended_at"])
    after = {count.kind: count.n for count in counts if count.n and count.kind in BY_KEY}
    failed = [count.kind for count in counts if count.problem]
    audit.record_of(
        None if run.by == SYSTEM else run.by,
        DONE,
        "retention",
        str(run.pk),
        after=after | ({"failed": failed} if failed else {}),
    )
    log.info("retention.done", extra={"run_id": run.pk, **after})
