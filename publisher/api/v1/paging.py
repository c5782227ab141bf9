"""Pages by key: a page begins after the last row of the one before; nothing is counted, nothing is skipped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest

from publisher.api.v1.shapes import Page, Paged
from publisher.core.numbers import number_in

Row = TypeVar("Row", bound=Model)
Out = TypeVar("Out")


def newest(request: HttpRequest, rows: QuerySet[Row], wanted: Paged, out: Callable[[Row], Out]) -> Page[Out]:
    """Newest id first."""
    number = number_in((wanted.after or "").partition(".")[0])
    if number is not None:
        rows = rows.filter(pk__lt=number)
    found = list(rows.order_by("-pk")[: wanted.limit + 1])
    return _page(request, found, wanted, out, lambda row: str(row.pk))


def latest(
    request: HttpRequest, rows: QuerySet[Row], column: str, wanted: Paged, out: Callable[[Row], Out]
) -> Page[Out]:
    """Latest `column` (a time) first, then highest id; the cursor is `<microseconds>.<id>`."""
    instant, _, number = (wanted.after or "").partition(".")
    micros, last = number_in(instant), number_in(number)
    if micros is not None and last is not None and micros < 32_000_000_000_000_000:
        at = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
        # The first condition bounds the index scan; the second leaves out the rows of that very instant already seen.
        rows = rows.filter(**{f"{column}__lte": at}).filter(Q(**{f"{column}__lt": at}) | Q(pk__lt=last))
    found = list(rows.order_by(F(column).desc(), "-pk")[: wanted.limit + 1])
    return _page(request, found, wanted, out, lambda row: _key(row, column))


def whole(rows: list[Row], out: Callable[[Row], Out]) -> Page[Out]:
    """A list that is short by its nature, on one page."""
    return Page(data=[out(row) for row in rows], next=None)


def address_of_next(request: HttpRequest, after: str) -> str:
    """The same request, one page on."""
    query = request.GET.copy()
    query["after"] = after
    return f"{settings.BASE_URL}{request.path}?{query.urlencode()}"


def _page(
    request: HttpRequest,
    found: list[Row],
    wanted: Paged,
    out: Callable[[Row], Out],
    key: Callable[[Row], str],
) -> Page[Out]:
    more = len(found) > wanted.limit
    shown = found[: wanted.limit]
    following = address_of_next(request, key(shown[-1])) if more else None
    return Page(data=[out(row) for row in shown], next=following)


def _key(row: Any, column: str) -> str:
    at: datetime = getattr(row, column)
    return f"{int(at.timestamp()) * 1_000_000 + at.microsecond}.{row.pk}"
