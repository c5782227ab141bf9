"""The limits of an article (developers.weixin.qq.com: draft/add, media/uploadimg, material/add_material), read strictly.

The documents say 32 字 for a title, the editor takes 64; a letter that is not Han is taken for half a 字.
"""

from __future__ import annotations

from dataclasses import dataclass

from publisher.social.networks.base import PictureLimits

LONGEST_TITLE = 64
LONGEST_AUTHOR = 16
LONGEST_DIGEST = 120
"""The editor's limit; the interface takes 128."""
LONGEST_LINK = 1000
"""Bytes: less than 1 KB."""
LONGEST_CONTENT = 19_999
"""Characters of the whole HTML, tags and addresses of pictures too."""
KEPT_FOR_PICTURES = 4_000
MOST_BYTES = 1_000_000

# JPEG or PNG of less than 1 MB within an article; the same picture serves as its cover.
PICTURES = PictureLimits(most=15, max_bytes=1_000_000, max_side=1920, alt=120)


@dataclass(frozen=True, slots=True)
class Rules:
    """`title` in 字, `limit` in characters of the content's HTML without its pictures."""

    title: int = 32
    limit: int = LONGEST_CONTENT - KEPT_FOR_PICTURES
