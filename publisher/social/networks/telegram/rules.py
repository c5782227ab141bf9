"""The limits of Telegram's Bot API (core.telegram.org/bots/api: sendMessage, sendPhoto, sendMediaGroup)."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.social.networks.base import PictureLimits

CAPTION = 1024
"""What a text under a picture may have, in the unit of `Rules.limit`."""

MOST_PICTURES = 10
"""An album has 2 to 10."""

WIDEST = 20
"""The longer side of a photo may be this many times the shorter one."""

# Width and height together may be 10,000 pixels and a photo 10 MB; apps show 2560 pixels at most. JPEG only: Telegram makes
# one of a PNG by itself, and what was transparent black.
PICTURES = PictureLimits(
    most=MOST_PICTURES, max_bytes=10_000_000, max_side=2560, types=frozenset({"image/jpeg"})
)


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in UTF-16 code units. Telegram says “characters after entities parsing” and counts its entities in UTF-16; this
    is the stricter reading, never less than its count.
    """

    limit: int = 4096
