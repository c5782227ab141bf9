"""Posts: reading them, and what staff do with one before and while it goes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import (
    BodyId,
    Done,
    Flag,
    Given,
    Id,
    Line,
    Moment,
    OneOf,
    Page,
    Paged,
    Shape,
    Text,
    VersionIn,
)
from publisher.api.v1.versions import seen
from publisher.core import clock
from publisher.delivery import handing, reslotting
from publisher.people.permissions import PUBLISH, SEE_DESK, WRITE
from publisher.social import approval, picture_deeds, saving
from publisher.social.models import Post

Ordinate = Annotated[float, Field(ge=-1, le=1)]
PostState = Annotated[str, OneOf.of(Post.State.values)]


class PostFilter(Paged):
    state: PostState | None = None
    channel: Id | None = None
    item: Id | None = None


class PictureOut(Shape):
    """A picture of a post; `number` names it in deeds."""

    number: int
    alt: str
    focus: tuple[float, float] | None = Field(description="The point that no crop may lose.")
    url: str = Field(description="Where it came from; empty when a person uploaded it.")


class PostOut(Shape):
    id: int
    version: int
    state: PostState
    item_id: int
    item_title: str
    channel_id: int
    channel: str
    network: str
    language: str
    texts: list[str] = Field(description="What leaves: one message, or those of a thread.")
    link: str
    pictures: list[PictureOut]
    edited: bool = Field(description="Whether a person changed the drafted text.")
    problem: str = Field(description="Why it is held, has failed or waits; empty if nothing is wrong.")
    priority: int
    approved_by: str | None
    approved_at: datetime | None
    slot_at: datetime | None
    sent_at: datetime | None
    withdrawn_at: datetime | None
    created_at: datetime
    trace_id: str


class PostMessage(Shape):
    """One message of a post as it left, or is to leave."""

    delivery_id: int
    part: int
    state: str
    url: str


class PostDetail(PostOut):
    messages: list[PostMessage]


class TextsIn(VersionIn):
    texts: list[Text] = Field(min_length=1, max_length=approval.MOST_PARTS)


class CancelIn(VersionIn):
    reason: Line = Field("", description="Others read it in the history.")


class TimeIn(VersionIn):
    at: Moment
    reason: Line = Field(
        "",
        description="Why it goes out then against the channel's rules: in quiet time, or near another post.",
    )


class ApproveIn(VersionIn):
    at: Moment | None = Field(None, description="Left out: the next free slot.")
    reason: Line = Field("", description="Why it goes out then against the channel's rules.")


class NotPostedIn(Given):
    reason: Line = ""
    draft_again: Flag = Field(False, description="Take it back as a draft, in place of cancelling it.")


class SlotsIn(Given):
    posts: list[BodyId] = Field(min_length=1, max_length=100)


class DescribeIn(VersionIn):
    alt: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
    focus: tuple[Ordinate, Ordinate] | None = Field(
        None,
        description="The point that no crop may lose: x and y from -1 to 1; null: none. Left out: as it was.",
    )


@reads("/posts", SEE_DESK, tag="posts")
def list_posts(request: HttpRequest, wanted: Query[PostFilter]) -> Page[PostOut]:
    """Posts, newest first."""
    given = {"state": wanted.state, "channel_id": wanted.channel, "item_id": wanted.item}
    rows = _known().filter(**{name: value for name, value in given.items() if value})
    return paging.newest(request, rows, wanted, post_of)


@reads("/posts/{int:post_id}", SEE_DESK, tag="posts")
def read_post(request: HttpRequest, post_id: Id) -> PostDetail:  # noqa: ARG001 - ninja's signature
    """One post, with the messages that left or are to leave."""
    row = get_object_or_404(_known(), pk=post_id)
    messages = [
        PostMessage(delivery_id=each.pk, part=each.part or 0, state=each.state, url=each.remote_url)
        for each in row.deliveries.order_by("part")
    ]
    return PostDetail(**_facts(row), messages=messages)


@does("/posts/{int:post_id}/edit", WRITE, tag="posts", versioned=True)
def edit_post(request: HttpRequest, post_id: Id, given: TextsIn) -> PostOut:
    """Put other texts in place of those that are there. What was approved is a draft again."""
    version = version_seen(request, post_id, given)
    approval.edit(post_id, user=user_of(request), version=version, texts=given.texts, now=clock.now())
    return post_now(post_id)


@does("/posts/{int:post_id}/redraft", WRITE, tag="posts", versioned=True)
def redraft_post(request: HttpRequest, post_id: Id, given: VersionIn) -> PostOut:
    """Put the template's text of today in place of what is there."""
    version = version_seen(request, post_id, given)
    approval.redraft(post_id, user=user_of(request), version=version, now=clock.now())
    return post_now(post_id)


@does("/posts/{int:post_id}/approve", PUBLISH, tag="posts", versioned=True)
def approve_post(request: HttpRequest, post_id: Id, given: ApproveIn) -> PostOut:
    """Let it go out: at a time, or in the next free slot of its channel."""
    version = version_seen(request, post_id, given)
    saving.approve_at(
        post_id,
        user=user_of(request),
        version=version,
        at=given.at,
        override=given.reason,
        now=clock.now(),
    )
    return post_now(post_id)


