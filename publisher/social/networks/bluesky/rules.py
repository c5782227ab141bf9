"""The limits of a Bluesky post (lexicons app.bsky.feed.post, app.bsky.embed.images, app.bsky.embed.external)."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.social.networks.base import PictureLimits

MOST_PICTURES = 4

# A picture may have 1,000,000 bytes. The lexicon limits neither alt text nor sides; apps take 2000 characters and 2000 pixels.
PICTURES = PictureLimits(most=MOST_PICTURES, max_bytes=990_000, max_side=2000, alt=2000)

TAG_GRAPHEMES, TAG_BYTES = 64, 640
"""Of a hashtag, without its sign (app.bsky.richtext.facet)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in graphemes (UAX 29), `most_bytes` in bytes of UTF-8. A PDS enforces both."""

    limit: int = 300
    most_bytes: int = 3000
