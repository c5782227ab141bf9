"""What there is to read of the whole service: the calendar and the forecast. `figures.py` has the figures."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Final

from django.http import HttpRequest
from ninja import Query
from pydantic import Field

from publisher.api.v1.frame import reads
from publisher.api.v1.shapes import Given, Id, Moment, OneOf, Shape, Word
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery.agenda import GROUPS, Entry, Kind, agenda
from publisher.delivery.forecast.channels import ChannelAhead, channels_ahead
from publisher.delivery.forecast.digests import DigestAhead, digests_ahead
from publisher.delivery.forecast.money import MonthAhead
from publisher.delivery.forecast.weeks import weeks_from
from publisher.people.permissions import SEE_DESK
from publisher.schedule.rules import zone_called

USUAL_DAYS: Final = 28
MOST_DAYS: Final = 100


class CalendarFilter(Given):
    since: Moment | None = Field(None, description="Left out: now.")
    until: Moment | None = Field(None, description=f"Left out: {USUAL_DAYS} days later; {MOST_DAYS} at most.")
    channel: Id | None = Field(None, description="A channel alone leaves digests out.")
    digest: Id | None = Field(None, description="A digest alone leaves channels out.")
    group: Annotated[str, OneOf.of(GROUPS)] | None = Field(
        None, description="What is still to come, what is over, or what asks for a person."
    )


class EntryOut(Shape):
    """One thing at its planned time. `id` is of the post or edition, of the digest for a date to come."""

    kind: Annotated[str, OneOf.of(each.value for each in Kind)]
    id: int
    at: datetime
    title: str
    language: str
    source: str = Field(description="The channel or digest.")
    source_id: int
    zone: str
    state: str = Field(description="That of the post or edition; `planned` for a date to come.")
    version: int = Field(description="The post's; else 0.")
    sent_at: datetime | None
    against_rules: bool = Field(description="Whether a person chose its time against the channel's rules.")


class CalendarOut(Shape):
    since: datetime
    until: datetime
    data: list[EntryOut]
    more: bool = Field(description="Whether there are others, which were not read: ask for less.")


class ForecastFilter(Given):
    zone: Word = Field("UTC", description="Whose days and weeks it counts, such as Asia/Shanghai.")


class WeekOut(Shape):
    first: date
    start: datetime
    end: datetime


class WeekOfChannelOut(Shape):
    """Posts of a week by how sure they are, and the slots that none of them gets."""

    first: date
    scheduled: int
    waiting: int
    drafts: int
    free: int


class MonthOut(Shape):
    """What posts of a month cost, in the network's currency."""

    first: datetime
    currency: str
    taken: str
    planned: str
    drafts: str
    budget: str | None
    refused: int
    unpriced: int


class ChannelAheadOut(Shape):
    channel_id: int
    channel: str
    stopped: bool
    problem: str
    weeks: list[WeekOfChannelOut]
    expired: int = Field(description="Posts that missed their slot and ask.")
    later: int = Field(description="Posts that get a slot after these weeks.")
    without: int = Field(description="Posts that get none within a year.")
    behind: int = Field(description="Posts behind a pause.")
    uncounted: int
    months: list[MonthOut]


class DigestAheadOut(Shape):
    digest_id: int
    digest: str
    dates: list[datetime]
    items: int | None = Field(
        description="What its next edition would hold if it was made now; null for an alert."
    )
    readers: int
    readers_exact: bool


class ForecastOut(Shape):
    weeks: list[WeekOut]
    channels: list[ChannelAheadOut]
    digests: list[DigestAheadOut]


@reads("/calendar", SEE_DESK, tag="readings")
def read_calendar(request: HttpRequest, wanted: Query[CalendarFilter]) -> CalendarOut:  # noqa: ARG001 - ninja's signature
    """Posts, editions and dates of digests by their times."""
    now = clock.now()
    since = wanted.since or now
    until = wanted.until or since + timedelta(days=USUAL_DAYS)
    if not since < until <= since + timedelta(days=MOST_DAYS):
        raise UserError(f"`until` lies behind `since`, {MOST_DAYS} days at most.", "Ask for less at once.")
    found = agenda(
        since, until, now=now, channel_id=wanted.channel, digest_id=wanted.digest, group=wanted.group or ""
    )
    return CalendarOut(
        since=since, until=until, data=[_entry(each) for each in found.entries], more=found.more
    )


@reads("/forecast", SEE_DESK, tag="readings")
def read_forecast(request: HttpRequest, wanted: Query[ForecastFilter]) -> ForecastOut:  # noqa: ARG001 - as above
    """What the next four weeks hold by channel and digest, and what it costs."""
    now = clock.now()
    weeks = weeks_from(now, zone_called(wanted.zone))
    return ForecastOut(
        weeks=[WeekOut(first=each.first, start=each.start, end=each.end) for each in weeks],
        channels=[_channel(each) for each in channels_ahead(weeks, now=now)],
        digests=[_digest(each) for each in digests_ahead(weeks, now=now)],
    )


def _entry(each: Entry) -> EntryOut:
    return EntryOut(
        kind=each.kind.value,
        id=each.id,
        at=each.at,
        title=each.title,
        language=each.language,
        source=each.source,
        source_id=each.source_id,
        zone=each.zone,
        state=each.state,
        version=each.version,
        sent_at=each.sent_at,
        against_rules=each.against_rules,
    )


def _channel(ahead: ChannelAhead) -> ChannelAheadOut:
    return ChannelAheadOut(
        channel_id=ahead.channel.pk,
        channel=ahead.channel.name,
        stopped=ahead.stopped,
        problem=ahead.problem,
        weeks=[
            WeekOfChannelOut(
                first=each.week.first,
                scheduled=each.scheduled,
                waiting=each.waiting,
                drafts=each.drafts,
                free=each.free,
            )
            for each in ahead.weeks
        ],
        expired=ahead.expired,
        later=ahead.later,
        without=ahead.without,
        behind=ahead.behind,
        uncounted=ahead.uncounted,
        months=[_month(each) for each in ahead.months],
    )


def _month(each: MonthAhead) -> MonthOut:
    return MonthOut(
        first=each.first,
        currency=each.currency,
        taken=str(each.taken),
        planned=str(each.planned),
        drafts=str(each.drafts),
        budget=None if each.budget is None else str(each.budget),
        refused=each.refused,
        unpriced=each.unpriced,
    )


def _digest(ahead: DigestAhead) -> DigestAheadOut:
    return DigestAheadOut(
        digest_id=ahead.digest.pk,
        digest=ahead.digest.slug,
        dates=[at for week in ahead.weeks for at in week],
        items=ahead.items,
        readers=ahead.readers.count,
        readers_exact=ahead.readers.exact,
    )
