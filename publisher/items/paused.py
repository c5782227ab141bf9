"""Which items a pause covers, in SQL. Posts and editions ask on: `social/paused.py`, `digests/paused.py`."""

from __future__ import annotations

from typing import Final

COVERS_ITEM: Final = """(
    EXISTS (SELECT 1 FROM items_itemtopic t
            WHERE t.item_id = i.id AND t.topic_id = pause.topic_id AND t.state <> 'declined')
    OR (pause.country <> '' AND pause.country = (SELECT s.country FROM items_source s WHERE s.id = i.source_id))
)"""
"""Whether `pause` (of core_pause) covers the item `i`: by a topic that counts for it (a suggested one does), or by the country
of its source. The tables are looked up by key, for the few pauses that stand."""
