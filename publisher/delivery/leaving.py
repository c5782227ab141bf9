"""From a slot that has come to the deliveries of a post, each with its exact payload and key; and what no longer may leave.

Called by the tick through `posts.enqueue_due`. One run a channel at a time, by the lock on its row.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from publisher.core import audit, events, standstill
from publisher.core.apart import Apart, together
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import Rejected, Retry, UserError
from publisher.delivery import budget, handing
from publisher.delivery.departure import Departures, Due, Step, departed_at, is_too_late
from publisher.delivery.models import Delivery
from publisher.delivery.post_state import refresh_post
from publisher.delivery.states import LEFT_US, State
from publisher.items.models import Item
from publisher.schedule.rules import ScheduleRules
from publisher.social import paused, picturing, reviewing, uncleared
from publisher.social.accounts import account_of
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import ByHand, Card, Outgoing, Part, Prepared
from publisher.social.redrafting import ITEM_RETRACTED
from publisher.social.slots import LOOK_BACK, lock_channel

log = logging.getLogger(__name__)

S = Post.State
BEGUN = LEFT_US | {State.SENDING, State.HANDED, State.UNKNOWN}
"""Deliveries that are or may be published; all others are prepared anew when their post is approved again."""

GOING = (S.SENDING, S.HANDED, S.UNKNOWN, S.FAILED)
"""States that a post's parts decide; in any other a person decided since, such as to approve it again."""

NEVER_LEFT = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED})
CARD_SUMMARY = 300
SHORTENED = gettext_noop("The post was shortened before this part was published.")
CANCELLED = gettext_noop("The rest of the post was cancelled.")

RETRACTED_ON_THE_WAY = gettext_noop("The item was retracted while the post was going out.")
"""Other words than for a post that had not begun: that one comes back with its item, this one is closed for good."""


def enqueue_due(*, now: datetime, apart: Apart = together) -> int:
    """Queue the posts whose slot has come, or hand them to a person; how many. What is too late expires, what is retracted is
    cancelled. One channel `apart` from the other."""
    for stop in (stop_queued, handing.stop_handed):
        with apart(stop.__name__):
            stop(now=now)
    due = Post.objects.filter(state=S.SCHEDULED, slot_at__lte=now)
    queued = 0
    for channel_id in list(due.order_by("channel_id").values_list("channel_id", flat=True).distinct()):
        with apart("channel", channel_id=channel_id):
            queued += _enqueue_channel(channel_id, now)
    if queued:
        events.emit("delivery.due")
    return queued


@transaction.atomic
def _enqueue_channel(channel_id: int, now: datetime) -> int:
    channel = lock_channel(channel_id)
    if channel is None:
        return 0
    posts = list(
        Post.objects.select_for_update(of=("self",), no_key=True)
        .select_related("item")
        .filter(channel=channel, state=S.SCHEDULED, slot_at__lte=now)
        .order_by("slot_at", "id")
    )
    try:
        rules = channel.schedule.rules()
    except UserError as error:
        return _hold(posts, gettext_noop("The schedule cannot be used: %(why)s") % {"why": error.message})
    left, queued, stands = _left(channel, now), 0, standstill.is_on()
    posts = reviewing.hold_back(channel, posts)
    behind = _behind(posts)
    for post in posts:
        step = left.next_step(_due(post, channel, now, stands=stands or post.pk in behind), rules, now)
        if step is Step.LEAVE:
            if _queue(post, channel, now):
                left.add(departed_at(post.slot_at or now, now), overridden=post.is_against_rules)
                queued += 1
        elif step is not Step.WAIT:
            _turn_away(post, step, channel)
    return queued


def foreseen(channel: Channel, posts: Sequence[Post], rules: ScheduleRules, now: datetime) -> list[Step]:
    """What `enqueue_due` would do with these posts of a channel, in the order of their slots, if sending did not stand still."""
    left, steps = _left(channel, now), list[Step]()
    behind = _behind(posts)
    for post in posts:
        steps.append(left.next_step(_due(post, channel, now, stands=post.pk in behind), rules, now))
        if steps[-1] is Step.LEAVE:
            left.add(departed_at(post.slot_at or now, now), overridden=post.is_against_rules)
    return steps


