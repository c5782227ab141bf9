"""Which posts stand behind a pause: those of a paused channel, those of a channel for readers in a paused country, and those
whose item a pause covers. The claim asks the same in its own SQL, at the moment of sending."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import connection

from publisher.core.models import Pause
from publisher.items.paused import COVERS_ITEM, THIS_PAUSE, named_by

COVERS_POST: Final = f"""(
    pause.channel_id = c.id OR (pause.country <> '' AND pause.country = c.region) OR {COVERS_ITEM}
)"""
"""Whether `pause` (of core_pause) covers the post of item `i` on channel `c`."""

IS_PAUSED: Final = f"EXISTS (SELECT 1 FROM core_pause pause WHERE {COVERS_POST})"  # noqa: S608 - text of ours
"""Whether anything covers it. core_pause has a handful of rows or none, and is read before the rest is looked up."""

_POSTS: Final = """
social_post p
JOIN social_channel c ON c.id = p.channel_id
JOIN items_item i ON i.id = p.item_id
"""
# Of given posts only, by their keys.
PAUSES_OF = f"""
SELECT p.id, pause.id FROM core_pause pause CROSS JOIN {_POSTS}
WHERE p.id = ANY(%(posts)s) AND {COVERS_POST} ORDER BY pause.since, pause.id
"""  # noqa: S608 - text of ours
# By the index over states: those that wait or ask, never the many that were sent. The pause need not stand (yet).
BEHIND = f"""
SELECT p.id FROM {THIS_PAUSE} CROSS JOIN {_POSTS}
WHERE p.state = ANY(%(states)s) AND {COVERS_POST}
"""  # noqa: S608 - text of ours


def of_posts(post_ids: Collection[int]) -> dict[int, list[Pause]]:
    """The pauses that cover each of these posts; a post that none covers is not among the keys."""
    standing = Pause.objects.in_bulk()
    found: dict[int, list[Pause]] = {}
    if not standing or not post_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(PAUSES_OF, {"posts": list(post_ids)})
        for post_id, pause_id in cursor.fetchall():
            if pause_id in standing:
                found.setdefault(post_id, []).append(standing[pause_id])
    return found


def behind(pause: Pause, states: Collection[str]) -> list[int]:
    """Ids of the posts in these states that a pause covers, or would cover if it stood."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND, {**named_by(pause), "states": list(states)})
        return [row[0] for row in cursor.fetchall()]
