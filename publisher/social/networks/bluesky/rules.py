"""The limits of a Bluesky post (lexicon app.bsky.feed.post; both were seen enforced by a server)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit` in graphemes (UAX 29), `most_bytes` in bytes of UTF-8."""

    limit: int = 300
    most_bytes: int = 3000
