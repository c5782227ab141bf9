"""What subscribers are told apart by: segments, tags, and the attributes that staff have defined."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from pydantic import Field

from publisher.api.v1 import paging
from publisher.api.v1.frame import reads
from publisher.api.v1.shapes import OneOf, Page, Shape
from publisher.audience.models import Attribute, Segment, Tag
from publisher.people.permissions import SEE_DESK

Kind = Annotated[str, OneOf.of(Attribute.Kind.values)]


class SegmentOut(Shape):
    id: int
    name: str
    version: int
    created_at: datetime
    changed_at: datetime


class TagOut(Shape):
    id: int
    name: str
    created_at: datetime


class AttributeOut(Shape):
    key: str
    label: str
    kind: Kind = Field(description="date: text such as 2026-05-31.")
    created_at: datetime


@reads("/segments", SEE_DESK, tag="subscribers")
def list_segments(request: HttpRequest) -> Page[SegmentOut]:  # noqa: ARG001 - ninja's signature
    """Saved conditions, by name. GET /subscribers?segment= lists who fits them."""
    return paging.whole(list(Segment.objects.all()), _segment)


@reads("/tags", SEE_DESK, tag="subscribers")
def list_tags(request: HttpRequest) -> Page[TagOut]:  # noqa: ARG001 - ninja's signature
    """The tags of subscribers, by name."""
    rows = list(Tag.objects.order_by("key"))
    return paging.whole(rows, lambda row: TagOut(id=row.pk, name=row.name, created_at=row.created_at))


@reads("/attributes", SEE_DESK, tag="subscribers")
def list_attributes(request: HttpRequest) -> Page[AttributeOut]:  # noqa: ARG001 - ninja's signature
    """What may be known of subscribers besides, and what its values are."""
    return paging.whole(list(Attribute.objects.all()), _attribute)


def _segment(row: Segment) -> SegmentOut:
    return SegmentOut(
        id=row.pk,
        name=row.name,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _attribute(row: Attribute) -> AttributeOut:
    return AttributeOut(key=row.key, label=row.label, kind=row.kind, created_at=row.created_at)
