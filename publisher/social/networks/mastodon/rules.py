"""The limits of a Mastodon status; each server says its own in /api/v2/instance (configuration.statuses, media_attachments)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` (max_characters) in graphemes, with `warning`, the content warning, counted in.

    `url_length` is characters_reserved_per_url: what any link counts, however long.
    """

    limit: int = 500
    url_length: int = 23
    warning: str = ""


MOST_PICTURES = 4
"""max_media_attachments, where the server did not say."""
IMAGE_BYTES = 8 * 1024 * 1024
"""image_size_limit, where the server did not say (older ones: 10 MB, newer: 16 MB)."""
OUR_IMAGE_BYTES = 4 * 1024 * 1024
"""What we send at most: four pictures must be up within a minute, and the server makes them smaller anyway."""
IMAGE_PIXELS = 8_294_400
"""3840 × 2160: what the server scales a picture down to (MediaAttachment::IMAGE_STYLES). Its image_matrix_limit is larger."""
ALT_TEXT = 1500
"""description_limit: characters of alt text (MediaAttachment::MAX_DESCRIPTION_LENGTH)."""
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
VISIBILITIES = ("public", "unlisted", "private")
