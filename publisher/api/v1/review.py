"""Reviewing posts and editions: who approved and wrote them, what was said, comments and requests for changes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field, StringConstraints

from publisher.api.v1.editions import SeenIn, edition_called, edition_seen
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.posts import version_seen
from publisher.api.v1.shapes import NO_NUL, Given, Id, Shape, VersionIn
from publisher.core import clock
from publisher.digests import reviewing as of_edition
from publisher.people.permissions import PUBLISH, SEE_DESK, WRITE
from publisher.review import comments
from publisher.review.approvals import Standing
from publisher.review.models import Comment, Kind
from publisher.social import approval
from publisher.social import reviewing as of_post
from publisher.social.models import Post

Said = Annotated[str, StringConstraints(min_length=1, max_length=comments.LONGEST, pattern=NO_NUL)]


class CommentOut(Shape):
    id: int
    by: str
    at: datetime
    text: str
    asks: bool = Field(description="Whether it asks for changes.")
    answered_at: datetime | None = Field(description="When it was changed, or approved after all.")


class ApprovalOut(Shape):
    by: str
    at: datetime


class ReviewOut(Shape):
    """How far it is approved as it is now, and what was said, the oldest first."""

    needed: int = Field(description="So many persons who did not write it.")
    given: list[ApprovalOut]
    authors: list[str]
    comments: list[CommentOut]


class CommentIn(Given):
    text: Said


class AskPostIn(VersionIn):
    text: Said = Field(description="What shall change: its authors read it.")


class AskEditionIn(SeenIn):
    text: Said = Field(description="What shall change: its authors read it.")


@reads("/posts/{int:post_id}/review", SEE_DESK, tag="review")
def read_post_review(request: HttpRequest, post_id: Id) -> ReviewOut:  # noqa: ARG001 - ninja's signature
    """Approvals and comments of a post."""
    row = get_object_or_404(Post.objects.select_related("channel", "item"), pk=post_id)
    return _review(Kind.POST, row.pk, of_post.standing_of(row))


@does("/posts/{int:post_id}/comment", WRITE, tag="review", status=201)
def comment_post(request: HttpRequest, post_id: Id, given: CommentIn) -> CommentOut:
    """Say something about a post, in whichever state it is."""
    get_object_or_404(Post, pk=post_id)
    return _comment(of_post.comment(post_id, user=user_of(request), text=given.text, now=clock.now()))


@does("/posts/{int:post_id}/ask-changes", PUBLISH, tag="review", versioned=True)
def ask_post_changes(request: HttpRequest, post_id: Id, given: AskPostIn) -> ReviewOut:
    """Send a post back: it is a draft again, and approvals that it had count no more."""
    version = version_seen(request, post_id, given)
    post = approval.ask_changes(
        post_id, user=user_of(request), version=version, text=given.text, now=clock.now()
    )
    return _review(Kind.POST, post.pk, of_post.standing_of(post))


@reads("/editions/{int:edition_id}/review", SEE_DESK, tag="review")
def read_edition_review(request: HttpRequest, edition_id: Id) -> ReviewOut:  # noqa: ARG001 - as above
    """Approvals and comments of an edition."""
    row = edition_called(edition_id)
    return _review(Kind.EDITION, row.pk, of_edition.standing_of(row))


@does("/editions/{int:edition_id}/comment", WRITE, tag="review", status=201)
def comment_edition(request: HttpRequest, edition_id: Id, given: CommentIn) -> CommentOut:
    """Say something about an edition, in whichever state it is."""
    edition_called(edition_id)
    return _comment(of_edition.comment(edition_id, user=user_of(request), text=given.text, now=clock.now()))


@does("/editions/{int:edition_id}/ask-changes", PUBLISH, tag="review", versioned=True)
def ask_edition_changes(request: HttpRequest, edition_id: Id, given: AskEditionIn) -> ReviewOut:
    """Say what shall change before it goes out. Approvals that it had count no more."""
    row = edition_seen(request, edition_id, given)
    of_edition.ask_changes(
        edition_id, user=user_of(request), text=given.text, seen=row.version, now=clock.now()
    )
    return _review(Kind.EDITION, row.pk, of_edition.standing_of(row))


def _review(kind: Kind, pk: int, standing: Standing) -> ReviewOut:
    return ReviewOut(
        needed=standing.needed,
        given=[ApprovalOut(by=each.name, at=each.at) for each in standing.given],
        authors=[each.name for each in standing.authors],
        comments=[_comment(each) for each in comments.of(kind, pk)],
    )


def _comment(row: Comment) -> CommentOut:
    return CommentOut(
        id=row.pk, by=row.name, at=row.at, text=row.text, asks=row.asks, answered_at=row.answered_at
    )
