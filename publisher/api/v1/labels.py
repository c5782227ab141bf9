"""Tags and attributes of subscribers: what there are, made, renamed and removed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging, versions
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import NO_NUL, Done, Given, Id, OneOf, Page, Shape, VersionIn, Word
from publisher.audience import attributes, tags
from publisher.audience.models import Attribute, Tag
from publisher.core import clock
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_DESK

Kind = Annotated[str, OneOf.of(Attribute.Kind.values)]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=tags.LONGEST, pattern=NO_NUL)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=attributes.LONGEST_LABEL, pattern=NO_NUL)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class TagOut(Shape):
    id: int
    name: str
    created_at: datetime


class TagCountOut(Shape):
    id: int
    name: str
    subscribers: int | None = Field(description="null: counting takes too long.")


class AttributeOut(Shape):
    id: int
    key: str
    label: str
    kind: Kind = Field(description="date: text such as 2026-05-31.")
    version: int
    created_at: datetime


class NewTagIn(Given):
    name: TagName = Field(description="No comma or semicolon.")


class TagRenameIn(Given):
    name: TagName
    name_before: Word = Field(description="Its name as you saw it. Refused (409) when it is another by now.")


class AttributeIn(Given):
    key: Key = Field(description="Its short name, which never changes.")
    label: Label
    kind: Kind = Field(description="What its values are; never changes.")


class AttributeChangeIn(VersionIn):
    label: Label


@reads("/tags", SEE_DESK, tag="subscribers")
def list_tags(request: HttpRequest) -> Page[TagOut]:  # noqa: ARG001 - ninja's signature
    """The tags of subscribers, by name."""
    return paging.whole(list(Tag.objects.order_by("key")), _tag)


@reads("/tags/counts", SEE_DESK, tag="subscribers")
def count_tags(request: HttpRequest) -> Page[TagCountOut]:  # noqa: ARG001 - ninja's signature
    """How many subscribers have each tag."""
    counts = tags.counts()

    def out(row: Tag) -> TagCountOut:
        return TagCountOut(
            id=row.pk, name=row.name, subscribers=None if counts is None else counts.get(row.pk, 0)
        )

    return paging.whole(list(Tag.objects.order_by("key")), out)


@does("/tags", MANAGE_AUDIENCE, tag="subscribers", status=201)
def make_tag(request: HttpRequest, given: NewTagIn) -> TagOut:
    """Make a tag. One of that name stays as it is, and is answered."""
    return _tag(tags.made(given.name, user=user_of(request), now=clock.now()))


@does("/tags/{int:reader_tag_id}/rename", MANAGE_AUDIENCE, tag="subscribers")
def rename_reader_tag(request: HttpRequest, reader_tag_id: Id, given: TagRenameIn) -> TagOut:
    """Another name for all who have it."""
    get_object_or_404(Tag, pk=reader_tag_id)
    return _tag(tags.rename(reader_tag_id, given.name, seen=given.name_before, user=user_of(request)))


@does("/tags/{int:reader_tag_id}/remove", MANAGE_AUDIENCE, tag="subscribers")
def remove_reader_tag(request: HttpRequest, reader_tag_id: Id) -> Done:
    """Remove a tag that nobody has. A bulk action takes it off everybody."""
    get_object_or_404(Tag, pk=reader_tag_id)
    tags.remove(reader_tag_id, user=user_of(request))
    return Done(said="The tag is removed.")


@reads("/attributes", SEE_DESK, tag="subscribers")
def list_attributes(request: HttpRequest) -> Page[AttributeOut]:  # noqa: ARG001 - ninja's signature
    """What may be known of subscribers besides, and what its values are."""
    return paging.whole(list(Attribute.objects.all()), _attribute)


@does("/attributes", MANAGE_AUDIENCE, tag="subscribers", status=201)
def make_attribute(request: HttpRequest, given: AttributeIn) -> AttributeOut:
    """Define what may be known of subscribers."""
    row = attributes.define(given.key, given.label, given.kind, user=user_of(request), now=clock.now())
    return _attribute(row)


@does("/attributes/{int:attribute_id}/change", MANAGE_AUDIENCE, tag="subscribers", versioned=True)
def change_attribute(request: HttpRequest, attribute_id: Id, given: AttributeChangeIn) -> AttributeOut:
    """Call it otherwise."""
    get_object_or_404(Attribute, pk=attribute_id)
    version = versions.seen(request, given.version)
    return _attribute(attributes.relabel(attribute_id, given.label, version=version, user=user_of(request)))


@does("/attributes/{int:attribute_id}/remove", MANAGE_AUDIENCE, tag="subscribers")
def remove_attribute(request: HttpRequest, attribute_id: Id) -> Done:
    """Remove one that nobody has a value of. A bulk action empties it."""
    get_object_or_404(Attribute, pk=attribute_id)
    attributes.remove(attribute_id, user=user_of(request))
    return Done(said="The attribute is removed.")


def _tag(row: Tag) -> TagOut:
    return TagOut(id=row.pk, name=row.name, created_at=row.created_at)


def _attribute(row: Attribute) -> AttributeOut:
    return AttributeOut(
        id=row.pk,
        key=row.key,
        label=row.label,
        kind=row.kind,
        version=row.version,
        created_at=row.created_at,
    )
