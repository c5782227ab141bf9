"""What is kept how long, how much is past its time, and the last runs. Nothing is set here: that is the environment's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.core.audit import SYSTEM
from publisher.desk import trail
from publisher.desk.page import show
from publisher.retention import working
from publisher.retention.elsewhere import elsewhere
from publisher.retention.kinds import BY_KEY
from publisher.retention.models import Run

SHOWN_RUNS = 30


@dataclass(frozen=True)
class Erased:
    """What a run did with one kind."""

    label: Promise | str
    n: int
    before: datetime
    problem: str


@dataclass(frozen=True)
class Night:
    """A run for people: who, when, and of which kinds it erased something."""

    run: Run
    by: str
    erased: list[Erased]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The page."""
    now = clock.now()
    runs = Run.objects.prefetch_related("counts")[:SHOWN_RUNS]
    context = {
        "due": list(working.due(now)),
        "elsewhere": elsewhere(),
        "nights": [_night(run) for run in runs],
        "next_at": working.next_run(now),
    }
    return show(request, "desk/retention/retention.html", context)


def _night(run: Run) -> Night:
    erased = [
        Erased(
            BY_KEY[count.kind].label if count.kind in BY_KEY else count.kind,
            count.n,
            count.before,
            count.problem,
        )
        for count in sorted(run.counts.all(), key=lambda count: count.pk)
        if count.n or count.problem
    ]
    return Night(run, trail.PUBLISHER if run.by == SYSTEM else run.by, erased)
