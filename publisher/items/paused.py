"""Which items a pause covers, in SQL. Posts and editions ask on: `social/paused.py`, `digests/paused.py`."""

from __future__ import annotations

from typing import Any, Final

from publisher.core.models import Pause

COVERS_ITEM: Final = """(
    EXISTS (SELECT 1 FROM items_itemtopic t
            WHERE t.item_id = i.id AND t.topic_id = pause.topic_id AND t.state <> 'declined')
    OR (pause.country <> '' AND pause.country = (SELECT s.country FROM items_source s WHERE s.id = i.source_id))
)"""
"""Whether `pause` (of core_pause) covers the item `i`: by a topic that counts for it (a suggested one does), or by the country
of its source. The tables are looked up by key, for the few pauses that stand."""

THIS_PAUSE: Final = """
(SELECT %(channel)s::bigint AS channel_id, %(topic)s::bigint AS topic_id, %(country)s::text AS country) pause
"""
"""One pause in the place of core_pause, standing or not, with the values of `named_by`."""


def named_by(pause: Pause) -> dict[str, Any]:
    """The values of `THIS_PAUSE`."""
    return {"channel": pause.channel_id, "topic": pause.topic_id, "country": pause.country}