def _behind(posts: Sequence[Post]) -> set[int]:
    """Those that a pause covers, or that wait for a clearance."""
    ids = [post.pk for post in posts]
    return {*paused.of_posts(ids), *uncleared.of_posts(ids)}


def _due(post: Post, channel: Channel, now: datetime, *, stands: bool) -> Due:
    blocked = channel.blocked_until is not None and channel.blocked_until > now
    embargo = post.item.embargo_until
    return Due(
        slot_at=post.slot_at or now,
        tolerance=timedelta(minutes=channel.tolerance_minutes),
        ready=channel.enabled
        and not channel.paused_reason
        and not blocked
        and not stands
        and not picturing.waits(post.pictures),
        embargoed=embargo is not None and embargo > now,
        retracted=post.item.retracted_at is not None,
        overridden=post.is_against_rules,
    )


def _left(channel: Channel, now: datetime) -> Departures:
    """When the channel's posts of the last days left."""
    recent = Delivery.objects.filter(channel=channel, part=0, created_at__gte=now - LOOK_BACK)
    rows = recent.exclude(state__in=NEVER_LEFT).values_list(
        "post__slot_at", "post__override_slot_at", "created_at", "sent_at"
    )
    left = Departures()
    for slot_at, override_slot_at, created_at, sent_at in rows:
        at = departed_at(slot_at or created_at, departed_at(created_at, sent_at or created_at))
        left.add(at, overridden=slot_at is not None and slot_at == override_slot_at)
    return left


def _queue(post: Post, channel: Channel, now: datetime) -> bool:
    """Write the deliveries of a post, ready to be sent or posted. What cannot be prepared holds the post with the reason."""
    try:
        network = registry.leaving(channel.network)
        picturing.make_sure(post, channel)
        parts = outgoing(post, post.item).parts
        account = account_of(channel)
        prepared = [network.prepare(part, account, uuid.uuid4().hex) for part in parts]
        prices = budget.prices(network, parts, account)
    except UserError as error:
        return bool(_hold([post], error.message))
    except CannotDecrypt as error:
        return bool(_hold([post], str(error)))
    except Rejected as error:
        return bool(_hold([post], error.reason))
    except Retry as error:  # the store of pictures does not answer: the next tick asks again
        log.warning("post.not_queued", extra={"post_id": post.pk, "reason": error.reason})
        return False
    if problem := budget.problem(post, channel, network, prices, now=now):
        return bool(_hold([post], problem))
    by_hand = isinstance(network, ByHand) and not network.lays_drafts(account)
    messages = list(zip(prepared, prices, strict=True))
    _write(post, channel, messages, now, State.HANDED if by_hand else State.QUEUED)
    refresh_post(post.pk)
    log.info("post.queued", extra={"post_id": post.pk, "parts": len(parts), "trace_id": post.trace_id})
    if by_hand:
        handing.tell(post)
    return True


def outgoing(post: Post, item: Item) -> Outgoing:
    """The post as its network is given it. Raises `Rejected` while a picture of it is on its way."""
    card = _card(item) if post.link else None
    texts = [part["text"] for part in post.parts]
    return Outgoing(
        tuple(
            Part(
                text,
                post.link,
                post.language,
                card if number == 0 else None,
                number,
                len(texts),
                pictures=picturing.as_sent(post.pictures) if number == 0 else (),
            )
            for number, text in enumerate(texts)
        )
    )


def _card(item: Item) -> Card:
    picture = picturing.stored(item)
    return Card(item.title, item.summary[:CARD_SUMMARY], item.image_url, item.image_alt, picture)


def _write(
    post: Post,
    channel: Channel,
    messages: Sequence[tuple[Prepared, Decimal | None]],
    now: datetime,
    state: State,
) -> None:
    known = {row.part: row for row in Delivery.objects.select_for_update().filter(post=post)}
    for part, (message, price) in enumerate(messages):
        row = known.get(part) or Delivery(post=post, channel=channel, part=part)
        if row.pk and row.state in BEGUN:
            continue
        row.address, row.state, row.reason = channel.name, state, ""
        row.due_at, row.created_at, row.settled_at = post.slot_at or now, now, None
        row.idempotency_key, row.prepared, row.attempts = message.idempotency_key, dict(message.payload), 0
        row.price = price
        row.save()
    for row in known.values():
        if (row.part or 0) >= len(messages) and row.state not in BEGUN:
            row.state, row.reason, row.settled_at = State.CANCELLED, SHORTENED, now
            row.save()


