"""The limits of Weibo (open.weibo.com/wiki/2/statuses/share: 140 Han characters, one link), and of its web editor."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.social.networks.base import PictureLimits

LONGEST = 5000
"""What Weibo takes at all, from accounts that pay; others may write 2000 in its editor."""

# Nine pictures of less than 5 MB each.
PICTURES = PictureLimits(
    most=9,
    max_bytes=4_900_000,
    max_gif_bytes=4_900_000,
    types=frozenset({"image/jpeg", "image/png", "image/gif"}),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in Han characters by Weibo's count; `links`: how many a text may hold."""

    limit: int = 140
    links: int = 1
