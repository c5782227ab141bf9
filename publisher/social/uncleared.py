"""Which posts wait for the clearance of their item. The claim asks the same in its own SQL, at the moment of sending."""

from __future__ import annotations

from collections.abc import Collection

from publisher.review import uncleared
from publisher.review.uncleared import Open
from publisher.social.models import Post


def of_posts(post_ids: Collection[int]) -> dict[int, list[Open]]:
    """What each of these posts waits for; one that waits for nothing is not among the keys."""
    items = dict(Post.objects.filter(pk__in=list(post_ids)).values_list("pk", "item_id"))
    found = uncleared.of_items(set(items.values()))
    return {post_id: found[item_id] for post_id, item_id in items.items() if item_id in found}
