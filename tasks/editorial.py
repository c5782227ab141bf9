"""From an accepted item to the drafts of its posts; and what a correction or retraction does to what is not sent."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery.corrections import correct_everywhere
from publisher.delivery.retraction import retract_everywhere
from publisher.delivery.turns import LONG, turn
from publisher.items.search.indexing import index_waiting
from publisher.social.drafting import draft_held, draft_item, undrafted
from publisher.social.media.fetching import fetch_due
from tasks.edge import apart, stage

BATCH = 200
FETCHING_SECONDS = 15.0
"""How long one task fetches before it makes room for others; the next tick goes on. The last picture may take longer."""
LONGEST_PICTURE = 40.0
INDEXING_SECONDS = 30.0


@stage("tasks.editorial.draft")
def draft(*, now: datetime, item_id: int) -> int:
    """Draft the posts of one item, and renew the editions that wait with an older revision of it."""
    return len(draft_item(item_id, now=now)) + correct_everywhere(item_id=item_id)


@stage("tasks.editorial.draft_waiting")
def draft_waiting(*, now: datetime, **_ids: int) -> int:
    """Draft what no event reached, what an embargo held back until now, and what a mended channel held; finish what
    corrections and retractions began."""
    done = 0
    for item_id in undrafted(now=now, limit=BATCH):
        with apart("item", item_id=item_id):
            done += len(draft_item(item_id, now=now))
    done += len(draft_held(now=now, limit=BATCH, apart=apart))
    with apart("corrections"):
        done += correct_everywhere()
    with apart("retractions"):
        done += retract_everywhere(now=now)
    return done


@stage("tasks.editorial.index")
def index(*, now: datetime, **_ids: int) -> int:  # noqa: ARG001 - every task is given it
    """Make new and revised items findable. One at a time: two would index the same items twice."""
    with turn("index", seconds=INDEXING_SECONDS) as mine:
        return index_waiting() if mine else 0


@stage("tasks.editorial.retract")
def retract(*, now: datetime, item_id: int) -> int:
    """Stop what is not sent of a retracted item."""
    return retract_everywhere(now=now, item_id=item_id)


@stage("tasks.editorial.fetch_pictures")
def fetch_pictures(*, now: datetime, **_ids: int) -> int:
    """Fetch the pictures of items whose posts wait for them: one task at a time on a host, as servers may be slow."""
    with turn(LONG, seconds=FETCHING_SECONDS + LONGEST_PICTURE) as mine:
        return fetch_due(now=now, seconds=FETCHING_SECONDS) if mine else 0
