"""Channels with their rules, health and next slots; making and changing them, asking a network, and letting one go on.

Its access (credentials and settings) is entered by `access.py`, in the desk and by `publisher apply`, and is nowhere to be read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import BeforeValidator, Field, StringConstraints
from pydantic import ValidationError as Invalid

from publisher.api import problems
from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.items import ItemKind, Slug
from publisher.api.v1.keys import held_by, user_of
from publisher.api.v1.shapes import (
    NO_NUL,
    BodyId,
    Flag,
    Given,
    Id,
    Language,
    OneOf,
    Page,
    Shape,
    Version,
    Word,
    whole,
)
from publisher.api.v1.versions import seen
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import pausing
from publisher.delivery.reslotting import How
from publisher.people.permissions import PUBLISH, SEE_DESK, SET_UP
from publisher.review.models import MOST_APPROVALS
from publisher.schedule.models import Schedule
from publisher.schedule.slots import next_free_slot
from publisher.social import health, setting_up, slots
from publisher.social.definition import ChannelIn
from publisher.social.links import rule_of
from publisher.social.models import Channel, ChannelHealth
from publisher.social.networks import registry
from publisher.social.threads import MOST_MESSAGES

HowOfPosts = Annotated[str, OneOf.of(each.value for each in How)]
ChannelName = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=NO_NUL)]
HealthState = Annotated[str, OneOf.of(ChannelHealth.State.values)]
NEXT = 3


class HealthOut(Shape):
    """What the network said of the account."""

    state: HealthState
    problem: str
    account: str
    checked_at: datetime | None
    down_since: datetime | None
    credentials_end_at: datetime | None


class ChannelOut(Shape):
    id: int
    version: int
    name: str
    network: str
    language: str
    region: str
    schedule_id: int
    zone: str
    enabled: bool
    auto_approve: bool
    approvals: int
    by_hand: bool = Field(description="Whether a person publishes there.")
    can_send: bool
    paused_reason: str
    blocked_until: datetime | None
    health: HealthOut


class UtmOut(Shape):
    hosts: list[str]
    source: str
    medium: str
    campaign: str
    content: str


class ChannelDetail(ChannelOut):
    """One channel with all its rules."""

    kinds: list[str] = Field(description="Empty: all.")
    topics: list[int] = Field(description="Ids; empty: all.")
    hashtags: int | None
    thread_messages: int
    thread_numbers: bool
    utm: UtmOut | None = Field(description="What links to these hosts get.")
    month_budget: str | None = Field(description="In the network's currency.")
    alt_required: bool
    picture_required: bool
    tolerance_minutes: int
    max_age_days: int
    owner: str = Field(description="Who is told when it stops; empty without the scope set_up.")
    next_slots: list[datetime] = Field(description="The next free slots, by the schedule.")


class UtmIn(Given):
    """Names in braces are filled in: {network}, {channel}, {kind}, {language}, {date}."""

    hosts: list[Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=NO_NUL)]] = Field(
        min_length=1, max_length=50
    )
    source: Word = "{network}"
    medium: Word = "social"
    campaign: Word = ""
    content: Word = ""


class ChannelRules(Given):
    """docs/publication.md explains each."""

    language: Language = "en"
    region: Annotated[str, StringConstraints(max_length=10, pattern=NO_NUL)] = ""
    kinds: list[ItemKind] = Field(default_factory=list, max_length=20, description="Empty: all.")
    topics: list[Slug] = Field(default_factory=list, max_length=200, description="Slugs; empty: all.")
    hashtags: Annotated[int, Field(ge=0, le=10), BeforeValidator(whole)] | None = None
    thread_messages: Annotated[int, Field(ge=1, le=MOST_MESSAGES), BeforeValidator(whole)] = 1
    thread_numbers: Flag = True
    utm: UtmIn | None = None
    month_budget: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}(\.[0-9]{1,2})?$")] | None = Field(
        None, description="Most that posts may cost in a month, in the network's currency; null: no limit."
    )
    auto_approve: Flag = False
    approvals: Annotated[int, Field(ge=0, le=MOST_APPROVALS), BeforeValidator(whole)] = 0
    alt_required: Flag = True
    picture_required: Flag = False
    tolerance_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60), BeforeValidator(whole)] = 360
    max_age_days: Annotated[int, Field(ge=1, le=3_650), BeforeValidator(whole)] = 30
    owner: Annotated[str, StringConstraints(max_length=254, pattern=NO_NUL)] = Field(
        "", description="A login or an address; empty: the admins."
    )
    enabled: Flag = True


class ChannelMakeIn(ChannelRules):
    """A new one. Until its access is entered, its posts are drafted and wait."""

    name: ChannelName
    network: Annotated[str, OneOf.of(registry.networks())]
    schedule_id: BodyId


class ChannelChangeIn(ChannelRules):
    """What shall be another; what is left out stays as it is. docs/publication.md explains each."""

    version: Version | None = None
    name: ChannelName | None = None
    schedule_id: BodyId | None = None


class ResumeIn(Given):
    how: HowOfPosts = Field(
        How.NEW_SLOTS.value,
        description="What becomes of the posts that waited: `all` get new slots, or a person is asked about `each`.",
    )


class ResumedOut(Shape):
    said: str
    moved: int
    waiting: int
    asking: int


@reads("/channels", SEE_DESK, tag="channels")
def list_channels(request: HttpRequest) -> Page[ChannelOut]:  # noqa: ARG001 - ninja's signature
    """Every channel, by name, with its health."""
    return paging.whole(list(_known().order_by("name")), lambda row: ChannelOut(**_facts(row)))


@reads("/channels/{int:channel_id}", SEE_DESK, tag="channels")
def read_channel(request: HttpRequest, channel_id: Id) -> ChannelDetail:
    """One channel, with its rules and its next free slots."""
    return _detail(request, get_object_or_404(_known(), pk=channel_id))


@does("/channels", SET_UP, tag="channels", status=201)
def make_channel(request: HttpRequest, given: ChannelMakeIn) -> ChannelDetail:
    """Make one, not connected yet."""
    row = setting_up.create(_wanted(given), user=user_of(request), now=clock.now())
    return _detail(request, _known().get(pk=row.pk))


@does("/channels/{int:channel_id}/change", SET_UP, tag="channels", versioned=True)
def change_channel(request: HttpRequest, channel_id: Id, given: ChannelChangeIn) -> ChannelDetail:
    """Change what is given of its rules. Its network and its access stay."""
    row = get_object_or_404(Channel, pk=channel_id)
    version = seen(request, given.version)
    wanted = _wanted(given, name=row.name)
    setting_up.change(channel_id, wanted, user=user_of(request), version=version, now=clock.now())
    return _detail(request, _known().get(pk=channel_id))


@does("/channels/{int:channel_id}/check", PUBLISH, tag="channels", alone=True)
def check_channel(request: HttpRequest, channel_id: Id) -> ChannelDetail:
    """Ask the network now whether the account works: one that is down is paused. Takes as long as the network does."""
    get_object_or_404(Channel, pk=channel_id)
    health.check(channel_id, now=clock.now())
    return _detail(request, _known().get(pk=channel_id))


@does("/channels/{int:channel_id}/resume", PUBLISH, tag="channels")
def resume_channel(request: HttpRequest, channel_id: Id, given: ResumeIn) -> ResumedOut:
    """Let a channel go on that its network, or a person, had stopped."""
    get_object_or_404(Channel, pk=channel_id)
    outcome = pausing.resume_channel(channel_id, How(given.how), user=user_of(request), now=clock.now())
    return ResumedOut(said=outcome.said, moved=outcome.moved, waiting=outcome.waiting, asking=outcome.asking)


def _known() -> Any:
    return Channel.objects.select_related("schedule", "health").defer("credentials")


def _facts(row: Channel) -> dict[str, Any]:
    known = getattr(row, "health", None) or ChannelHealth(channel=row)
    return {
        "id": row.pk,
        "version": row.revision,
        "name": row.name,
        "network": row.network,
        "language": row.language,
        "region": row.region,
        "schedule_id": row.schedule_id,
        "zone": row.schedule.zone,
        "enabled": row.enabled,
        "auto_approve": row.auto_approve,
        "approvals": row.approvals,
        "by_hand": registry.by_hand(row.network) is not None,
        "can_send": registry.can_send(row.network),
        "paused_reason": row.paused_reason,
        "blocked_until": row.blocked_until,
        "health": HealthOut(
            state=known.state,
            problem=known.problem,
            account=known.account_name,
            checked_at=known.checked_at,
            down_since=known.down_since,
            credentials_end_at=known.credentials_end_at,
        ),
    }


def _wanted(given: ChannelMakeIn | ChannelChangeIn, name: str = "") -> ChannelIn:
    """What was given and nothing else. Raises `ProblemError` (422), `UserError`."""
    named = given.model_dump(exclude_unset=True, exclude={"version", "schedule_id", "name"})
    if given.schedule_id is not None:
        schedule = Schedule.objects.filter(pk=given.schedule_id).first()
        if schedule is None:
            raise UserError(f"There is no schedule {given.schedule_id}.", "GET /api/v1/schedules lists them.")
        named["schedule"] = schedule.name
    try:
        return ChannelIn.model_validate({**named, "name": given.name or name})
    except Invalid as error:
        raise problems.of_invalid(error) from error


def _detail(request: HttpRequest, row: Channel) -> ChannelDetail:
    same = ("kinds", "topics", "hashtags", "thread_messages", "thread_numbers")
    more = ("alt_required", "picture_required", "tolerance_minutes", "max_age_days")
    rule = rule_of(row.utm)
    return ChannelDetail(
        **_facts(row),
        **{name: getattr(row, name) for name in (*same, *more)},
        utm=UtmOut(**rule.model_dump()) if rule else None,
        month_budget=None if row.month_budget is None else f"{row.month_budget:.2f}",
        owner=row.owner if SET_UP in held_by(request) else "",
        next_slots=_next_slots(row, clock.now()),
    )


def _next_slots(row: Channel, now: datetime) -> list[datetime]:
    """None for a schedule that cannot be used."""
    try:
        rules = row.schedule.rules()
    except UserError:
        return []
    occupied = list(slots.taken(row.pk, now))
    found: list[datetime] = []
    while len(found) < NEXT and (at := next_free_slot(rules, now=now, taken=[*occupied, *found])):
        found.append(at)
    return found
