"""Subscribers and what they receive. Addresses are masked without the scope see_addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Discriminator, Field, RootModel, StringConstraints
from pydantic import Tag as Case

from publisher.api.problems import AS
from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.items import ItemKind, Slug
from publisher.api.v1.keys import require, sees_addresses, user_of
from publisher.api.v1.shapes import (
    NO_NUL,
    NO_OTHER_KEYS,
    Address,
    Country,
    Done,
    Given,
    Id,
    Language,
    OneOf,
    Page,
    Paged,
    Shape,
    Word,
)
from publisher.api.v1.sign_ups import SignUpIn, hand_in
from publisher.audience import addresses, attributes, by_staff, tags
from publisher.audience.choices import Choice
from publisher.audience.models import Segment, Subscriber, Subscription, Tag
from publisher.audience.segments import matching, saved
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.masking import masked
from publisher.digests.models import Digest
from publisher.items.models import Topic
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES, SEE_DESK, SIGN_UP

SubscriberState = Annotated[str, OneOf.of(Subscriber.State.values)]
SubscriptionState = Annotated[str, OneOf.of(Subscription.State.values)]
AttributeKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Proof = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]


class SubscriberFilter(Paged):
    email: Address | None = Field(None, description="The whole address. Needs the scope see_addresses.")
    state: SubscriberState | None = None
    digest: Slug | None = Field(None, description="Who receives this digest now.")
    tag: Word | None = Field(None, description="The name of a tag.")
    segment: Id | None = Field(None, description="Who is in this segment at the moment.")


class SubscriptionOut(Shape):
    digest_id: int
    digest: str
    state: SubscriptionState
    topics: list[int] = Field(description="Ids; empty: all.")
    kinds: list[str] = Field(description="Empty: all.")
    language: str
    region: str
    since: datetime
    ended_at: datetime | None


class SubscriberOut(Shape):
    id: int
    email: str
    name: str
    state: SubscriberState
    zone: str
    tags: list[str]
    attributes: dict[str, str | int | float | bool] = Field(
        description="What is known besides, by the keys of GET /attributes; empty without the scope see_addresses."
    )
    created_at: datetime


class SubscriberDetail(SubscriberOut):
    subscriptions: list[SubscriptionOut]


class ChoiceIn(Given):
    """What of a digest somebody wants."""

    topics: list[Slug] = Field(default_factory=list, max_length=200, description="Slugs; empty: all.")
    kinds: list[ItemKind] = Field(default_factory=list, max_length=20, description="Empty: all.")
    language: Language | None = Field(None, description="One of the digest's; left out: its first.")
    region: Country | None = None


class SubscribeIn(ChoiceIn):
    """Somebody who agreed before, as `how` proves. Nobody asks them again."""

    email: Address
    name: Word = ""
    digest: Slug
    how: Proof = Field(description="The proof that the owner of the address agreed: where and when.")


_SIGN_UP, _PROVED = f"{AS}sign_up", f"{AS}proved"


def _kind_of(body: object) -> str:
    """Which of the two a body is: one with `how`, even an empty one, is never taken for a sign-up."""
    return (
        _PROVED if isinstance(body, SubscribeIn) or (isinstance(body, dict) and "how" in body) else _SIGN_UP
    )


class NewSubscriberIn(
    RootModel[
        Annotated[
            Annotated[SignUpIn, Case(_SIGN_UP)] | Annotated[SubscribeIn, Case(_PROVED)],
            Discriminator(_kind_of),
        ]
    ]
):
    """Without `how`: a sign-up, which the reader confirms by mail. With `how`: somebody who has agreed already."""


class ChangeIn(ChoiceIn):
    how: Proof = Field(description="How the reader asked for it.")


class NameIn(Given):
    name: Word
    name_before: Word | None = Field(None, description="Refused when it is another by now.")


class LeaveIn(Given):
    digest: Slug | None = Field(None, description="Left out: all digests.")
    how: Proof = Field(description="How the reader asked for it.")


class TagIn(Given):
    tag: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)] = Field(
        description="Its name; one that is not there yet is made."
    )


class UntagIn(Given):
    tag: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)]


class AttributesIn(Given):
    values: dict[AttributeKey, str | int | float | bool | None] = Field(
        description="By key; null takes a value away. Dates as 2026-05-31.",
        max_length=100,
        json_schema_extra=NO_OTHER_KEYS,
    )


@reads("/subscribers", SEE_DESK, tag="subscribers")
def list_subscribers(request: HttpRequest, wanted: Query[SubscriberFilter]) -> Page[SubscriberOut]:
    """Subscribers, newest first."""
    rows = Subscriber.objects.all()
    if wanted.email:
        require(request, SEE_ADDRESSES, "To search by address")
        rows = rows.filter(email_key=addresses.key(wanted.email))
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.digest:
        digest = Digest.objects.filter(slug=wanted.digest).first()
        receiving = Subscription.objects.filter(digest_id=digest.pk if digest else 0, state="active")
        rows = rows.filter(pk__in=receiving.values("subscriber_id"))
    if wanted.tag is not None:
        rows = rows.filter(tags__key=tags.key_of(wanted.tag))
    if wanted.segment is not None:
        segment = get_object_or_404(Segment, pk=wanted.segment)
        inside = matching.matching(saved.groups_of(segment), now=clock.now())
        rows = rows.filter(pk__in=inside.values("pk"))
    plain = sees_addresses(request)
    rows = rows.prefetch_related("tags")
    with matching.limited(matching.PAGE_SECONDS):
        return paging.newest(request, rows, wanted, lambda row: SubscriberOut(**_facts(row, plain=plain)))


@reads("/subscribers/{int:subscriber_id}", SEE_DESK, tag="subscribers")
def read_subscriber(request: HttpRequest, subscriber_id: Id) -> SubscriberDetail:
    """One subscriber, with every digest that they receive or did."""
    return _detail(request, subscriber_id)


def _is_sign_up(given: NewSubscriberIn) -> bool:
    return isinstance(given.root, SignUpIn)


@does(
    "/subscribers",
    SIGN_UP,
    tag="subscribers",
    status={Done: 202, SubscriberDetail: 201},
    alone=_is_sign_up,
)
def subscribe(request: HttpRequest, given: NewSubscriberIn) -> Done | SubscriberDetail:
    """Sign somebody up, who confirms by mail; or subscribe somebody who has agreed already.

    Without `how` it is a sign-up from a form of yours (202): a mail asks the owner of the address to confirm, and nobody is
    subscribed before. The answer is the same for every address, known or not. Limits, refused addresses and the kept proof are
    those of the sign-up page.

    With `how`, the proof that the owner has agreed, the address is subscribed at once (201); known already, the subscription
    begins again with this choice. That needs the scope `manage_audience`.
    """
    if isinstance(given.root, SignUpIn):
        return hand_in(given.root)
    require(request, MANAGE_AUDIENCE, "To subscribe somebody who is not asked to confirm")
    return _subscribe(request, given.root)


def _subscribe(request: HttpRequest, given: SubscribeIn) -> SubscriberDetail:
    digest = digest_named(given.digest)
    row = by_staff.subscribe(
        given.email,
        digest_id=digest.pk,
        choice=choice_of(given, digest),
        how=given.how,
        name=given.name,
        user=user_of(request),
        now=clock.now(),
    )
    return _detail(request, row.subscriber_id)


@does("/subscribers/{int:subscriber_id}/rename", MANAGE_AUDIENCE, tag="subscribers")
def rename_subscriber(request: HttpRequest, subscriber_id: Id, given: NameIn) -> SubscriberDetail:
    """Change how a subscriber is addressed."""
    get_object_or_404(Subscriber, pk=subscriber_id)
    by_staff.rename(
        subscriber_id, name=given.name, seen=given.name_before, user=user_of(request), now=clock.now()
    )
    return _detail(request, subscriber_id)


@does("/subscribers/{int:subscriber_id}/digests/{slug:slug}/choose", MANAGE_AUDIENCE, tag="subscribers")
def change_choice(request: HttpRequest, subscriber_id: Id, slug: Slug, given: ChangeIn) -> SubscriberDetail:
    """Change what a subscriber receives of a digest, as they asked."""
    get_object_or_404(Subscriber, pk=subscriber_id)
    digest = get_object_or_404(Digest, slug=slug)
    by_staff.choose(
        subscriber_id,
        digest.pk,
        choice_of(given, digest),
        how=given.how,
        user=user_of(request),
        now=clock.now(),
    )
    return _detail(request, subscriber_id)


@does("/subscribers/{int:subscriber_id}/unsubscribe", MANAGE_AUDIENCE, tag="subscribers")
def unsubscribe(request: HttpRequest, subscriber_id: Id, given: LeaveIn) -> SubscriberDetail:
    """End one subscription, or all. What is queued for it is dropped before it leaves."""
    get_object_or_404(Subscriber, pk=subscriber_id)
    digest = digest_named(given.digest) if given.digest else None
    by_staff.unsubscribe(
        subscriber_id,
        digest_id=digest.pk if digest else None,
        how=given.how,
        user=user_of(request),
        now=clock.now(),
    )
    return _detail(request, subscriber_id)


@does("/subscribers/{int:subscriber_id}/tag", MANAGE_AUDIENCE, tag="subscribers")
def tag_subscriber(request: HttpRequest, subscriber_id: Id, given: TagIn) -> SubscriberDetail:
    """Put a tag on a subscriber; one that is there stays."""
    get_object_or_404(Subscriber, pk=subscriber_id)
    tags.put(subscriber_id, given.tag, user=user_of(request), now=clock.now())
    return _detail(request, subscriber_id)


@does("/subscribers/{int:subscriber_id}/untag", MANAGE_AUDIENCE, tag="subscribers")
def untag_subscriber(request: HttpRequest, subscriber_id: Id, given: UntagIn) -> SubscriberDetail:
    """Take a tag off a subscriber; one that is not there is no error."""
    get_object_or_404(Subscriber, pk=subscriber_id)
    tag = Tag.objects.filter(key=tags.key_of(given.tag)).first()
    if tag:
        tags.take_off(subscriber_id, tag.pk, user=user_of(request))
    return _detail(request, subscriber_id)


@does("/subscribers/{int:subscriber_id}/attributes", MANAGE_AUDIENCE, tag="subscribers")
def set_attributes(request: HttpRequest, subscriber_id: Id, given: AttributesIn) -> SubscriberDetail:
    """Set what is known of a subscriber besides. What is not named stays."""
    get_object_or_404(Subscriber, pk=subscriber_id)
    values = {key: attributes.shown(value) for key, value in given.values.items()}
    attributes.change(subscriber_id, values, seen={}, user=user_of(request))
    return _detail(request, subscriber_id)


def digest_named(slug: str) -> Digest:
    """Raises `UserError`."""
    found = Digest.objects.filter(slug=slug).first()
    if found is None:
        raise UserError(f"There is no digest {slug}.", "GET /api/v1/digests lists them.")
    return found


def choice_of(given: ChoiceIn, digest: Digest) -> Choice:
    """What somebody wants of a digest, held to what it offers. Raises `UserError`."""
    known = dict(Topic.objects.filter(slug__in=given.topics, retired=False).values_list("slug", "pk"))
    if missing := [slug for slug in given.topics if slug not in known]:
        raise UserError(f"There is no topic {missing[0]}.", "GET /api/v1/topics lists them.")
    language = given.language or (digest.languages[0] if digest.languages else "en")
    if language not in digest.languages:
        raise UserError(
            f"{digest} does not come in {language}.", f"It comes in {', '.join(digest.languages)}."
        )
    return Choice.of(topics=known.values(), kinds=given.kinds, language=language, region=given.region or "")


def _detail(request: HttpRequest, subscriber_id: int) -> SubscriberDetail:
    row = get_object_or_404(Subscriber, pk=subscriber_id)
    mine = list(row.subscriptions.select_related("selection").order_by("pk"))
    slugs = dict(Digest.objects.filter(pk__in=[each.digest_id for each in mine]).values_list("pk", "slug"))
    subscriptions = [
        SubscriptionOut(
            digest_id=each.digest_id,
            digest=slugs.get(each.digest_id, ""),
            state=each.state,
            topics=each.selection.topics,
            kinds=each.selection.kinds,
            language=each.selection.language,
            region=each.selection.region,
            since=each.since,
            ended_at=each.ended_at,
        )
        for each in mine
    ]
    return SubscriberDetail(**_facts(row, plain=sees_addresses(request)), subscriptions=subscriptions)


def _facts(row: Subscriber, *, plain: bool) -> dict[str, Any]:
    return {
        "id": row.pk,
        "email": row.email if plain else masked(row.email),
        "name": row.name if plain else "",
        "state": row.state,
        "zone": row.zone,
        "tags": sorted(tag.name for tag in row.tags.all()),
        "attributes": row.attributes if plain else {},
        "created_at": row.created_at,
    }
