"""Sending the parts of posts that are due: claim, publish outside any transaction, settle, bring the post in line.

`leaving.py` queues them, `posting.py` sends those of several channels at once, `doubts.py` resolves what nobody can tell. One
part a channel at a time, in the order of their slots.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_noop

from publisher.core import events, gate, trace
from publisher.core.errors import ChannelDown, OtherSideError, Retry
from publisher.delivery import handing
from publisher.delivery.claim import claim_post, release
from publisher.delivery.doubts import confirm, reconcile_unknown
from publisher.delivery.leaving import enqueue_due
from publisher.delivery.models import Delivery
from publisher.delivery.post_state import refresh_post
from publisher.delivery.settle import Outcome, Try, outcome_of, settle, worker_name
from publisher.delivery.states import State
from publisher.review.uncleared import IS_UNCLEARED
from publisher.social.accounts import at_work
from publisher.social.channels import block
from publisher.social.health import note_pace, went_down
from publisher.social.networks import registry
from publisher.social.networks.base import PUBLISH_WITHIN, Prepared, Receipt
from publisher.social.paused import IS_PAUSED
from publisher.social.slots import lock_channel

__all__ = ["confirm", "enqueue_due", "heads", "reconcile_unknown", "send"]

log = logging.getLogger(__name__)

AT_ONCE = 2.0
"""Seconds within which a request begins that was claimed before a pause; one that could not begins anew, with its claim."""

# The head of each channel's queue. The queue is short (a partial index); the other tables are looked up by key, and the rows
# in `sending` are few. `claim_post` asks the same again of the one row; here the question is only whose turn it is.
HEADS = f"""
SELECT head.id FROM (
SELECT DISTINCT ON (d.channel_id) d.id, d.due_at
FROM delivery_delivery d
JOIN social_post p ON p.id = d.post_id
JOIN social_channel c ON c.id = d.channel_id
JOIN items_item i ON i.id = p.item_id
WHERE d.state = 'queued' AND d.post_id IS NOT NULL AND d.due_at <= %(now)s
  AND (%(channel)s::bigint IS NULL OR d.channel_id = %(channel)s)
  AND p.state IN ('scheduled', 'sending')
  AND c.enabled AND c.paused_reason = '' AND (c.blocked_until IS NULL OR c.blocked_until <= %(now)s)
  AND i.retracted_at IS NULL AND (i.embargo_until IS NULL OR i.embargo_until <= %(now)s)
  AND NOT EXISTS (SELECT 1 FROM core_standstill) AND NOT {IS_PAUSED} AND NOT {IS_UNCLEARED}
  AND NOT EXISTS (
      SELECT 1 FROM delivery_delivery earlier
      WHERE earlier.post_id = d.post_id AND earlier.part < d.part AND earlier.state NOT IN ('sent', 'delivered')
  )
  AND NOT EXISTS (
      SELECT 1 FROM delivery_delivery other WHERE other.channel_id = d.channel_id AND other.state = 'sending'
  )
ORDER BY d.channel_id, d.due_at, d.id
) head ORDER BY head.due_at, head.id
"""  # noqa: S608 - text of ours


def heads(*, now: datetime, channel_id: int | None = None) -> list[int]:
    """Ids of the parts to send now: the first of each channel's queue on which nothing is under way, the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(HEADS, {"now": now, "channel": channel_id})
        return [int(row[0]) for row in cursor.fetchall()]


def send(delivery_id: int, *, now: datetime) -> bool:
    """Publish one part, if it is its turn and still right to do so. False: nothing was tried."""
    lease = max(timedelta(seconds=settings.LEASE_SECONDS), 2 * PUBLISH_WITHIN)
    claimed = time.monotonic()
    fence = _claim(delivery_id, now, lease)
    if not fence:
        return False
    held = time.monotonic()
    delivery = Delivery.objects.select_related("post", "channel__schedule").get(pk=delivery_id)
    assert delivery.post is not None  # noqa: S101 - for the type checker: only posts are claimed here
    with trace.bound(delivery.post.trace_id):
        started = time.monotonic()
        # This process was stopped: its claim may be another's by now, or somebody may have paused what it holds.
        if started - claimed > lease.total_seconds() / 2 or started - held > AT_ONCE:
            release(fence)
            return False
        result = _publish(delivery)
        took = time.monotonic() - started
        _settle(delivery, fence, result, started_at=now, took=timedelta(seconds=took))
    return True


