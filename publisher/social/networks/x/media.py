"""Uploading a picture: initialize, append, finalize, wait until X has looked at it, describe it. Nothing here publishes.

tweepy has only the uploads of API 1.1, which ended. The appended pieces go as JSON with base64: signed like every other
request (a multipart body often fails with OAuth 1.0a), at a third more bytes.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from publisher.core.errors import Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.media.fitting import Fitted, fitted
from publisher.social.networks.x.rules import PICTURES

if TYPE_CHECKING:
    from publisher.social.networks.x.wire import Session

PIECE = 1024 * 1024
"""Bytes of a picture in one request; X takes up to 5 MB."""
SHORTEST_LOOK, LONGEST_LOOK = 0.2, 5.0
"""Seconds between two questions whether X has processed a picture."""


def upload(session: Session, pictures: Sequence[Mapping[str, Any]]) -> list[str]:
    """The media ids, in order. Raises `Retry`, `Rejected`, `ChannelDown`; never `Unknown`, for nothing is published."""
    still = PICTURES.types - {"image/gif"}
    limits = PICTURES if len(pictures) == 1 else replace(PICTURES, types=still, max_gif_bytes=0)
    try:
        return [
            _upload(session, fitted(str(each["digest"]), limits), str(each.get("alt") or ""))
            for each in pictures
        ]
    except Unknown as error:
        raise Retry(
            gettext_noop("A picture could not be uploaded. %(reason)s") % {"reason": error.reason}
        ) from error


def _upload(session: Session, picture: Fitted, alt: str) -> str:
    asked = {
        "media_type": picture.type,
        "total_bytes": len(picture.data),
        "media_category": "tweet_gif" if picture.type == "image/gif" else "tweet_image",
    }
    begun = session.ask("POST", "/2/media/upload/initialize", body=asked)
    media_id = _id(begun)
    for number, start in enumerate(range(0, len(picture.data), PIECE)):
        piece = base64.b64encode(picture.data[start : start + PIECE]).decode("ascii")
        body = {"segment_index": number, "media": piece}
        session.ask("POST", f"/2/media/upload/{media_id}/append", body=body)
    done = session.ask("POST", f"/2/media/upload/{media_id}/finalize")
    _id(done)
    _await(session, media_id, done)
    if alt:
        described = {"id": media_id, "metadata": {"alt_text": {"text": alt}}}
        session.ask("POST", "/2/media/metadata", body=described)
    return media_id


def _await(session: Session, media_id: str, answer: Mapping[str, Any]) -> None:
    """Until it is processed: pictures are at once, a GIF takes seconds. Raises `Retry` when the time is over."""
    while info := _data(answer).get("processing_info"):
        state = info.get("state") if isinstance(info, dict) else None
        if state == "succeeded":
            return
        if state == "failed":
            raise Rejected(gettext_noop("X could not process a picture of this post: try another format."))
        named = info.get("check_after_secs") if isinstance(info, dict) else None
        pause = max(SHORTEST_LOOK, min(float(named) if isinstance(named, int | float) else 1.0, LONGEST_LOOK))
        if session.left < pause + 20:
            raise Retry(gettext_noop("X is still processing a picture of this post."))
        time.sleep(pause)
        params = {"command": "STATUS", "media_id": media_id}
        answer = session.ask("GET", "/2/media/upload", params=params)


def _data(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _id(answer: Mapping[str, Any]) -> str:
    media_id = _data(answer).get("id")
    if not isinstance(media_id, str) or not media_id.isascii() or not media_id.isdigit():
        raise Unknown(gettext_noop("X's answer names no upload."))
    return media_id
