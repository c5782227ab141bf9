"""What a person is told who has just saved or approved something about an item that waits for a clearance."""

from __future__ import annotations

from collections.abc import Collection

from publisher.social import uncleared


def waits_of(post_ids: Collection[int]) -> str:
    """Which clearances these posts wait for, each once; "" when none."""
    found = uncleared.of_posts(post_ids)
    return "; ".join(dict.fromkeys(str(each) for tags in found.values() for each in tags))
