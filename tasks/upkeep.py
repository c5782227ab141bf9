"""Small recurring work that keeps the books in order."""

from __future__ import annotations

from datetime import datetime

from publisher.api import answers
from publisher.archive import pictures as archive_pictures
from publisher.audience import pauses
from publisher.audience.bulk import working as bulk
from publisher.audience.importing import running, uploads
from publisher.audience.importing.given import Offer, offer
from publisher.audience.suppressing import importing as suppressing
from publisher.counting import tally as counts
from publisher.delivery import retention, tally, unused_pictures
from publisher.delivery.closing import clear_away, finish_editions
from publisher.delivery.exports import writing
from publisher.delivery.statistics import counting as statistics
from publisher.delivery.turns import LONG, turn
from publisher.digests.models import Digest
from publisher.hooks import retention as hooks
from publisher.items import memory, rejections, submissions
from publisher.people import sessions
from publisher.retention import working
from publisher.social import connecting
from tasks.edge import beat, stage

EXPORT_SECONDS = 10.0
"""A turn of writing exports: a tenth of a million rows, or a few."""

ARCHIVE_SECONDS = 5.0
"""A turn of fetching pictures for the archive, and at most one picture more."""
BULK_SECONDS = 8.0
"""A turn of bulk actions: some hundred thousand rows, or a few."""

IMPORT_SECONDS = 580.0
"""An import is one piece: its turn is over when it is."""

PRUNE_SECONDS = 3.0
"""A turn of forgetting. Beat comes again in some seconds; so it never occupies a process for long."""


@stage("tasks.upkeep.finish")
def finish(*, now: datetime) -> dict[str, int]:
    """Close editions of which nothing is left to do."""
    cancelled, finished = clear_away(now=now), len(finish_editions(now=now))
    return {"cancelled": cancelled, "finished": finished} if cancelled or finished else {}


@stage("tasks.upkeep.resume")
def resume(*, now: datetime) -> int:
    """Let the subscriptions go on whose readers had paused them until now."""
    return pauses.resume_due(now=now)


@stage("tasks.upkeep.fold")
def fold(*, now: datetime) -> None:
    """Fold the tally of deliveries, and forget what intake, the API, connecting channels and imports need not remember."""
    tally.fold()
    submissions.forget(now=now)
    memory.forget(now=now)
    rejections.forget(now=now)
    answers.forget(now=now)
    connecting.forget(now=now)
    suppressing.forget(now=now)
    beat("upkeep.fold", now)


@stage("tasks.upkeep.prune")
def prune(*, now: datetime) -> int:
    """Forget deliveries whose time is over, a while at a time."""
    with turn(LONG, seconds=PRUNE_SECONDS) as mine:
        return retention.prune(now=now, seconds=PRUNE_SECONDS) if mine else 0


@stage("tasks.upkeep.erase")
def erase(*, now: datetime) -> int:
    """Erase what is past its time, each night, a while at a time."""
    with turn(LONG, seconds=PRUNE_SECONDS) as mine:
        return working.nightly(now=now, seconds=PRUNE_SECONDS) if mine else 0


@stage("tasks.upkeep.forget_hooks")
def forget_hooks(*, now: datetime) -> int:
    """Forget what webhooks were told long ago, a while at a time."""
    with turn(LONG, seconds=PRUNE_SECONDS) as mine:
        return hooks.forget(now=now, seconds=PRUNE_SECONDS) if mine else 0


@stage("tasks.upkeep.write_exports")
def write_exports(*, now: datetime, **_ids: int) -> int:
    """Write the files of rows that people asked for, a while at a time."""
    with turn(LONG, seconds=EXPORT_SECONDS + writing.PIECE_SECONDS) as mine:
        return writing.write_due(now=now, seconds=EXPORT_SECONDS) if mine else 0


@stage("tasks.upkeep.forget_exports")
def forget_exports(*, now: datetime) -> int:
    """Delete exports whose time is over."""
    return writing.forget(now=now)


@stage("tasks.upkeep.forget_sessions")
def forget_sessions(*, now: datetime) -> int:
    """Delete sessions of the desk that ended by themselves."""
    return sessions.forget(now=now)


@stage("tasks.upkeep.forget_pictures")
def forget_pictures(*, now: datetime) -> int:
    """Delete pictures that nothing shows any more."""
    return unused_pictures.forget(now=now, besides=archive_pictures.in_use)


@stage("tasks.upkeep.keep_archive_pictures")
def keep_archive_pictures(*, now: datetime) -> int:
    """Fetch the pictures that the public archive shows, a while at a time."""
    with turn(LONG, seconds=ARCHIVE_SECONDS + archive_pictures.SECONDS) as mine:
        return archive_pictures.fetch_due(now=now, seconds=ARCHIVE_SECONDS) if mine else 0


@stage("tasks.upkeep.fold_counts")
def fold_counts(*, now: datetime) -> int:  # noqa: ARG001 - as all stages
    """Bring clicks and opens from Redis into the database."""
    return counts.fold()


@stage("tasks.upkeep.count")
def count(*, now: datetime) -> None:
    """Count the deliveries of today, and of one older day, for the dashboard."""
    statistics.count(now=now)
    beat("upkeep.count", now)


@stage("tasks.upkeep.work_bulk")
def work_bulk(*, now: datetime, **_ids: int) -> int:
    """Do what was asked for on many subscribers, or undo it, a while at a time."""
    with turn(LONG, seconds=BULK_SECONDS) as mine:
        return bulk.work(now=now, seconds=BULK_SECONDS) if mine else 0


@stage("tasks.upkeep.run_imports")
def run_imports(*, now: datetime, **_ids: int) -> int:
    """Try or import the list that has waited longest."""
    if not running.waits():
        return 0
    with turn(LONG, seconds=IMPORT_SECONDS) as mine:
        upload = running.run_next(_offered, now=now) if mine else None
    return upload.pk if upload else 0


@stage("tasks.upkeep.forget_lists")
def forget_lists(*, now: datetime) -> int:
    """Delete files of imports, and what bulk actions remember, when their time is over."""
    return uploads.forget(now=now) + bulk.forget(now=now)


def _offered(digest_id: int) -> tuple[Offer, str] | None:
    digest = Digest.objects.filter(pk=digest_id).first()
    if digest is None:
        return None
    return offer(digest.pk, digest.languages, digest.topics, digest.kinds), digest.languages[0]
