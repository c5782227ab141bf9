"""From an accepted item to the drafts of its posts; and what a retraction stops."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery.retraction import retract_everywhere
from publisher.social.drafting import draft_item, undrafted
from tasks.edge import stage

BATCH = 200


@stage("tasks.editorial.draft")
def draft(*, now: datetime, item_id: int) -> int:
    """Draft the posts of one item."""
    return len(draft_item(item_id, now=now))


@stage("tasks.editorial.draft_waiting")
def draft_waiting(*, now: datetime) -> int:
    """Draft what no event reached, and what an embargo held back until now; finish what a retraction began."""
    drafted = sum(len(draft_item(item_id, now=now)) for item_id in undrafted(now=now, limit=BATCH))
    return drafted + retract_everywhere(now=now)


@stage("tasks.editorial.retract")
def retract(*, now: datetime, item_id: int) -> int:
    """Stop what is not sent of a retracted item."""
    return retract_everywhere(now=now, item_id=item_id)
