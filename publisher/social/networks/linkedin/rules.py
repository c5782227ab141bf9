"""The limits of a LinkedIn post: its commentary and its pictures."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.social.networks.base import PictureLimits

PICTURES = PictureLimits(
    most=9,
    max_bytes=5_000_000,
    max_side=4096,
    max_pixels=36_152_319,
    types=frozenset({"image/jpeg", "image/png"}),
)
"""LinkedIn takes 20 pictures in a post, each of fewer than 36,152,320 pixels (Images and MultiImage API); nine of these bytes
are what can be uploaded in the time that one try has. It takes GIF too, of at most 250 frames, which nobody here counts."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in UTF-16 code units of the escaped text: the strictest reading of LinkedIn's “3000
    characters”.
    """

    limit: int = 3000
