"""Drafting an item for one more channel, and what stands against a post before it goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field

from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.posts import PostOut, post_now
from publisher.api.v1.shapes import BodyId, Given, Id, OneOf, Shape
from publisher.core import clock
from publisher.delivery import preflight
from publisher.items.models import Item
from publisher.people.permissions import SEE_DESK, WRITE
from publisher.social import choosing
from publisher.social.models import Post
from publisher.social.preflight import Finding, Level


class DraftIn(Given):
    channel_id: BodyId


class PostFindingOut(Shape):
    level: Annotated[str, OneOf.of(each.value for each in Level)]
    code: str = Field(description="The same in every language.")
    said: str
    strong: bool = Field(description="A warning that nobody should pass unread.")


class PostPreflightOut(Shape):
    findings: list[PostFindingOut]


@does("/items/{int:item_id}/draft", WRITE, tag="posts", status=201)
def draft_post(request: HttpRequest, item_id: Id, given: DraftIn) -> PostOut:
    """Draft an item for a channel, whatever its rules say; a cancelled post of it is a draft again."""
    get_object_or_404(Item, pk=item_id)
    post = choosing.add_channel(item_id, given.channel_id, user=user_of(request), now=clock.now())
    return post_now(post.pk)


@reads("/posts/{int:post_id}/preflight", SEE_DESK, tag="posts")
def read_post_preflight(request: HttpRequest, post_id: Id) -> PostPreflightOut:  # noqa: ARG001 - ninja's signature
    """What stands against a post. Of its links, what is known from the last minutes."""
    return _out(preflight.of_post(_post(post_id), now=clock.now()))


@does("/posts/{int:post_id}/look-over", WRITE, tag="posts", alone=True)
def look_post_over(request: HttpRequest, post_id: Id) -> PostPreflightOut:  # noqa: ARG001 - as above
    """The same, once its links were asked, which takes some seconds."""
    post = _post(post_id)
    checks = preflight.check_links([str(part["text"]) for part in post.parts])
    return _out(preflight.of_post(post, checks=checks, now=clock.now()))


def _post(post_id: int) -> Post:
    return get_object_or_404(Post.objects.select_related("item", "channel__health"), pk=post_id)


def _out(findings: Sequence[Finding]) -> PostPreflightOut:
    return PostPreflightOut(
        findings=[
            PostFindingOut(level=each.level.value, code=each.code, said=each.text, strong=each.strong)
            for each in findings
        ]
    )
