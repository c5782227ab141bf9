"""The readers on the dashboard: how many there are now, and how many joined and left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from publisher.audience import coming_and_going
from publisher.audience.coming_and_going import Figures
from publisher.delivery.statistics.reading import Span
from publisher.digests.models import Digest


@dataclass(frozen=True)
class OfDigest:
    """A digest's readers now, and what began and ended in the days that are looked at."""

    name: str
    pk: int
    now: int
    figures: Figures


@dataclass(frozen=True)
class Readers:
    """`before`: of as many days just before."""

    people: int
    figures: Figures
    before: Figures
    by_digest: list[OfDigest]
    by_day: list[tuple[date, Figures]]

    def __bool__(self) -> bool:
        return bool(self.people or self.by_digest)


def readers_of(span: Span) -> Readers:
    """All digests that anybody has, or had in this time."""
    counted = coming_and_going.counted(span.before.first, span.last)
    by_day, now = counted.by_day(), coming_and_going.readers_now()
    found = [
        OfDigest(str(each), each.pk, now.get(each.pk, 0), counted.within(span.first, span.last, each.pk))
        for each in Digest.objects.all()
    ]
    return Readers(
        coming_and_going.people_now(),
        counted.within(span.first, span.last),
        counted.within(span.before.first, span.before.last),
        sorted(
            (each for each in found if each.now or each.figures.joined or each.figures.left),
            key=lambda each: (-each.now, each.name),
        ),
        [(day, by_day.get(day, Figures(0, 0))) for day in span.days()],
    )