@dataclass(frozen=True)
class _Result:
    """What came of a try: a receipt, or an error; neither: it goes to a person as it is."""

    receipt: Receipt | None = None
    error: OtherSideError | None = None


@transaction.atomic
def _claim(delivery_id: int, now: datetime, lease: timedelta) -> int:
    """The fence, or 0. Under the channel's lock, so that its parts leave one at a time and in order; and past
    the gate, so that nobody has stopped it since."""
    gate.enter()
    channel_id = Delivery.objects.filter(pk=delivery_id).values_list("channel_id", flat=True).first()
    if (
        channel_id is None
        or lock_channel(channel_id) is None
        or delivery_id not in heads(now=now, channel_id=channel_id)
    ):
        return 0
    return claim_post(delivery_id, now=now, lease=lease)


def _publish(delivery: Delivery) -> _Result:
    """One call of the network. Any other error than its own leaves the claim to the sweep, which calls it unknown."""
    channel = delivery.channel
    assert channel is not None  # noqa: S101 - for the type checker: a post's delivery has its channel
    before = Delivery.objects.filter(post=delivery.post, part__lt=delivery.part).order_by("part")
    receipts = [Receipt(row.remote_id, row.remote_url) for row in before]
    try:
        network, account = at_work(channel)
    except ChannelDown as error:
        return _Result(error=error)
    by_hand = registry.by_hand(channel.network)
    if by_hand and not by_hand.lays_drafts(account):
        return _Result()  # its credentials were taken off since: the person gets it without a draft
    try:
        prepared = Prepared(delivery.prepared or {}, delivery.idempotency_key)
        return _Result(receipt=network.publish(account, prepared, receipts))
    except OtherSideError as error:
        return _Result(error=error)


def _settle(
    delivery: Delivery, fence: int, result: _Result, *, started_at: datetime, took: timedelta
) -> None:
    now, error, receipt = started_at + took, result.error, result.receipt
    outcome = _outcome(delivery, result, now)
    tried = Try(
        worker=worker_name(),
        started_at=started_at,
        duration_ms=round(took.total_seconds() * 1000, 2),
        text=error.reason if error else _done(outcome, receipt),
        remote_id=receipt.remote_id if receipt else "",
        remote_url=receipt.url if receipt else "",
    )
    with transaction.atomic():
        _tell_channel(delivery, error, now)
        settled = settle(delivery.pk, fence, outcome, tried)
        if settled:
            post = refresh_post(delivery.post_id or 0)
            if outcome.state is State.HANDED:
                handing.tell(post)
    extra: dict[str, Any] = {
        "delivery_id": delivery.pk,
        "post_id": delivery.post_id,
        "reason": outcome.reason,
    }
    level = logging.INFO if settled and not error else logging.WARNING
    event = "delivery.settled" if settled else "delivery.late_result"
    log.log(level, event, extra=extra | {"state": outcome.state.value, "remote_id": tried.remote_id})
    if (
        receipt and receipt.pace
    ):  # after the settlement is committed: no trouble with it may cast doubt on the post
        note_pace(delivery.channel_id or 0, receipt.pace, now=now)
    if outcome.state is State.SENT:
        events.emit("post.sent", post_id=delivery.post_id or 0)


def _done(outcome: Outcome, receipt: Receipt | None) -> str:
    """What the log of tries says of a try without an error."""
    if outcome.state is State.SENT:
        return gettext_noop("Published.")
    return (
        gettext_noop("A draft lies in the account.")
        if receipt
        else gettext_noop("Handed over without a draft.")
    )


def _outcome(delivery: Delivery, result: _Result, now: datetime) -> Outcome:
    """A channel that is down is nothing the message could help: it waits for the repair and loses no try by waiting."""
    error = result.error
    if isinstance(error, ChannelDown):
        return Outcome(State.QUEUED, error.reason, delivery.due_at, spends_try=False)
    if error is None and registry.by_hand(delivery.channel.network if delivery.channel else ""):
        return Outcome(State.HANDED, spends_try=result.receipt is not None)
    return outcome_of(error, attempts=delivery.attempts, most=settings.ATTEMPTS, now=now)


def _tell_channel(delivery: Delivery, error: OtherSideError | None, now: datetime) -> None:
    """What an error says of the whole channel. Locks the channel before the post is locked."""
    channel_id = delivery.channel_id or 0
    lock_channel(channel_id)
    if isinstance(error, ChannelDown):
        went_down(channel_id, reason=error.reason, now=now)
    elif isinstance(error, Retry) and error.after:
        block(channel_id, until=now + error.after)
