"""Segments: saved conditions, and who fits them. Tags and attributes are in `labels.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field, StringConstraints

from publisher.api.v1 import conditions, paging, versions
from publisher.api.v1.conditions import ConditionFieldOut, ConditionOut, GroupsIn, groups_in, groups_out
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import NO_NUL, Done, Given, Id, Page, Shape, VersionIn
from publisher.audience.models import Segment
from publisher.audience.segments import matching, saved
from publisher.audience.segments.matching import Counted
from publisher.core import clock
from publisher.digests import readers
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_DESK

SegmentName = Annotated[str, StringConstraints(min_length=1, max_length=saved.LONGEST, pattern=NO_NUL)]


class SegmentOut(Shape):
    id: int
    name: str
    version: int
    created_at: datetime
    changed_at: datetime


class SegmentDetail(SegmentOut):
    groups: list[list[ConditionOut]]


class SegmentCountOut(Shape):
    number: int | None = Field(description="null: it takes too long, even about.")
    exact: bool = Field(description="false: estimated from a sample.")


class SegmentIn(Given):
    name: SegmentName
    groups: GroupsIn


class SegmentChangeIn(VersionIn):
    """Only what is given changes."""

    name: SegmentName | None = None
    groups: GroupsIn | None = None


class GroupsOnlyIn(Given):
    groups: GroupsIn


@reads("/conditions", SEE_DESK, tag="subscribers")
def list_conditions(request: HttpRequest) -> Page[ConditionFieldOut]:  # noqa: ARG001 - ninja's signature
    """What a condition may be about, and how it is compared."""
    return Page(data=conditions.known(), next=None)


@reads("/segments", SEE_DESK, tag="subscribers")
def list_segments(request: HttpRequest) -> Page[SegmentOut]:  # noqa: ARG001 - ninja's signature
    """Saved conditions, by name. GET /subscribers?segment= lists who fits them."""
    return paging.whole(list(Segment.objects.all()), _segment)


@reads("/segments/{int:segment_id}", SEE_DESK, tag="subscribers")
def read_segment(request: HttpRequest, segment_id: Id) -> SegmentDetail:
    """One, with its conditions."""
    return _detail(request, get_object_or_404(Segment, pk=segment_id))


@reads("/segments/{int:segment_id}/count", SEE_DESK, tag="subscribers")
def count_segment(request: HttpRequest, segment_id: Id) -> SegmentCountOut:  # noqa: ARG001 - ninja's signature
    """How many subscribers fit it at the moment: exactly if that takes two seconds at most, else about."""
    segment = get_object_or_404(Segment, pk=segment_id)
    return _counted(matching.count(saved.groups_of(segment), now=clock.now()))


@does("/segments/count", MANAGE_AUDIENCE, tag="subscribers", remembered=False)
def count_conditions(request: HttpRequest, given: GroupsOnlyIn) -> SegmentCountOut:
    """How many subscribers fit conditions that are not saved."""
    groups = groups_in(request, given.groups, for_segment=True)
    return _counted(matching.count(groups, now=clock.now()))


@does("/segments", MANAGE_AUDIENCE, tag="subscribers", status=201)
def make_segment(request: HttpRequest, given: SegmentIn) -> SegmentDetail:
    """Save conditions under a name."""
    groups = groups_in(request, given.groups, for_segment=True)
    return _detail(request, saved.create(given.name, groups, user=user_of(request), now=clock.now()))


@does("/segments/{int:segment_id}/change", MANAGE_AUDIENCE, tag="subscribers", versioned=True)
def change_segment(request: HttpRequest, segment_id: Id, given: SegmentChangeIn) -> SegmentDetail:
    """Change its name, its conditions, or both."""
    row = get_object_or_404(Segment, pk=segment_id)
    name, groups = given.name, given.groups
    changed = saved.change(
        row.pk,
        row.name if name is None else name,
        saved.groups_of(row) if groups is None else groups_in(request, groups, for_segment=True),
        version=versions.seen(request, given.version),
        user=user_of(request),
        now=clock.now(),
    )
    return _detail(request, changed)


@does("/segments/{int:segment_id}/remove", MANAGE_AUDIENCE, tag="subscribers")
def remove_segment(request: HttpRequest, segment_id: Id) -> Done:
    """Forget its conditions. Refused while a digest or an edition goes out to it; the subscribers stay as they are."""
    segment = get_object_or_404(Segment, pk=segment_id)
    readers.check_unused(segment.pk)
    saved.remove(segment.pk, user=user_of(request))
    return Done(said="The segment is removed.")


def _counted(counted: Counted) -> SegmentCountOut:
    return SegmentCountOut(number=counted.number, exact=counted.exact)


def _segment(row: Segment) -> SegmentOut:
    return SegmentOut(**_facts(row))


def _detail(request: HttpRequest, row: Segment) -> SegmentDetail:
    return SegmentDetail(**_facts(row), groups=groups_out(request, row.groups))


def _facts(row: Segment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "version": row.version,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
    }
