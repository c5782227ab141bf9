"""Schedules: when channels may post. Reading, making, changing and deleting them."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import BeforeValidator, Field, StringConstraints

from publisher.api.v1 import paging, versions
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import (
    NO_NUL,
    NO_OTHER_KEYS,
    Done,
    Flag,
    Given,
    Id,
    Page,
    Shape,
    Version,
    VersionIn,
    whole,
)
from publisher.core import clock
from publisher.people.permissions import DESIGN, SEE_DESK
from publisher.schedule.models import Schedule
from publisher.schedule.rules import (
    LONGEST_GAP_MINUTES,
    MOST_BLACKOUTS,
    MOST_COUNTRIES,
    MOST_PER_DAY,
    MOST_QUIET,
    MOST_SLOTS,
)
from publisher.schedule.writing import LONGEST_NAME
from publisher.social import scheduling

TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
TimeOfDay = Annotated[str, StringConstraints(pattern=TIME)]
Weekday = Annotated[int, Field(ge=0, le=6, description="Monday is 0."), BeforeValidator(whole)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]


class SlotOut(Shape):
    weekday: int
    at: str


class QuietOut(Shape):
    start: str
    end: str
    weekdays: list[int]


class ScheduleOut(Shape):
    """When a channel may post; times of day are local to `zone`."""

    id: int
    version: int
    name: str
    zone: str
    slots: list[SlotOut]
    quiet: list[QuietOut] = Field(description="Without weekdays: every day.")
    blackouts: list[str]
    blackout_names: dict[str, str] = Field(description="What the blackout dates are.")
    holiday_countries: list[str]
    least_gap_minutes: int
    most_per_day: int | None


class ScheduleChangedOut(ScheduleOut):
    moved: int = Field(description="Planned posts that wait for a new slot.")


class SlotIn(Given):
    weekday: Weekday
    at: TimeOfDay


class QuietIn(Given):
    start: TimeOfDay
    end: TimeOfDay
    weekdays: list[Weekday] = Field(default_factory=list, max_length=7, description="Empty: every day.")


class ScheduleIn(Given):
    """All of it, as it shall be from now on."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=NO_NUL)]
    zone: Zone = Field(description="An IANA zone such as Asia/Shanghai.")
    slots: list[SlotIn] = Field(default_factory=list, max_length=MOST_SLOTS)
    quiet: list[QuietIn] = Field(default_factory=list, max_length=MOST_QUIET)
    blackouts: list[Day] = Field(default_factory=list, max_length=MOST_BLACKOUTS)
    blackout_names: dict[Day, Annotated[str, Field(max_length=LONGEST_NAME, pattern=NO_NUL)]] = Field(
        default_factory=dict, max_length=MOST_BLACKOUTS, json_schema_extra=NO_OTHER_KEYS
    )
    holiday_countries: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]] = (
        Field(default_factory=list, max_length=MOST_COUNTRIES)
    )
    least_gap_minutes: Annotated[int, Field(ge=0, le=LONGEST_GAP_MINUTES), BeforeValidator(whole)] = 30
    most_per_day: Annotated[int, Field(ge=1, le=MOST_PER_DAY), BeforeValidator(whole)] | None = None


class ScheduleChangeIn(ScheduleIn):
    version: Version | None = None
    reslot: Flag = Field(
        False,
        description="Planned posts whose time it no longer has get new slots; else they keep their time.",
    )


@reads("/schedules", SEE_DESK, tag="channels")
def list_schedules(request: HttpRequest) -> Page[ScheduleOut]:  # noqa: ARG001 - ninja's signature
    """Every schedule, by name."""
    return paging.whole(list(Schedule.objects.order_by("name")), lambda row: ScheduleOut(**_facts(row)))


@reads("/schedules/{int:schedule_id}", SEE_DESK, tag="channels")
def read_schedule(request: HttpRequest, schedule_id: Id) -> ScheduleOut:  # noqa: ARG001 - ninja's signature
    """One schedule."""
    return ScheduleOut(**_facts(get_object_or_404(Schedule, pk=schedule_id)))


@does("/schedules", DESIGN, tag="channels", status=201)
def make_schedule(request: HttpRequest, given: ScheduleIn) -> ScheduleOut:
    """Make one, which channels may then use."""
    row = scheduling.create(given.name, _rules(given), names=given.blackout_names, user=user_of(request))
    return ScheduleOut(**_facts(row))


@does("/schedules/{int:schedule_id}/change", DESIGN, tag="channels", versioned=True)
def change_schedule(request: HttpRequest, schedule_id: Id, given: ScheduleChangeIn) -> ScheduleChangedOut:
    """Change it, for all channels that use it."""
    get_object_or_404(Schedule, pk=schedule_id)
    moved = scheduling.change(
        schedule_id,
        given.name,
        _rules(given),
        names=given.blackout_names,
        user=user_of(request),
        version=versions.seen(request, given.version),
        reslot=given.reslot,
        now=clock.now(),
    )
    return ScheduleChangedOut(**_facts(Schedule.objects.get(pk=schedule_id)), moved=moved)


@does("/schedules/{int:schedule_id}/delete", DESIGN, tag="channels", versioned=True)
def delete_schedule(request: HttpRequest, schedule_id: Id, given: VersionIn) -> Done:
    """Delete one that no channel uses."""
    get_object_or_404(Schedule, pk=schedule_id)
    version = versions.seen(request, given.version)
    scheduling.delete(schedule_id, user=user_of(request), version=version)
    return Done(said="The schedule is deleted.")


def _rules(given: ScheduleIn) -> dict[str, Any]:
    """As `rules_from_json` takes them."""
    data = given.model_dump(exclude={"name", "blackout_names", "version", "reslot"})
    data["quiet"] = [
        {name: value for name, value in each.items() if name != "weekdays" or value} for each in data["quiet"]
    ]
    return data


def _facts(row: Schedule) -> dict[str, Any]:
    return {
        "id": row.pk,
        "version": row.version,
        "name": row.name,
        "zone": row.zone,
        "slots": [SlotOut(weekday=each["weekday"], at=each["at"]) for each in row.slots],
        "quiet": [
            QuietOut(start=each["start"], end=each["end"], weekdays=each.get("weekdays", []))
            for each in row.quiet
        ],
        "blackouts": [str(each) for each in row.blackouts],
        "blackout_names": row.blackout_names,
        "holiday_countries": [str(each) for each in row.holiday_countries],
        "least_gap_minutes": row.least_gap_minutes,
        "most_per_day": row.most_per_day,
    }
