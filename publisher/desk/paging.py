"""Paging by key for the desk's own lists: a page begins after the last row of the one before, nothing is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest
from django.http.request import QueryDict

from publisher.core.numbers import number_in

Row = TypeVar("Row", bound=Model)

ROWS = 50


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """One page of rows. `next` is the query string of the following page, empty on the last; `first` that of the first."""

    rows: Sequence[Row]
    next: str
    first: str
    at_first: bool


def newest(request: HttpRequest, rows: QuerySet[Row], limit: int = ROWS) -> Listing[Row]:
    """Newest id first; `after` in the query string is the last id seen."""
    after = request.GET.get("after", "")
    number = number_in(after)
    if number is not None:
        rows = rows.filter(pk__lt=number)
    found = list(rows.order_by("-pk")[: limit + 1])
    return _listing(
        request.GET, found, limit, str(found[limit - 1].pk) if len(found) > limit else "", number is None
    )


def latest(request: HttpRequest, rows: QuerySet[Row], column: str, limit: int = ROWS) -> Listing[Row]:
    """Latest `column` (a time) first, then highest id; `after` is `<microseconds>.<id>` of the last row seen."""
    instant, _, number = request.GET.get("after", "").partition(".")
    micros, last = number_in(instant), number_in(number)
    begun = micros is not None and last is not None
    if micros is not None and last is not None:
        at = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
        # The first condition bounds the index scan; the second leaves out the rows of that very instant already seen.
        rows = rows.filter(**{f"{column}__lte": at}).filter(Q(**{f"{column}__lt": at}) | Q(pk__lt=last))
    found = list(rows.order_by(F(column).desc(), "-pk")[: limit + 1])
    key = _key(found[limit - 1], column) if len(found) > limit else ""
    return _listing(request.GET, found, limit, key, not begun)


def with_values(query: QueryDict, **values: str) -> str:
    """The query string with some values changed; an empty one is left out."""
    changed = query.copy()
    for name, value in values.items():
        changed[name] = value
    for name in [name for name, value in changed.items() if not value]:
        del changed[name]
    return changed.urlencode()


def _listing(query: QueryDict, found: list[Any], limit: int, key: str, at_first: bool) -> Listing[Any]:
    following = with_values(query, after=key) if key else ""
    return Listing(found[:limit], following, with_values(query, after=""), at_first)


def _key(row: Model, column: str) -> str:
    at: datetime = getattr(row, column)
    return f"{int(at.timestamp()) * 1_000_000 + at.microsecond}.{row.pk}"
