"""Figures: the dashboard's, an edition's clicks and opens, and how each part of the service is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Final

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from publisher.api.v1.editions import edition_called
from publisher.api.v1.frame import reads
from publisher.api.v1.shapes import Given, Id, OneOf, Shape
from publisher.core import clock
from publisher.core.models import Heartbeat
from publisher.counting import reading as counts
from publisher.delivery.pulse import looking
from publisher.delivery.pulse.judging import Health
from publisher.delivery.pulse.looking import Group
from publisher.delivery.statistics import reading
from publisher.delivery.statistics.readers import readers_of
from publisher.delivery.statistics.reading import Figures, Row, Span
from publisher.feedback import health
from publisher.people.permissions import SEE_DESK, SEE_SYSTEM

SPANS: Final = ("7", "30", "90", "365")
COUNTED: Final = "upkeep.count"
"""The job that counts days."""
HealthWord = Annotated[str, OneOf.of(each.value for each in Health)]


class DaysFilter(Given):
    days: Annotated[str, OneOf(SPANS)] = Field("30", description="The last so many days, of UTC.")


class FiguresOut(Shape):
    """How many messages left, and what became of them."""

    left: int
    bounced: int
    complained: int
    failed: int
    bounce_rate: float
    complaint_rate: float


class RowOut(Shape):
    """Of one domain, digest or channel. Seconds: from item to inbox or timeline, and from due to sent."""

    key: str
    figures: FiguresOut
    waited_p50: float
    waited_p90: float
    late_p50: float
    late_p95: float


class DayOut(Shape):
    day: date
    mails: FiguresOut
    posts: FiguresOut
    joined: int
    left: int


class ReadersOfDigest(Shape):
    digest_id: int
    digest: str
    now: int
    joined: int
    left: int


class DashboardOut(Shape):
    first: date
    last: date
    counted_at: datetime | None = Field(description="When days were counted last.")
    mails: FiguresOut
    mails_before: FiguresOut = Field(description="Of as many days just before.")
    posts: FiguresOut
    posts_before: FiguresOut
    unclear: int = Field(description="Messages of which nobody can tell now whether they left.")
    people: int = Field(description="Who has at least one digest.")
    joined: int
    left: int
    digests: list[RowOut] = Field(description="By the digest's id.")
    channels: list[RowOut] = Field(description="By the channel's id.")
    domains: list[RowOut]
    readers: list[ReadersOfDigest]
    days: list[DayOut]


class LinkOut(Shape):
    url: str
    clicks: int
    people: int


class CountsOut(Shape):
    """How often it was opened and its links were followed; `people` are those who agreed to be counted."""

    counted: bool
    opens: int
    clicks: int
    people: int
    links: list[LinkOut]


class PartOut(Shape):
    name: str
    health: HealthWord
    says: str
    todo: str


class GroupOut(Shape):
    name: str
    health: HealthWord
    parts: list[PartOut]


class SystemOut(Shape):
    health: HealthWord
    groups: list[GroupOut]
    versions: dict[str, str]


@reads("/dashboard", SEE_DESK, tag="readings")
def read_dashboard(request: HttpRequest, wanted: Query[DaysFilter]) -> DashboardOut:  # noqa: ARG001 - as above
    """How much left in the last days, what became of it, and how many readers came and went."""
    span = Span.back(int(wanted.days), clock.now())
    people = readers_of(span)
    came = dict(people.by_day)
    counted = Heartbeat.objects.filter(name=COUNTED).first()
    return DashboardOut(
        first=span.first,
        last=span.last,
        counted_at=counted.at if counted else None,
        mails=_figures(reading.mails(span)),
        mails_before=_figures(reading.mails(span.before)),
        posts=_figures(reading.posts(span)),
        posts_before=_figures(reading.posts(span.before)),
        unclear=reading.unclear_now(),
        people=people.people,
        joined=people.figures.joined,
        left=people.figures.left,
        digests=_rows(reading.by_digest(span)),
        channels=_rows(reading.by_channel(span)),
        domains=_rows(reading.by_domain(span)),
        readers=[
            ReadersOfDigest(
                digest_id=each.pk,
                digest=each.name,
                now=each.now,
                joined=each.figures.joined,
                left=each.figures.left,
            )
            for each in people.by_digest
        ],
        days=[
            DayOut(
                day=each.day,
                mails=_figures(each.mail),
                posts=_figures(each.posts),
                joined=came[each.day].joined,
                left=came[each.day].left,
            )
            for each in reading.by_day(span)
        ],
    )


@reads("/editions/{int:edition_id}/counts", SEE_DESK, tag="editions")
def read_counts(request: HttpRequest, edition_id: Id) -> CountsOut:  # noqa: ARG001 - as above
    """Clicks and opens, where its digest asks for them."""
    found = counts.of_edition(edition_called(edition_id))
    if found is None:
        return CountsOut(counted=False, opens=0, clicks=0, people=0, links=[])
    return CountsOut(
        counted=True,
        opens=found.opens,
        clicks=found.clicks,
        people=found.people,
        links=[LinkOut(url=each.url, clicks=each.clicks, people=each.people) for each in found.links],
    )


@reads("/system", SEE_SYSTEM, tag="readings")
def read_system(request: HttpRequest) -> SystemOut:  # noqa: ARG001 - as above
    """How each part of the service is, and what to do about what is not good."""
    groups = health.everything(clock.now())
    whole = Group("", [part for group in groups for part in group.parts])
    return SystemOut(
        health=whole.health.value, groups=[_group(each) for each in groups], versions=looking.versions()
    )


def _figures(each: Figures) -> FiguresOut:
    return FiguresOut(
        left=each.left,
        bounced=each.bounced,
        complained=each.complained,
        failed=each.failed,
        bounce_rate=each.bounce_rate,
        complaint_rate=each.complaint_rate,
    )


def _rows(rows: Iterable[Row]) -> list[RowOut]:
    return [
        RowOut(
            key=str(each.key),
            figures=_figures(each.figures),
            waited_p50=each.speed.waited_p50,
            waited_p90=each.speed.waited_p90,
            late_p50=each.speed.late_p50,
            late_p95=each.speed.late_p95,
        )
        for each in rows
    ]


def _group(group: Group) -> GroupOut:
    parts = [PartOut(name=str(p.name), health=p.health.value, says=p.says, todo=p.todo) for p in group.parts]
    return GroupOut(name=group.title, health=group.health.value, parts=parts)