@does("/posts/{int:post_id}/reschedule", PUBLISH, tag="posts", versioned=True)
def reschedule_post(request: HttpRequest, post_id: Id, given: TimeIn) -> PostOut:
    """Give an approved post another time. Without a reason that is refused in quiet time, or too near another post."""
    version = version_seen(request, post_id, given)
    approval.reschedule(
        post_id,
        user=user_of(request),
        version=version,
        at=given.at,
        override=given.reason,
        now=clock.now(),
    )
    return post_now(post_id)


@does("/posts/{int:post_id}/cancel", PUBLISH, tag="posts", versioned=True)
def cancel_post(request: HttpRequest, post_id: Id, given: CancelIn) -> PostOut:
    """Stop a post that is not going out yet, for good."""
    version = version_seen(request, post_id, given)
    approval.cancel(post_id, user=user_of(request), version=version, reason=given.reason, now=clock.now())
    return post_now(post_id)


@does("/posts/{int:post_id}/not-posted", PUBLISH, tag="posts")
def not_posted(request: HttpRequest, post_id: Id, given: NotPostedIn) -> PostOut:
    """A post that a person was to publish is not published: it is cancelled, or a draft again."""
    get_object_or_404(Post, pk=post_id)
    handing.not_posted(
        post_id, user=user_of(request), reason=given.reason, again=given.draft_again, now=clock.now()
    )
    return post_now(post_id)


@does("/posts/{int:post_id}/pictures/{int:number}/describe", WRITE, tag="posts", versioned=True)
def describe_picture(request: HttpRequest, post_id: Id, number: int, given: DescribeIn) -> PostOut:
    """Say what a picture shows, for those who cannot see it."""
    version = version_seen(request, post_id, given)
    focus: Sequence[float] | None = given.focus
    if "focus" not in given.model_fields_set:
        focus = dict(enumerate(Post.objects.get(pk=post_id).pictures)).get(number, {}).get("focus")
    picture_deeds.describe(
        post_id,
        user=user_of(request),
        version=version,
        number=number,
        alt=given.alt,
        focus=focus,
        now=clock.now(),
    )
    return post_now(post_id)


@does("/posts/{int:post_id}/pictures/{int:number}/leave-out", WRITE, tag="posts", versioned=True)
def leave_picture_out(request: HttpRequest, post_id: Id, number: int, given: VersionIn) -> PostOut:
    """Show one picture less."""
    version = version_seen(request, post_id, given)
    picture_deeds.leave_out(post_id, user=user_of(request), version=version, number=number, now=clock.now())
    return post_now(post_id)


@does("/posts/{int:post_id}/pictures/put-back", WRITE, tag="posts", versioned=True)
def put_picture_back(request: HttpRequest, post_id: Id, given: VersionIn) -> PostOut:
    """Show the item's picture again."""
    version = version_seen(request, post_id, given)
    picture_deeds.put_back(post_id, user=user_of(request), version=version, now=clock.now())
    return post_now(post_id)


@does("/posts/new-slots", PUBLISH, tag="posts")
def give_new_slots(request: HttpRequest, given: SlotsIn) -> Done:
    """Give posts that missed their slots the next free ones, in the order in which they were to leave."""
    outcome = reslotting.give_new_slots(given.posts, user=user_of(request), now=clock.now())
    return Done(said=outcome.said)


def post_of(row: Post) -> PostOut:
    """A post as it is answered."""
    return PostOut(**_facts(row))


def _facts(row: Post) -> dict[str, Any]:
    return {
        "id": row.pk,
        "version": row.version,
        "state": row.state,
        "item_id": row.item_id,
        "item_title": row.item.title,
        "channel_id": row.channel_id,
        "channel": row.channel.name,
        "network": row.channel.network,
        "language": row.language,
        "texts": [str(part["text"]) for part in row.parts],
        "link": row.link,
        "pictures": [
            PictureOut(
                number=n,
                alt=str(each.get("alt", "")),
                focus=each.get("focus") or None,
                url=str(each.get("url", "")),
            )
            for n, each in enumerate(row.pictures)
        ],
        "edited": row.edited,
        "problem": row.problem,
        "priority": row.priority,
        "approved_by": row.approved_by.get_username() if row.approved_by else None,
        "approved_at": row.approved_at,
        "slot_at": row.slot_at,
        "sent_at": row.sent_at,
        "withdrawn_at": row.withdrawn_at,
        "created_at": row.created_at,
        "trace_id": row.trace_id,
    }


def _known() -> Any:
    rows = Post.objects.select_related("item", "channel", "approved_by")
    return rows.defer("item__body_html", "item__body_text", "channel__credentials")


def version_seen(request: HttpRequest, post_id: int, given: VersionIn) -> int:
    """Of a post that there is. Raises `Http404`, `ProblemError`."""
    get_object_or_404(Post, pk=post_id)
    return seen(request, given.version)


def post_now(post_id: int) -> PostOut:
    """The post as it is after a deed."""
    return post_of(_known().get(pk=post_id))
