"""What the dashboard shows, read from the counts of days. No row of a delivery is touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Self

from django.db.models import Q, QuerySet, Sum

from publisher.delivery.models import DayCount, DaySpeed, Delivery
from publisher.delivery.states import State
from publisher.delivery.statistics.limits import BOUNCES, COMPLAINTS, Standing

LEFT = (State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED)
"""What the other side took at first."""


@dataclass(frozen=True)
class Figures:
    """How many messages left, and what became of them."""

    left: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0

    @classmethod
    def of(cls, states: dict[str, int]) -> Self:
        """From counts by state."""
        return cls(
            left=sum(states.get(state, 0) for state in LEFT),
            bounced=states.get(State.BOUNCED, 0),
            complained=states.get(State.COMPLAINED, 0),
            failed=states.get(State.FAILED, 0),
        )

    @property
    def tried(self) -> int:
        return self.left + self.failed

    @property
    def not_arrived(self) -> int:
        """Refused at once or sent back later: what mailbox providers call bounces."""
        return self.bounced + self.failed

    @property
    def bounce_rate(self) -> float:
        return self.not_arrived / self.tried if self.tried else 0.0

    @property
    def complaint_rate(self) -> float:
        return self.complained / self.left if self.left else 0.0

    @property
    def bounce_standing(self) -> Standing:
        return BOUNCES.standing(self.not_arrived, self.tried)

    @property
    def complaint_standing(self) -> Standing:
        return COMPLAINTS.standing(self.complained, self.left)


@dataclass(frozen=True)
class Span:
    """Whole days of UTC, both ends included."""

    first: date
    last: date

    @classmethod
    def back(cls, days: int, now: datetime) -> Self:
        """The last `days` days, today among them."""
        today = now.astimezone(UTC).date()
        return cls(today - timedelta(days=days - 1), today)

    @property
    def before(self) -> Span:
        """As many days just before it."""
        length = self.last - self.first + timedelta(days=1)
        return Span(self.first - length, self.last - length)

    def days(self) -> list[date]:
        """Each day, the first first."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class Day:
    """One day's figures of mails and of posts."""

    day: date
    mail: Figures
    posts: Figures


@dataclass(frozen=True)
class Speed:
    """Seconds. `waited`: from item to inbox or timeline; `late`: from due to sent."""

    n: int = 0
    waited_p50: float = 0.0
    waited_p90: float = 0.0
    late_p50: float = 0.0
    late_p95: float = 0.0


@dataclass(frozen=True)
class Row:
    """The figures of one domain, channel or digest (by its id)."""

    key: str | int
    figures: Figures
    speed: Speed = field(default_factory=Speed)


def by_day(span: Span) -> list[Day]:
    """Every day of the span, also those on which nothing left."""
    counted: dict[tuple[date, bool], dict[str, int]] = {}
    rows = DayCount.objects.filter(day__range=(span.first, span.last))
    summed = rows.annotate(is_mail=Q(channel_id=None)).values_list("day", "is_mail", "state")
    for day, is_mail, state, n in summed.annotate(total=Sum("n")):
        counted.setdefault((day, is_mail), {})[state] = n
    return [
        Day(day, Figures.of(counted.get((day, True), {})), Figures.of(counted.get((day, False), {})))
        for day in span.days()
    ]


def mails(span: Span) -> Figures:
    """All mails of the span."""
    return _sum(DayCount.objects.filter(channel_id=None), span)


def posts(span: Span) -> Figures:
    """All messages to channels."""
    return _sum(DayCount.objects.filter(digest_id=None), span)


def unclear_now() -> int:
    """Messages of which nobody can tell at this moment whether they left, whenever that was: one that is unclear has no day yet.
    By the index of unknown rows, of which there are few."""
    return Delivery.objects.filter(state=State.UNKNOWN).count()


def by_domain(span: Span, most: int = 20) -> list[Row]:
    """The domains that got most mails; `counting.OTHERS` stands for all beyond the largest of each day."""
    rows = _rows(DayCount.objects.exclude(domain=""), span, "domain")
    return sorted(rows, key=lambda row: (-row.figures.tried, str(row.key)))[:most]


def by_channel(span: Span) -> list[Row]:
    """Each channel that had something to send."""
    return _rows(DayCount.objects.exclude(channel_id=None), span, "channel_id", _speeds("channel_id", span))


def by_digest(span: Span) -> list[Row]:
    """Each digest that had something to send."""
    return _rows(DayCount.objects.exclude(digest_id=None), span, "digest_id", _speeds("digest_id", span))


def _sum(rows: QuerySet[DayCount], span: Span) -> Figures:
    rows = rows.filter(day__range=(span.first, span.last))
    return Figures.of(dict(rows.values_list("state").annotate(total=Sum("n"))))


def _rows(
    rows: QuerySet[DayCount], span: Span, column: str, speeds: dict[str | int, Speed] | None = None
) -> list[Row]:
    states: dict[str | int, dict[str, int]] = {}
    summed = (
        rows.filter(day__range=(span.first, span.last)).values_list(column, "state").annotate(total=Sum("n"))
    )
    for key, state, total in summed:
        states.setdefault(key, {})[state] = total
    return [Row(key, Figures.of(of_it), (speeds or {}).get(key, Speed())) for key, of_it in states.items()]


def _speeds(column: str, span: Span) -> dict[str | int, Speed]:
    """Over several days: the days' medians, weighted by how many messages each had."""
    rows = DaySpeed.objects.filter(day__range=(span.first, span.last)).exclude(**{column: None})
    values = rows.values_list(column, "n", "waited_p50", "waited_p90", "late_p50", "late_p95")
    found: dict[str | int, list[tuple[int, tuple[float, ...]]]] = {}
    for key, n, *seconds in values:
        found.setdefault(key, []).append((n, tuple(seconds)))
    return {key: Speed(sum(n for n, _ in days), *_weighted(days)) for key, days in found.items()}


def _weighted(days: Iterable[tuple[int, tuple[float, ...]]]) -> list[float]:
    days = list(days)
    total = sum(n for n, _ in days)
    return [sum(n * seconds[index] for n, seconds in days) / total for index in range(4)]
