"""Claiming, settling and sweeping amendments: as `delivery.claim`, `settle` and `sweep` do for messages, for rows of which there
are few. `sending` is committed with a lease and a fence before a socket opens; what nobody settled is `unknown`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from publisher.core import gate
from publisher.delivery.amending import approving
from publisher.delivery.claim import next_fence
from publisher.delivery.models import Amendment
from publisher.delivery.unclear import WORKER_GONE
from publisher.review.uncleared import IS_UNCLEARED
from publisher.social.paused import IS_PAUSED
from publisher.social.slots import lock_channel

A = Amendment.State

# The head of each channel's queue. The open rows are few and have a small index; their deliveries are looked up by key (OFFSET 0
# keeps the plan from walking that table, which may be huge). A channel that may not send (`posts.HEADS` asks the same) changes
# nothing on its network either. Only a deletion is done also behind a pause, before a clearance, and while a person has stopped
# everything: what went out wrong must not have to stay for that. After a restore nothing is. What one post waits for goes in
# order: the messages of a thread are deleted from the last to the first. An edit or answer that was approved before the item was
# retracted does not leave (`doing.call_off_outdated`).
HEADS = f"""
WITH open AS MATERIALIZED (
    SELECT a.id, a.deed, a.state, a.due_at, a.created_at, d.post_id, d.channel_id
    FROM delivery_amendment a
    CROSS JOIN LATERAL (
        SELECT d.post_id, d.channel_id FROM delivery_delivery d WHERE d.id = a.delivery_id OFFSET 0
    ) d
    WHERE a.state IN ('queued', 'sending', 'unknown')
)
SELECT DISTINCT ON (a.channel_id) a.id
FROM open a
JOIN social_post p ON p.id = a.post_id
JOIN social_channel c ON c.id = a.channel_id
JOIN items_item i ON i.id = p.item_id
WHERE a.state = 'queued' AND a.due_at <= %(now)s
  AND (%(channel)s::bigint IS NULL OR a.channel_id = %(channel)s)
  AND c.enabled AND c.paused_reason = '' AND (c.blocked_until IS NULL OR c.blocked_until <= %(now)s)
  AND NOT EXISTS (SELECT 1 FROM core_standstill stands WHERE a.deed <> 'delete' OR stands.kind <> 'stopped')
  AND p.state NOT IN ('sending', 'unknown')
  AND (a.deed = 'delete' OR (
      NOT {IS_PAUSED} AND NOT {IS_UNCLEARED}
      AND (i.retracted_at IS NULL OR i.retracted_at <= a.created_at)
      AND (i.embargo_until IS NULL OR i.embargo_until <= %(now)s)
  ))
  AND NOT EXISTS (SELECT 1 FROM open earlier WHERE earlier.post_id = a.post_id AND earlier.id < a.id)
  AND NOT EXISTS (SELECT 1 FROM open other WHERE other.channel_id = a.channel_id AND other.state = 'sending')
ORDER BY a.channel_id, a.due_at, a.id
"""  # noqa: S608 - text of ours


def heads(*, now: datetime, channel_id: int | None = None) -> list[int]:
    """Ids of amendments whose turn it is: at most one a channel."""
    with connection.cursor() as cursor:
        cursor.execute(HEADS, {"now": now, "channel": channel_id})
        return [int(row[0]) for row in cursor.fetchall()]


@transaction.atomic
def claim(amendment_id: int, *, now: datetime, lease: timedelta) -> int:
    """The fence, or 0: it is not its turn, or it may not be done now. Under the channel's lock, and past the gate."""
    gate.enter()
    amendment = Amendment.objects.filter(pk=amendment_id).select_related("delivery__post").first()
    channel = lock_channel(amendment.delivery.channel_id or 0) if amendment else None
    if amendment is None or channel is None or amendment_id not in heads(now=now, channel_id=channel.pk):
        return 0
    if not approving.may_go(amendment, channel):
        approving.hold_back(amendment, now=now)
        return 0
    fence = next_fence()
    claimed = Amendment.objects.filter(pk=amendment_id, state=A.QUEUED).update(
        state=A.SENDING,
        fence=fence,
        lease_until=now + lease,
        attempts=F("attempts") + 1,
        first_tried_at=Coalesce("first_tried_at", now),
        tried_until=now + lease,
    )
    return fence if claimed else 0  # 0: called off in this very moment


def release(amendment_id: int, fence: int) -> None:
    """Give back what was claimed and never begun."""
    rows = Amendment.objects.filter(pk=amendment_id, fence=fence, state=A.SENDING)
    rows.update(state=A.QUEUED, lease_until=None, attempts=F("attempts") - 1)


def settle(amendment_id: int, fence: int, **written: Any) -> bool:
    """Write what became of a try; False: the row is not this holder's any more. That it was done is believed as long as nobody
    has claimed it again, also after the sweep had given up on it. Call under the channel's lock."""
    believed = (A.SENDING, A.UNKNOWN, A.QUEUED, A.WAITING) if written["state"] == A.DONE else (A.SENDING,)
    rows = Amendment.objects.filter(pk=amendment_id, fence=fence, state__in=believed)
    return bool(rows.update(lease_until=None, held=False, **written))


def sweep(*, now: datetime) -> int:
    """Call unknown what a dead worker left; how many. `now` is the database's, in which leases are written."""
    dead = Amendment.objects.filter(state=A.SENDING, lease_until__lt=now)
    return dead.update(
        state=A.UNKNOWN, reason=WORKER_GONE, tried_until=F("lease_until"), lease_until=None, due_at=now
    )


def doubt_all(reason: str) -> None:
    """Hold whatever is open for a person: the database was restored, and an old edit must not take a newer one's place. What
    waited for approval still does, with that reason."""
    Amendment.objects.filter(state=A.WAITING).update(reason=reason)
    Amendment.objects.filter(state__in=Amendment.OPEN).update(
        state=A.UNKNOWN, held=True, reason=reason, lease_until=None
    )
