"""Items: reading them, deciding their topics, fetching a refused picture again; topics, sources, and refused entries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import Flag, Given, Id, OneOf, Page, Paged, Shape, Word
from publisher.core import clock
from publisher.items import topic_choice
from publisher.items.models import Item, ItemTopic, Kind, Origin, Rejection, Source, Topic
from publisher.people.permissions import SEE_DESK, WRITE
from publisher.social import picture_deeds

Visibility = Annotated[str, OneOf(("visible", "embargo", "retracted"))]
ItemKind = Annotated[str, OneOf.of(Kind.values)]
ItemOrigin = Annotated[str, OneOf.of(Origin.values)]
TopicState = Annotated[str, OneOf.of(ItemTopic.State.values)]
Slug = Annotated[str, StringConstraints(pattern=r"^[-a-zA-Z0-9_]{1,60}$")]


class ItemFilter(Paged):
    """Of a list of items. `q` is a part of the title."""

    q: Word | None = None
    kind: ItemKind | None = None
    source: Id | None = None
    origin: ItemOrigin | None = None
    topic: Slug | None = None
    visibility: Visibility | None = None


class TopicOfItem(Shape):
    id: int
    slug: str
    name: str
    state: TopicState
    words: list[str] = Field(description="What in the text suggested it.")
    decided: bool = Field(description="Whether a person said so.")


class ItemOut(Shape):
    id: int
    revision: int
    source_id: int
    source: str
    producer_id: str
    url: str
    kind: str
    language: str
    title: str
    summary: str
    visibility: Visibility
    published_at: datetime
    received_at: datetime
    embargo_until: datetime | None
    retracted_at: datetime | None
    origin: str
    trace_id: str


class ItemDetail(ItemOut):
    """One item with its text and topics."""

    body_html: str
    image_url: str
    image_alt: str
    authors: list[str]
    agencies: list[str]
    retraction_reason: str
    translation_of_id: int | None
    topics: list[TopicOfItem]


class TopicIn(Given):
    accept: Flag = Field(description="Whether the item is about it.")


class TopicOut(Shape):
    id: int
    slug: str
    kind: str
    name_en: str
    name_zh: str
    names: dict[str, str] = Field(description="In the other languages of readers, by language.")
    retired: bool


class SourceOut(Shape):
    """A producer. Its key and its credentials are nowhere to be read."""

    id: int
    name: str
    label: str
    language: str
    country: str
    feed_url: str
    enabled: bool
    failures: int
    last_error: str


class RejectionFilter(Paged):
    source: Word | None = Field(None, description="A part of the source's name.")
    origin: ItemOrigin | None = None


class WrongField(Shape):
    name: str
    found: str
    expected: str


class RejectionOut(Shape):
    id: int
    source: str
    origin: str
    code: str
    reason: str
    hint: str
    fields: list[WrongField]
    times: int
    first_at: datetime
    last_at: datetime
    trace_id: str


@reads("/items", SEE_DESK, tag="items")
def list_items(request: HttpRequest, wanted: Query[ItemFilter]) -> Page[ItemOut]:
    """Items, the latest published first."""
    now = clock.now()
    rows = _filtered(Item.objects.select_related("source").defer("body_html", "body_text"), wanted, now)
    return paging.latest(request, rows, "published_at", wanted, lambda row: ItemOut(**_facts(row, now)))


@reads("/items/{int:item_id}", SEE_DESK, tag="items")
def read_item(request: HttpRequest, item_id: Id) -> ItemDetail:  # noqa: ARG001 - ninja's signature
    """One item, with its text and its topics."""
    return detail_of(get_object_or_404(Item.objects.select_related("source"), pk=item_id))


@does("/items/{int:item_id}/topics/{slug:topic}", WRITE, tag="items")
def decide_topic(request: HttpRequest, item_id: Id, topic: Slug, given: TopicIn) -> ItemDetail:
    """Accept or decline a topic of an item, suggested or not."""
    item = get_object_or_404(Item.objects.select_related("source"), pk=item_id)
    found = get_object_or_404(Topic, slug=topic)
    topic_choice.decide(item.pk, found.pk, accept=given.accept, user=user_of(request))
    return detail_of(item)


@does("/items/{int:item_id}/fetch-picture", WRITE, tag="items")
def fetch_picture(request: HttpRequest, item_id: Id) -> ItemDetail:
    """Fetch an item's picture again that could not be used before."""
    item = get_object_or_404(Item.objects.select_related("source"), pk=item_id)
    picture_deeds.fetch_again(item.pk, user=user_of(request), now=clock.now())
    return detail_of(item)


