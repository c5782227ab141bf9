"""The limits of a Mastodon status; each server says its own in /api/v2/instance (configuration.statuses)."""

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
