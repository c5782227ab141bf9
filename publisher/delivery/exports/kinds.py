"""The lists of which files are written: how each reads its filter, and its rows a batch at a time.

The delivery log is read here. The audit trail is told in words that only the desk has, so that the desk brings it
(`desk/audit/export.py`) when the process starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import QueryDict

from publisher.delivery.exports import readers
from publisher.delivery.log import Cursor, ExportRow, LogFilter, ids_of
from publisher.delivery.log.rows import Names
from publisher.delivery.models import Export

Batch = tuple[Sequence[Any], str]
"""Rows (tuples, a value for each column; there may be none), and the cursor from which the following batch is read."""


@dataclass(frozen=True)
class Kind:
    """A list. The functions take the query string of its page and the zone whose clock its times are of.

    `columns` names the rows' values. `problem` says what cannot be understood, or "". `batches` gives the rows behind a cursor
    ("": from the beginning), in the page's order; no transaction stays open between two batches.
    """

    columns: Callable[[str], tuple[str, ...]]
    problem: Callable[[str, str], str]
    batches: Callable[[str, str, str], Iterator[Batch]]


_known: Final[dict[str, Kind]] = {}


def add(name: str, kind: Kind) -> None:
    """Make a list known."""
    _known[name] = kind


def kind_of(name: str) -> Kind:
    """The list of an export."""
    return _known[name]


def _wanted(query: str, zone: str) -> LogFilter:
    """What an export holds: its query string was typed by who may read addresses."""
    return LogFilter.from_query(QueryDict(query), zone=ZoneInfo(zone))


def _problem(query: str, zone: str) -> str:
    return next(iter(_wanted(query, zone).errors.values()), "")


def _deliveries(query: str, zone: str, cursor: str) -> Iterator[Batch]:
    names = Names()
    for ids, following in ids_of(_wanted(query, zone), Cursor.read(cursor)):
        yield list(names.rows(ids)), str(following or "")


def _columns(_query: str) -> tuple[str, ...]:
    return ExportRow._fields


add(Export.Kind.DELIVERIES, Kind(_columns, _problem, _deliveries))
add(Export.Kind.SUBSCRIBERS, Kind(readers.columns, readers.problem, readers.batches))
