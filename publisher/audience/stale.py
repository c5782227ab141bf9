"""What a person is told whose page was older than the thing it shows."""

from __future__ import annotations

from publisher.core.errors import ChangedSince


class Stale(ChangedSince):
    """Somebody else has changed it since this person opened it; nothing was overwritten."""
