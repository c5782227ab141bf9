"""The audit trail as a list of which files are written: its rows, in plain words beside those of the program, in English."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils import translation

from publisher.core.models import AuditEntry
from publisher.delivery.exports.kinds import Batch, Kind
from publisher.desk import trail
from publisher.desk.audit.searching import Search, in_batches


class EntryRow(NamedTuple):
    """An entry as a file holds it; `before` and `after` are JSON in CSV, too."""

    id: int
    at: datetime
    who: str
    action: str
    deed: str
    object_type: str
    object_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    trace_id: str


def _search(query: str, zone: str) -> Search:
    return Search.of(QueryDict(query), ZoneInfo(zone))


def _columns(_query: str) -> tuple[str, ...]:
    return EntryRow._fields


def _problem(query: str, zone: str) -> str:
    return next(iter(_search(query, zone).errors.values()), "")


def _batches(query: str, zone: str, cursor: str) -> Iterator[Batch]:
    for entries in in_batches(_search(query, zone).rows(), before=int(cursor) if cursor else None):
        with translation.override(
            "en"
        ):  # who fetches the file may speak another language than who asked for it
            rows = [_row(entry) for entry in entries]
        yield rows, str(entries[-1].pk)


def _row(entry: AuditEntry) -> EntryRow:
    return EntryRow(
        entry.pk,
        entry.at,
        trail.who(entry),
        entry.action,
        trail.deed(entry.action),
        entry.object_type,
        entry.object_id,
        entry.before,
        entry.after,
        entry.trace_id,
    )


KIND = Kind(_columns, _problem, _batches)
