"""The limits of a post on a Facebook page."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.social.networks.base import PictureLimits

PICTURES = PictureLimits(most=10, max_bytes=4_000_000, max_side=2048)
"""developers.facebook.com/docs/graph-api/photo-uploads: under 4 MB each is advised, JPEG and PNG among others. Facebook names no
number of pictures in a post and no length of their descriptions; these are ours, and 2048 pixels are what it shows at most."""

COMMENT = 8000
"""What a comment may have, in the unit of `Rules.limit`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in UTF-16 code units: the strictest reading of Facebook's 63,206 “characters”."""

    limit: int = 63_206
