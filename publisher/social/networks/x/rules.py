"""The limits of a post on X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from publisher.social.networks.base import PictureLimits

PICTURES: Final = PictureLimits(
    most=4,
    max_bytes=5_000_000,
    types=frozenset({"image/jpeg", "image/png", "image/gif"}),
    max_gif_bytes=15_000_000,
    alt=1000,
)
"""Source: docs.x.com, “Media best practices” and `POST /2/media/metadata`. An animated GIF is shown only when it is alone."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in weighted characters (twitter-text configuration v3)."""

    limit: int = 280
