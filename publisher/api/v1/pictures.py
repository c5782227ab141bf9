"""Uploading a picture for a post. What else is done with pictures is in `posts.py`."""

from __future__ import annotations

from typing import Annotated, Final

from django.http import HttpRequest
from pydantic import Field

from publisher.api.v1.frame import does
from publisher.api.v1.keys import user_of
from publisher.api.v1.posts import PostOut, post_now, version_seen
from publisher.api.v1.shapes import NO_NUL, FormVersion, Id, VersionIn
from publisher.api.v1.uploads import Upload
from publisher.core import clock
from publisher.people.permissions import WRITE
from publisher.social import picture_deeds

POINT: Final = r"^-?(0|0\.[0-9]{1,4}|1),-?(0|0\.[0-9]{1,4}|1)$"


class PictureUploadIn(Upload):
    """A picture with what it shows. The field `version` may be left out for If-Match."""

    version: FormVersion | None = None
    alt: Annotated[str, Field(max_length=2000, pattern=NO_NUL)] = Field(
        "",
        description="What it shows, for those who cannot see it. A channel that demands it refuses a picture without.",
    )
    focus: Annotated[str, Field(pattern=POINT)] | None = Field(
        None,
        description="The point that no crop may lose: x and y from -1 to 1, such as 0.5,-0.25. Left out: the middle.",
    )


@does(
    "/posts/{int:post_id}/pictures",
    WRITE,
    tag="posts",
    status=201,
    versioned=True,
    alone=True,
    upload=PictureUploadIn,
)
def upload_picture(request: HttpRequest, post_id: Id, given: PictureUploadIn) -> PostOut:
    """Show another picture, after those that are there."""
    version = version_seen(request, post_id, VersionIn(version=given.version))
    picture_deeds.upload(
        post_id,
        user=user_of(request),
        version=version,
        data=given.file,
        alt=given.alt,
        focus=[float(each) for each in given.focus.split(",")] if given.focus else None,
        now=clock.now(),
    )
    return post_now(post_id)