@reads("/topics", SEE_DESK, tag="items")
def list_topics(request: HttpRequest) -> Page[TopicOut]:  # noqa: ARG001 - ninja's signature
    """Every topic, in the order in which people see them."""
    return paging.whole(
        list(Topic.objects.all()),
        lambda row: TopicOut(
            id=row.pk,
            slug=row.slug,
            kind=row.kind,
            name_en=row.name_en,
            name_zh=row.name_zh,
            names=row.names,
            retired=row.retired,
        ),
    )


@reads("/sources", SEE_DESK, tag="items")
def list_sources(request: HttpRequest, wanted: Query[Paged]) -> Page[SourceOut]:
    """The producers of items, newest first."""
    return paging.newest(
        request,
        Source.objects.all(),
        wanted,
        lambda row: SourceOut(
            id=row.pk,
            name=row.name,
            label=row.label,
            language=row.language,
            country=row.country,
            feed_url=row.feed_url,
            enabled=row.enabled,
            failures=row.failures,
            last_error=row.last_error,
        ),
    )


@reads("/rejections", SEE_DESK, tag="items")
def list_rejections(request: HttpRequest, wanted: Query[RejectionFilter]) -> Page[RejectionOut]:
    """Entries that were refused, the latest first, with what their producer should mend."""
    rows = Rejection.objects.defer("payload")
    if wanted.source:
        rows = rows.filter(source_name__icontains=wanted.source)
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    return paging.latest(request, rows, "last_at", wanted, _rejection)


def detail_of(row: Item) -> ItemDetail:
    """One item as it is answered."""
    topics = row.item_topics.select_related("topic").order_by("topic__position")
    return ItemDetail(
        **_facts(row, clock.now()),
        body_html=row.body_html,
        image_url=row.image_url,
        image_alt=row.image_alt,
        authors=row.authors,
        agencies=row.agencies,
        retraction_reason=row.retraction_reason,
        translation_of_id=row.original_id,
        topics=[
            TopicOfItem(
                id=each.topic_id,
                slug=each.topic.slug,
                name=each.topic.name_en,
                state=each.state,
                words=each.words,
                decided=each.decided_by_id is not None,
            )
            for each in topics
        ],
    )


def _facts(row: Item, now: datetime) -> dict[str, Any]:
    embargoed = row.embargo_until is not None and row.embargo_until > now
    return {
        "id": row.pk,
        "revision": row.revision,
        "source_id": row.source_id,
        "source": row.source.name,
        "producer_id": row.producer_id,
        "url": row.url,
        "kind": row.kind,
        "language": row.language,
        "title": row.title,
        "summary": row.summary,
        "visibility": "retracted" if row.retracted_at else "embargo" if embargoed else "visible",
        "published_at": row.published_at,
        "received_at": row.received_at,
        "embargo_until": row.embargo_until,
        "retracted_at": row.retracted_at,
        "origin": row.origin,
        "trace_id": row.trace_id,
    }


def _filtered(rows: QuerySet[Item], wanted: ItemFilter, now: datetime) -> QuerySet[Item]:
    same = {
        "title__icontains": wanted.q,
        "kind": wanted.kind,
        "source_id": wanted.source,
        "origin": wanted.origin,
    }
    rows = rows.filter(**{name: value for name, value in same.items() if value})
    if wanted.topic:
        about = ItemTopic.objects.filter(topic__slug=wanted.topic).exclude(state=ItemTopic.State.DECLINED)
        rows = rows.filter(pk__in=about.values("item_id"))
    embargoed = Q(embargo_until__gt=now)
    if wanted.visibility == "retracted":
        return rows.exclude(retracted_at=None)
    if wanted.visibility == "embargo":
        return rows.filter(embargoed, retracted_at=None)
    return rows.filter(Q(embargo_until=None) | ~embargoed, retracted_at=None) if wanted.visibility else rows


def _rejection(row: Rejection) -> RejectionOut:
    fields = [
        WrongField(**{name: str(each.get(name, "")) for name in ("name", "found", "expected")})
        for each in row.fields
    ]
    return RejectionOut(
        id=row.pk,
        source=row.source_name,
        origin=row.origin,
        code=row.code,
        reason=row.reason,
        hint=row.hint,
        fields=fields,
        times=row.times,
        first_at=row.first_at,
        last_at=row.last_at,
        trace_id=row.trace_id,
    )
