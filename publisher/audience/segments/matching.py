"""The query of some groups of conditions; how many fit, in limited time; a sample of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from publisher.audience.models import Subscriber
from publisher.audience.segments.conditions import Condition, Groups
from publisher.audience.segments.fields import Query, field_of
from publisher.core.errors import UserError

PAGE_SECONDS = 5.0
COUNT_SECONDS = 2.0
"""After that a count is an estimate, …"""
EXACT_SECONDS = 60.0
"""… unless it must be exact."""
SAMPLE = 10_000
"""Subscribers in an estimate, about."""


@dataclass(frozen=True)
class Counted:
    """How many fit. Not `exact`: estimated from a sample, with two digits that count; None when that took too long, too."""

    number: int | None
    exact: bool


class TooLong(UserError):
    """The database did not answer in time."""


def matching(groups: Groups, *, now: datetime) -> QuerySet[Subscriber]:
    """Subscribers who fit. Raises `UserError` for a condition that cannot be asked."""
    if not groups:
        return Subscriber.objects.all()
    query = Query(now, joined=len(groups) == 1)
    return Subscriber.objects.filter(reduce(or_, (_all(group, query) for group in groups)))


def _all(group: tuple[Condition, ...], query: Query) -> Q:
    parts = []
    for condition in group:
        part = field_of(condition.field).build(condition, query)
        parts.append(~part if condition.negated else part)
    return reduce(and_, parts)


def count(groups: Groups, *, now: datetime, seconds: float = COUNT_SECONDS) -> Counted:
    """How many fit, exactly if it takes no longer than `seconds`, else about. Raises `UserError`."""
    rows = matching(groups, now=now)
    try:
        with limited(seconds):
            return Counted(rows.count(), exact=True)
    except TooLong:
        pass
    try:
        with limited(seconds):
            return Counted(_estimate(rows), exact=False)
    except TooLong:
        return Counted(None, exact=False)


def exactly(groups: Groups, *, now: datetime, seconds: float = EXACT_SECONDS) -> int:
    """How many fit. Raises `TooLong`, and `UserError`."""
    with limited(seconds):
        return matching(groups, now=now).count()


def sample(groups: Groups, *, now: datetime, most: int = 10) -> list[Subscriber]:
    """The newest few who fit. Raises `TooLong`, and `UserError`."""
    with limited(PAGE_SECONDS):
        return list(matching(groups, now=now).order_by("-pk")[:most])


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Statements inside end after so long. Raises `TooLong`; what was written inside is taken back then."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"SET LOCAL statement_timeout = {int(seconds * 1000)}; "
                "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"
            )
            yield
            # A caller's transaction goes on without the limit.
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise TooLong(
            _("This takes the database too long."),
            _("Choose one more condition, so that fewer subscribers are looked through."),
        ) from error


def _estimate(rows: QuerySet[Subscriber]) -> int:
    """From a random part of all subscribers. None of a few in the sample still means that there may be some."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'audience_subscriber'::regclass")
        known = max(float(cursor.fetchone()[0]), 1.0)
    percent = min(100.0, 100.0 * SAMPLE / known)
    part = RawSQL("SELECT id FROM audience_subscriber TABLESAMPLE BERNOULLI (%s)", [percent])
    found = rows.filter(pk__in=part).count() * 100.0 / percent
    return _rounded(found)


def _rounded(number: float) -> int:
    """To two digits that count."""
    whole = round(number)
    digits = len(str(whole)) - 2
    return round(whole, -digits) if digits > 0 else whole
