"""What waits for a clearance, and the tags of an item and of an edition's own texts. `clearance_tags.py` has the tags themselves.

In the desk a member of a tag's role may clear it who may only read else. Here it takes the scope `write`, so that a key that was
given to read the desk lets nothing go.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.editions import edition_called
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import (
    NO_NUL,
    BodyId,
    Given,
    Id,
    OneOf,
    Page,
    Paged,
    Shape,
    Version,
)
from publisher.core import clock
from publisher.delivery import clearing
from publisher.items.models import Item
from publisher.people.permissions import PUBLISH, SEE_DESK, WRITE
from publisher.review import clearances, texts
from publisher.review.clearances import TagOf
from publisher.review.models import ItemTag, Kind, TextTag
from publisher.review.uncleared import open_rows

Note = Annotated[str, StringConstraints(max_length=clearances.LONGEST_NOTE, pattern=NO_NUL)]


class WaitingOut(Shape):
    """A tag for which nothing about an item leaves."""

    item_id: int
    item_title: str
    revision: int
    tag_id: int
    tag: str
    role: str


class ClearedOut(Shape):
    by: str
    at: datetime
    revision: int
    note: str
    counts: bool = Field(description="Whether it is of the present revision, and was not taken back.")


class TagOfItem(Shape):
    tag_id: int
    tag: str
    role: str
    state: Annotated[str, OneOf.of(ItemTag.State.values)]
    holds: bool = Field(description="Whether nothing about the item leaves because of it.")
    words: list[str] = Field(description="By which rules suggested it.")
    reason: str
    by: str
    cleared: list[ClearedOut]


class TagsOfItem(Shape):
    item_id: int
    revision: int
    data: list[TagOfItem]


class SetTagIn(Given):
    tag_id: BodyId
    reason: Note = ""


class ReasonIn(Given):
    reason: Note


class WithdrawIn(Given):
    reason: Note = ""


class ClearIn(Given):
    revision: Version = Field(description="The item's, which you looked at.")
    note: Note = ""


class TagOfTexts(Shape):
    tag_id: int
    tag: str
    role: str
    state: Annotated[str, OneOf.of(TextTag.State.values)]
    words: list[str]
    reason: str
    by: str
    seen: str = Field(description="Names the texts as they are; clearing them takes it.")


class TagsOfTexts(Shape):
    edition_id: int
    data: list[TagOfTexts]


class ClearTextsIn(Given):
    seen: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    note: Note = ""


@reads("/clearance/waiting", SEE_DESK, tag="clearance")
def list_waiting(request: HttpRequest, wanted: Query[Paged]) -> Page[WaitingOut]:
    """What waits for whose clearance, the tag that was given last first; retracted items wait for nothing."""
    rows = open_rows().filter(item__retracted_at=None).select_related("item")
    return paging.newest(request, rows.defer("item__body_html", "item__body_text"), wanted, _waiting)


@reads("/items/{int:item_id}/tags", SEE_DESK, tag="clearance")
def list_tags_of_item(request: HttpRequest, item_id: Id) -> TagsOfItem:  # noqa: ARG001 - as above
    """The clearance tags of an item, those that hold it first."""
    return _tags_of(item_id)


@does("/items/{int:item_id}/tags", WRITE, tag="clearance")
def set_tag(request: HttpRequest, item_id: Id, given: SetTagIn) -> TagsOfItem:
    """Give an item a tag: from now on nothing about it leaves before it is cleared."""
    get_object_or_404(Item, pk=item_id)
    clearances.set_tag(item_id, given.tag_id, user=user_of(request), reason=given.reason, now=clock.now())
    return _tags_of(item_id)


@does("/items/{int:item_id}/tags/{int:tag_id}/remove", PUBLISH, tag="clearance")
def remove_tag(request: HttpRequest, item_id: Id, tag_id: Id, given: ReasonIn) -> TagsOfItem:
    """Say why a tag does not fit an item: it holds it no more."""
    get_object_or_404(Item, pk=item_id)
    clearing.remove_tag(item_id, tag_id, user=user_of(request), reason=given.reason, now=clock.now())
    return _tags_of(item_id)


@does("/items/{int:item_id}/tags/{int:tag_id}/clear", WRITE, tag="clearance")
def clear_tag(request: HttpRequest, item_id: Id, tag_id: Id, given: ClearIn) -> TagsOfItem:
    """Clear a tag in the revision that you looked at. Only a member of the tag's role may."""
    get_object_or_404(Item, pk=item_id)
    clearing.clear(
        item_id, tag_id, user=user_of(request), revision=given.revision, note=given.note, now=clock.now()
    )
    return _tags_of(item_id)


