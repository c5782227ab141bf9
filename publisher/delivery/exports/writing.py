"""Writing exports, for some seconds at a time: beat's tick calls it, a nudge makes it sooner. A worker that dies leaves a piece
that is written anew; where the next one begins stands in the row."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus

from django.db import transaction
from django.db.models import Q

from publisher.core.errors import UserError
from publisher.delivery.exports import forms, store
from publisher.delivery.exports.kinds import Batch, kind_of
from publisher.delivery.models import Export
from publisher.social.media.store import StoreAway

log = logging.getLogger(__name__)

S = Export.State
PIECE_ROWS = 20_000
PIECE_SECONDS = 5.0
"""A piece ends by then even when few rows were found: the next one goes on."""

LEASE = timedelta(minutes=2)
KEEP = timedelta(days=7)


def write_due(*, now: datetime, seconds: float) -> int:
    """Write what waits for about `seconds`; how many pieces. Several may run at once: each export has one writer."""
    until, pieces = time.monotonic() + seconds, 0
    while time.monotonic() < until and (export := _claim(now)):
        try:
            while export.state == S.WAITING and time.monotonic() < until:
                _write_piece(export, now)
                pieces += 1
        except StoreAway as error:
            log.warning("export.store_away", extra={"export_id": export.pk, "reason": error.reason})
            Export.objects.filter(pk=export.pk).update(problem=error.reason)
            return pieces  # its lease ends by itself: until then the others wait, too
        Export.objects.filter(pk=export.pk, state=S.WAITING).update(lease_until=None)
    return pieces


def forget(*, now: datetime) -> int:
    """Delete exports of more than a week ago, with their files; how many."""
    old = list(Export.objects.filter(created_at__lt=now - KEEP).exclude(lease_until__gt=now)[:100])
    for export in old:
        store.delete(export.key, export.pieces)
        export.delete()
    return len(old)


def end_those_about(keys: Collection[str], *, now: datetime) -> int:
    """Have `forget` delete what was asked for about one of these addresses alone, with its file; of how many exports."""
    about = Q()
    for key in keys:
        about |= (
            Q(query__icontains=key) | Q(query__icontains=quote(key)) | Q(query__icontains=quote_plus(key))
        )
    return Export.objects.filter(about).update(created_at=now - KEEP * 2) if keys else 0


@transaction.atomic
def _claim(now: datetime) -> Export | None:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    waiting = Export.objects.select_for_update(skip_locked=True).filter(free, state=S.WAITING)
    export = waiting.order_by("pk").first()
    if export:
        export.lease_until = now + LEASE
        export.save(update_fields=["lease_until"])
    return export


def _write_piece(export: Export, now: datetime) -> None:
    """The next piece, and the end if nothing is left. The row is written after the file: a piece may be written twice."""
    kind = kind_of(export.kind)
    if problem := kind.problem(export.query, export.zone):
        _save(export, state=S.FAILED, problem=problem, finished_at=now, lease_until=None)
        return
    gathered = _Gathered()
    rows = gathered.rows(kind.batches(export.query, export.zone, export.cursor))
    try:
        data = forms.piece(rows, export.form, columns=kind.columns(export.query), first=not export.pieces)
    except UserError as error:  # what takes the database too long would do so again and again
        problem = f"{error.message} {error.hint}".strip()
        _save(export, state=S.FAILED, problem=problem, finished_at=now, lease_until=None)
        return
    store.put(export.key, export.pieces, data)
    ends = {} if gathered.more else {"state": S.READY, "finished_at": now, "lease_until": None}
    _save(
        export,
        pieces=export.pieces + 1,
        rows=export.rows + gathered.count,
        size=export.size + len(data),
        cursor=gathered.after,
        problem="",
        **ends,
    )


def _save(export: Export, **values: object) -> None:
    for name, value in values.items():
        setattr(export, name, value)
    export.save(update_fields=list(values))


class _Gathered:
    """The rows of one piece, and where the next begins."""

    def __init__(self) -> None:
        self.count, self.more = 0, False
        self.after = ""

    def rows(self, batches: Iterator[Batch]) -> Iterator[Any]:
        until = time.monotonic() + PIECE_SECONDS
        for n, (rows, following) in enumerate(batches):
            # However slow it was, the first batch is taken: a piece that gets nowhere would be written again and again.
            if n and (self.count >= PIECE_ROWS or time.monotonic() > until):
                self.more = True
                return
            yield from rows
            self.count += len(rows)
            self.after = following