def _turn_away(post: Post, step: Step, channel: Channel) -> None:
    before = {"state": post.state, "slot_at": post.slot_at.isoformat() if post.slot_at else None}
    if step is Step.CANCEL:
        post.state, post.problem, post.slot_at = S.CANCELLED, ITEM_RETRACTED, None
    elif step is Step.EXPIRE:
        post.state, post.problem = S.EXPIRED, too_late(channel)
    else:
        post.state, post.problem, post.slot_at = S.APPROVED, "", None
        events.emit("post.approved", post_id=post.pk, channel_id=channel.pk)
    post.save(update_fields=["state", "problem", "slot_at"])
    audit.record(None, f"post.{step.value.replace(' ', '_')}", post, before, {"state": post.state})
    log.info("post.not_queued", extra={"post_id": post.pk, "step": step.value, "trace_id": post.trace_id})


def too_late(channel: Channel) -> str:
    """What a person reads of a post that was not sent late."""
    missed = gettext_noop("Its slot was missed by more than %(minutes)s minutes, so it was not sent.")
    todo = gettext_noop("Give it another time, or cancel it.")
    return missed % {"minutes": channel.tolerance_minutes} + f" {todo}"


def _hold(posts: Sequence[Post], problem: str) -> int:
    """Hold these with the reason; 0, the number of posts queued."""
    for post in posts:
        post.state, post.problem, post.slot_at = S.HELD, problem, None
        post.save(update_fields=["state", "problem", "slot_at"])
        audit.record(None, "post.held", post, after={"problem": problem})
    return 0


# The queue of posts is short (a partial index); each row is looked up by key. What is being sent now is not touched.
_STOPPED = """
FROM delivery_delivery d
JOIN social_post p ON p.id = d.post_id
JOIN social_channel c ON c.id = p.channel_id
JOIN items_item i ON i.id = p.item_id
WHERE d.state = 'queued' AND d.post_id IS NOT NULL
  AND (i.retracted_at IS NOT NULL OR p.state = 'cancelled'
       OR p.slot_at + c.tolerance_minutes * interval '1 minute' < %(now)s)
"""
STOPPED_ON = f"SELECT DISTINCT p.channel_id {_STOPPED} ORDER BY p.channel_id"
STOPPED = f"""
SELECT d.id, d.post_id, i.retracted_at IS NOT NULL, p.state = 'cancelled' {_STOPPED} AND p.channel_id = %(channel)s
ORDER BY d.id
FOR UPDATE OF d
"""


def stop_queued(*, now: datetime) -> int:
    """Settle queued parts that may not leave any more: the item was retracted, the rest of the post cancelled, or their time has
    passed; how many."""
    with connection.cursor() as cursor:
        cursor.execute(STOPPED_ON, {"now": now})
        channels = [int(row[0]) for row in cursor.fetchall()]
    return sum(_stop_queued_on(channel_id, now) for channel_id in channels)


@transaction.atomic
def _stop_queued_on(channel_id: int, now: datetime) -> int:
    lock_channel(channel_id)
    with connection.cursor() as cursor:
        cursor.execute(STOPPED, {"now": now, "channel": channel_id})
        rows: list[tuple[int, int, bool, bool]] = cursor.fetchall()
    for delivery_id, _post_id, retracted, cancelled in rows:
        state, reason = State.EXPIRED, gettext_noop("Its time had passed.")
        if retracted or cancelled:
            state, reason = State.CANCELLED, RETRACTED_ON_THE_WAY if retracted else CANCELLED
        values: dict[str, Any] = {"state": state, "reason": reason, "settled_at": now}
        Delivery.objects.filter(pk=delivery_id, state=State.QUEUED).update(**values)
    going = Post.objects.filter(id__in={row[1] for row in rows}, state__in=GOING)
    for post_id in going.order_by("id").values_list("id", flat=True):
        refresh_post(post_id)
    return len(rows)


def may_still_leave(post: Post, channel: Channel, now: datetime) -> bool:
    """Whether a part that turned out not to be published may be tried again without asking a person."""
    return post.slot_at is not None and not is_too_late(
        post.slot_at, timedelta(minutes=channel.tolerance_minutes), now
    )
