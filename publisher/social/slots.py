"""Giving approved posts their slots. One run a channel at a time: its row is locked, and the database holds each slot once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from publisher.core import events
from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop
from publisher.items.visibility import visible_q
from publisher.schedule.rules import ScheduleRules
from publisher.schedule.slots import Waiting, assign_slots, next_free_slot, why_no_slot
from publisher.social import paused, reviewing, uncleared
from publisher.social.models import Channel, Post
from publisher.social.picturing import ON_ITS_WAY

log = logging.getLogger(__name__)

S = Post.State
LOOK_BACK = timedelta(days=32)
"""How far back posts count: a little more than the longest least gap that a schedule may have."""

ON_TIME = timedelta(minutes=1)
"""A post that leaves this soon after its slot counts as having left at its slot."""

MOST_AT_ONCE = 500


def channels_waiting() -> list[int]:
    """Channels with approved posts that could be given slots now."""
    posts = Post.objects.filter(state=S.APPROVED, channel__enabled=True, channel__paused_reason="")
    return list(posts.order_by("channel_id").values_list("channel_id", flat=True).distinct())


@transaction.atomic
def give_slots(channel_id: int, *, now: datetime) -> int:
    """Give the channel's approved posts their slots, by priority, then approval; how many got one.

    A paused channel gives none, nor does an item under embargo or without a clearance that it needs, a post behind a pause, or
    one whose picture is on its way get one. What lacks approvals is a draft again. Posts without a free slot within a year keep
    waiting, and say why.
    """
    channel = lock_channel(channel_id)
    if channel is None or not channel.enabled or channel.paused_reason:
        return 0
    posts = list(
        Post.objects.select_for_update(of=("self",), no_key=True)
        .filter(visible_q(now, "item__"), ~ON_ITS_WAY, channel=channel, state=S.APPROVED)
        .order_by("id")
    )
    ids = [post.pk for post in posts]
    behind = {*paused.of_posts(ids), *uncleared.of_posts(ids)}
    posts = reviewing.hold_back(channel, [post for post in posts if post.pk not in behind])
    if not posts:
        return 0
    try:
        rules = channel.schedule.rules()
    except UserError as error:
        return _none_for(
            posts, gettext_noop("The schedule cannot be used: %(message)s") % {"message": error.message}
        )
    return _assign(channel, rules, posts, now)


def lock_channel(channel_id: int) -> Channel | None:
    """The channel, its row locked until the transaction ends. Whoever locks posts of one channel locks it before them."""
    locked = Channel.objects.select_for_update(of=("self",), no_key=True).select_related("schedule")
    return locked.filter(pk=channel_id).first()


def taken(channel_id: int, now: datetime, *, besides: int = 0) -> list[datetime]:
    """When the channel posts or has posted: planned slots, and each post that left, once: late ones when they left. `besides`:
    the id of a post that is not counted."""
    posts = Post.objects.filter(channel_id=channel_id, slot_at__isnull=False).exclude(pk=besides)
    planned = posts.filter(
        state__in=(S.SCHEDULED, S.SENDING, S.HANDED, S.UNKNOWN), slot_at__gte=now - LOOK_BACK
    )
    left = posts.filter(state=S.SENT, sent_at__gte=now - LOOK_BACK)
    times = {slot_at for slot_at in planned.values_list("slot_at", flat=True) if slot_at}
    for slot_at, sent_at in left.values_list("slot_at", "sent_at"):
        if slot_at and sent_at:
            times.add(slot_at if sent_at - slot_at <= ON_TIME else sent_at)
    return sorted(times)


def proposals(post: Post, now: datetime, n: int = 3) -> list[datetime]:
    """The next `n` slots (UTC) that the schedule leaves free for the post, whatever its state, each of them a choice by itself;
    fewer where there are no more within a year. Raises `UserError` for a schedule that cannot be used.
    """
    channel = post.channel
    rules = channel.schedule.rules()
    start = max(now, channel.blocked_until or now, post.item.embargo_until or now)
    others = taken(channel.pk, now, besides=post.pk)
    found: list[datetime] = []
    while len(found) < n:
        free = next_free_slot(rules, now=start, taken=others, after=found[-1] if found else now)
        if free is None:
            break
        found.append(free)
    return found


def _assign(channel: Channel, rules: ScheduleRules, posts: list[Post], now: datetime) -> int:
    start = max(now, channel.blocked_until or now)
    occupied = taken(channel.pk, now)
    waiting = [Waiting(post.pk, post.priority, post.approved_at or post.created_at) for post in posts]
    waiting.sort(key=lambda each: (-each.priority, each.approved_at, each.id))
    assigned = {
        assignment.id: assignment.at
        for assignment in assign_slots(rules, waiting[:MOST_AT_ONCE], now=start, taken=occupied)
    }
    given = [post for post in posts if assigned.get(post.pk)]
    for post in given:
        post.state, post.slot_at, post.problem = S.SCHEDULED, assigned[post.pk], ""
        post.save(update_fields=["state", "slot_at", "problem"])
        log.info(
            "post.scheduled",
            extra={"post_id": post.pk, "slot_at": str(post.slot_at), "trace_id": post.trace_id},
        )
        events.emit("post.scheduled", post_id=post.pk)
    left = [post for post in posts if post.pk in assigned and assigned[post.pk] is None]
    if left:
        all_taken = [*occupied, *(post.slot_at for post in given if post.slot_at)]
        _none_for(left, why_no_slot(rules, now=start, taken=all_taken) or "")
    return len(given)


def _none_for(posts: list[Post], why: str) -> int:
    """Say why these get no slot; 0, the number of slots given."""
    for post in posts:
        if post.problem != why:
            post.problem = why
            post.save(update_fields=["problem"])
    return 0
