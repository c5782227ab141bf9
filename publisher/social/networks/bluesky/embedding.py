"""What a post shows besides its text: its pictures, or a card of the page behind its link. Uploaded before the post."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from publisher.core.errors import OtherSideError
from publisher.social.media.fitting import Fitted, fitted
from publisher.social.networks.bluesky.rules import PICTURES

if TYPE_CHECKING:
    from publisher.social.networks.bluesky.wire import Api

log = logging.getLogger(__name__)


def embedded(api: Api, body: Mapping[str, Any]) -> dict[str, Any]:
    """The record's `embed`; {} without one. Raises `Rejected` for a picture that cannot be made small enough."""
    if pictures := body.get("pictures"):
        made = [(picture["alt"], fitted(str(picture["digest"]), PICTURES)) for picture in pictures]
        images = [
            {"alt": alt, "image": api.upload(file.data, file.type), "aspectRatio": _ratio(file)}
            for alt, file in made
        ]
        return {"embed": {"$type": "app.bsky.embed.images", "images": images}}
    if card := body.get("card"):
        external = {name: card[name] for name in ("uri", "title", "description")}
        if file := _card_picture(str(card.get("picture") or "")):
            external["thumb"] = api.upload(file.data, file.type)
        return {"embed": {"$type": "app.bsky.embed.external", "external": external}}
    return {}


def _ratio(file: Fitted) -> dict[str, int]:
    return {"width": file.width, "height": file.height}


def _card_picture(digest: str) -> Fitted | None:
    """The page's picture. None when there is none that can be used: the card does without it, and the post goes out."""
    if not digest:
        return None
    try:
        return fitted(digest, PICTURES)
    except OtherSideError as error:
        log.warning("bluesky.card_without_picture", extra={"reason": error.reason})
        return None
