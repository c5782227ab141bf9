"""The delivery log: its pages, one delivery with its tries, and a person's word on what is unclear or posted by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import require, sees_addresses, user_of
from publisher.api.v1.shapes import NO_NUL, Flag, Given, Id, Moment, OneOf, Page, Paged, Shape, Url
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.masking import masked, masked_text
from publisher.delivery import handing, log, mail_doubts, posts, resending
from publisher.delivery.log.wanted import LEAST_PREFIX
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.people.permissions import PUBLISH, SEE_ADDRESSES, SEE_DESK

DeliveryState = Annotated[str, OneOf.of(each.value for each in State)]


class DeliveryFilter(Paged):
    """Of the log. A delivery belongs to an edition or to a channel, never to both."""

    state: DeliveryState | None = None
    channel: Id | None = None
    digest: Id | None = None
    edition: Id | None = None
    item: Id | None = Field(None, description="Of its posts, and of the editions that held it.")
    code: Annotated[int, Field(ge=200, le=599)] | None = Field(None, description="Of SMTP or HTTP.")
    needs_person: Annotated[str, OneOf.of(("true", "false"))] = Field(
        "false", description="What waits until somebody decides."
    )
    address: Annotated[str, StringConstraints(min_length=3, max_length=320, pattern=NO_NUL)] | None = Field(
        None, description="How the address begins. Needs the scope see_addresses."
    )
    since: Moment | None = Field(None, description="Written at this time or later.")
    until: Moment | None = Field(None, description="Written before this time.")


class DeliveryOut(Shape):
    """One message to one destination. `address` is masked without the scope see_addresses."""

    id: int
    state: DeliveryState
    purpose: str
    edition_id: int | None
    post_id: int | None
    channel_id: int | None
    part: int | None
    subscriber_id: int | None
    address: str
    attempts: int
    code: int | None
    enhanced_code: str
    reason: str
    url: str
    due_at: datetime
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


class AttemptOut(Shape):
    started_at: datetime
    duration_ms: float
    outcome: str
    code: int | None
    enhanced_code: str
    text: str
    worker: str


class DeliveryDetail(DeliveryOut):
    fence: int = Field(description="Names its newest try; trying it again takes it.")
    copies: int = Field(description="How often it was sent once more.")
    tries: list[AttemptOut]


class ThereIn(Given):
    was_published: Flag = Field(description="Whether it is there, or arrived; else it is sent again.")
    url: Url = Field("", description="Where a post is to be seen, if you know it.")


class PostedIn(Given):
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=NO_NUL)]
    sure: Flag = Field(False, description="Take an address that seems odd.")


@reads("/deliveries", SEE_DESK, tag="deliveries")
def list_deliveries(request: HttpRequest, wanted: Query[DeliveryFilter]) -> Page[DeliveryOut]:
    """The log, newest first; under a filter by address by address, then newest first."""
    if wanted.address:
        require(request, SEE_ADDRESSES, "To search by address")
    found = log.page(_filter(wanted), log.Cursor.read(wanted.after or ""), wanted.limit)
    plain = sees_addresses(request)
    following = paging.address_of_next(request, str(found.next)) if found.next else None
    return Page(data=[DeliveryOut(**_facts(row, plain=plain)) for row in found.rows], next=following)


@reads("/deliveries/{int:delivery_id}", SEE_DESK, tag="deliveries")
def read_delivery(request: HttpRequest, delivery_id: Id) -> DeliveryDetail:
    """What became of one message, try by try."""
    return delivery_detail(request, delivery_id)


@does("/deliveries/{int:delivery_id}/confirm", PUBLISH, tag="deliveries")
def confirm_delivery(request: HttpRequest, delivery_id: Id, given: ThereIn) -> DeliveryDetail:
    """Say of a message of which nobody can tell whether it arrived. One that did not is sent again."""
    row = get_object_or_404(Delivery, pk=delivery_id)
    user, now = user_of(request), clock.now()
    if row.edition_id:
        mail_doubts.confirm(row.pk, user=user, arrived=given.was_published, now=now)
    else:
        posts.confirm(row.pk, user=user, was_published=given.was_published, url=given.url.strip(), now=now)
    return delivery_detail(request, delivery_id)


@does("/deliveries/{int:delivery_id}/posted", PUBLISH, tag="deliveries")
def delivery_posted(request: HttpRequest, delivery_id: Id, given: PostedIn) -> DeliveryDetail:
    """Say that a part that a person publishes is published, and where."""
    get_object_or_404(Delivery, pk=delivery_id, post__isnull=False)
    handing.posted(delivery_id, user=user_of(request), url=given.url, sure=given.sure, now=clock.now())
    return delivery_detail(request, delivery_id)


def _filter(wanted: DeliveryFilter) -> log.LogFilter:
    if wanted.channel and (wanted.edition or wanted.digest):
        raise UserError(
            "A delivery belongs to an edition or to a channel, never to both.", "Leave one of them out."
        )
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise UserError("The end must be later than the beginning.", "Change since or until.")
    address = (wanted.address or "").strip().lower()
    if wanted.address and len(address) < LEAST_PREFIX:
        raise UserError(f"Give at least the first {LEAST_PREFIX} characters of the address.")
    return log.LogFilter(
        states=(wanted.state,) if wanted.state else (),
        channel_id=wanted.channel,
        digest_id=wanted.digest,
        edition_id=wanted.edition,
        item_id=wanted.item,
        address=address,
        code=wanted.code,
        needs_person=wanted.needs_person == "true",
        since=wanted.since,
        until=wanted.until,
    )


def delivery_detail(request: HttpRequest, delivery_id: int) -> DeliveryDetail:
    """One delivery as it is answered."""
    row = get_object_or_404(Delivery.objects.defer("prepared"), pk=delivery_id)
    plain = sees_addresses(request)
    tries = [
        AttemptOut(
            started_at=each.started_at,
            duration_ms=each.duration_ms,
            outcome=each.outcome,
            code=each.code,
            enhanced_code=each.enhanced,
            text=_text(each.text, row, plain=plain),
            worker=each.worker,
        )
        for each in row.tries.all()
    ]
    copies = resending.copies_of(row)
    return DeliveryDetail(**_facts(row, plain=plain), fence=row.fence, copies=copies, tries=tries)


def _facts(row: Delivery, *, plain: bool) -> dict[str, Any]:
    return {
        "id": row.pk,
        "state": row.state,
        "purpose": row.purpose,
        "edition_id": row.edition_id,
        "post_id": row.post_id,
        "channel_id": row.channel_id,
        "part": row.part,
        "subscriber_id": row.subscriber_id,
        "address": row.address if plain or row.post_id else masked(row.address),
        "attempts": row.attempts,
        "code": row.code,
        "enhanced_code": row.enhanced,
        "reason": _text(row.reason, row, plain=plain),
        "url": row.remote_url,
        "due_at": row.due_at,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "settled_at": row.settled_at,
    }


def _text(text: str, row: Delivery, *, plain: bool) -> str:
    """What a server said may repeat the address, in its own spelling, or name others."""
    return text if plain or row.post_id else masked_text(text)