@does("/items/{int:item_id}/tags/{int:tag_id}/take-back", WRITE, tag="clearance")
def take_clearance_back(request: HttpRequest, item_id: Id, tag_id: Id, given: WithdrawIn) -> TagsOfItem:
    """Withdraw the clearance of the present revision: nothing more about the item leaves."""
    get_object_or_404(Item, pk=item_id)
    clearances.take_back(item_id, tag_id, user=user_of(request), reason=given.reason, now=clock.now())
    return _tags_of(item_id)


@reads("/editions/{int:edition_id}/tags", SEE_DESK, tag="clearance")
def list_tags_of_texts(request: HttpRequest, edition_id: Id) -> TagsOfTexts:  # noqa: ARG001 - as above
    """The clearance tags of an edition's own texts."""
    return _tags_of_texts(edition_id)


@does("/editions/{int:edition_id}/tags/{int:tag_id}/clear", WRITE, tag="clearance")
def clear_tag_of_texts(request: HttpRequest, edition_id: Id, tag_id: Id, given: ClearTextsIn) -> TagsOfTexts:
    """Clear a tag of the texts that you looked at. Only a member of the tag's role may."""
    edition_called(edition_id)
    clearing.clear_texts(
        edition_id, tag_id, user=user_of(request), seen=given.seen, note=given.note, now=clock.now()
    )
    return _tags_of_texts(edition_id)


@does("/editions/{int:edition_id}/tags/{int:tag_id}/remove", PUBLISH, tag="clearance")
def remove_tag_of_texts(request: HttpRequest, edition_id: Id, tag_id: Id, given: ReasonIn) -> TagsOfTexts:
    """Say why a tag does not fit the texts."""
    edition_called(edition_id)
    clearing.remove_from_texts(
        edition_id, tag_id, user=user_of(request), reason=given.reason, now=clock.now()
    )
    return _tags_of_texts(edition_id)


def _waiting(row: ItemTag) -> WaitingOut:
    return WaitingOut(
        item_id=row.item_id,
        item_title=row.item.title,
        revision=row.item.revision,
        tag_id=row.tag_id,
        tag=row.tag.name,
        role=row.tag.group.name,
    )


def _tags_of(item_id: int) -> TagsOfItem:
    item = get_object_or_404(Item.objects.defer("body_html", "body_text"), pk=item_id)
    return TagsOfItem(
        item_id=item.pk, revision=item.revision, data=[_tag_of(each) for each in clearances.tags_of(item)]
    )


def _tag_of(each: TagOf) -> TagOfItem:
    given = [*([each.cleared] if each.cleared else []), *each.earlier]
    return TagOfItem(
        tag_id=each.row.tag_id,
        tag=each.row.tag.name,
        role=each.row.tag.group.name,
        state=each.row.state,
        holds=each.holds,
        words=each.row.words,
        reason=each.row.reason,
        by=each.row.name,
        cleared=[
            ClearedOut(by=c.name, at=c.at, revision=c.revision, note=c.note, counts=c == each.cleared)
            for c in given
        ],
    )


def _tags_of_texts(edition_id: int) -> TagsOfTexts:
    row = edition_called(edition_id)
    return TagsOfTexts(
        edition_id=row.pk,
        data=[
            TagOfTexts(
                tag_id=each.tag_id,
                tag=each.tag.name,
                role=each.tag.group.name,
                state=each.state,
                words=each.words,
                reason=each.reason,
                by=each.name,
                seen=each.fingerprint,
            )
            for each in texts.of(Kind.EDITION, row.pk)
        ],
    )
