"""The figures, as the desk shows them. They say how often, not how many people: one who follows a link twice counts twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, Sum

from publisher.counting.models import OPENS, Link, LinkCount, PersonCount
from publisher.digests.models import Digest, Edition


@dataclass(frozen=True)
class Followed:
    """A link, how often it was followed, and by how many of those who agreed to be counted."""

    url: str
    clicks: int
    people: int


@dataclass(frozen=True)
class Figures:
    """Of one edition. `people`: how many of those who agreed opened it."""

    opens: int
    clicks: int
    people: int
    links: tuple[Followed, ...]
    by_person: bool


def of_edition(edition: Edition) -> Figures | None:
    """Its figures, most followed links first; None when nothing of it is counted."""
    links = dict(Link.objects.filter(edition=edition).values_list("pk", "url"))
    sums = _sums(edition)
    if not links and not sums:
        return None
    people = dict(
        PersonCount.objects.filter(edition=edition).values_list("link_id").annotate(people=Count("pk"))
    )
    followed = [Followed(url, sums.get(pk, 0), people.get(pk, 0)) for pk, url in links.items()]
    return Figures(
        opens=sums.get(OPENS, 0),
        clicks=sum(each.clicks for each in followed),
        people=people.get(OPENS, 0),
        links=tuple(sorted(followed, key=lambda each: (-each.clicks, each.url))),
        by_person=bool(people) or edition.digest.counting == Digest.Counting.PERSONS,
    )


def by_digest(first: date, last: date) -> dict[int, tuple[int, int]]:
    """(opens, clicks) of the days from `first` to `last` (of UTC), by digest; those without any are left out."""
    rows = LinkCount.objects.filter(day__range=(first, last)).values_list("edition__digest_id")
    counted: Iterable[tuple[int, int | None, int | None]] = rows.annotate(
        opens=Sum("n", filter=Q(link_id=OPENS)), clicks=Sum("n", filter=~Q(link_id=OPENS))
    )
    return {digest: (opens or 0, clicks or 0) for digest, opens, clicks in counted}


def _sums(edition: Edition) -> dict[int, int]:
    rows = LinkCount.objects.filter(edition=edition).values_list("link_id").annotate(total=Sum("n"))
    return dict(rows)
