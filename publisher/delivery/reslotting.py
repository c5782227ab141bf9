"""What becomes of posts that waited, once nothing stops them any more: new slots for all, or a person is asked about each.

Called when a pause, a channel's stop or the standstill ends (`pausing.py`, `stopping.py`), and from the list of posts that ask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop, ngettext

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.delivery.departure import is_too_late
from publisher.delivery.leaving import BEGUN
from publisher.delivery.models import Delivery
from publisher.delivery.post_state import refresh_post
from publisher.delivery.states import State
from publisher.items.visibility import is_visible
from publisher.schedule.rules import ScheduleRules
from publisher.schedule.slots import Waiting, assign_slots
from publisher.social import paused, uncleared
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.slots import ON_TIME, lock_channel, taken

log = logging.getLogger(__name__)

S = Post.State
GOES_BY_ITSELF = (S.APPROVED, S.SCHEDULED, S.SENDING)
"""States in which a post leaves without being asked about again."""

TAKEN_BACK = gettext_noop("It was taken back before it left, and is written again at the post's slot.")


class How(Enum):
    """What becomes of the posts that waited."""

    NEW_SLOTS = (
        "all"  # each that missed its slot gets the next free one, in their order; what is too late asks
    )
    ASK = "each"  # nothing leaves before a person has looked at it


@dataclass(frozen=True)
class Outcome:
    """How many posts got a new slot, wait for one, or ask a person."""

    moved: int = 0
    waiting: int = 0
    asking: int = 0

    @property
    def said(self) -> str:
        """In a sentence or two for people; empty when there was no post."""
        moved = ngettext("%(num)s post got a new slot.", "%(num)s posts got a new slot.", self.moved)
        waiting = ngettext("%(num)s post waits for a slot.", "%(num)s posts wait for a slot.", self.waiting)
        asking = ngettext(
            "%(num)s post asks before it leaves.", "%(num)s posts ask before they leave.", self.asking
        )
        parts = ((self.moved, moved), (self.waiting, waiting), (self.asking, asking))
        return " ".join(said % {"num": f"{number:,}"} for number, said in parts if number)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.moved + other.moved, self.waiting + other.waiting, self.asking + other.asking)


def plan(
    rules: ScheduleRules,
    late: Sequence[tuple[int, datetime]],
    *,
    now: datetime,
    occupied: Collection[datetime],
) -> dict[int, datetime | None]:
    """The next free slots (UTC) for posts, given as (id, slot that was missed), in the order of those. Pure.

    `occupied`: when the channel posts or has posted beside them. None: no slot is free within a year.
    """
    waiting = [Waiting(post_id, 0, slot_at) for post_id, slot_at in late]
    return {each.id: each.at for each in assign_slots(rules, waiting, now=now, taken=occupied)}


def after_a_stop(post_ids: Collection[int], how: How, *, user: Actor, why: str, now: datetime) -> Outcome:
    """Deal with posts that something stopped until now. Those that something else still stops are left as they are, unless a
    person shall be asked. `why`: what a person reads who is asked. Inside the caller's transaction."""
    if how is How.ASK:
        return _of_each_channel(post_ids, lambda channel, ids: _ask(channel, ids, user, why, now))
    still = {*paused.of_posts(post_ids), *uncleared.of_posts(post_ids)}
    free = [post_id for post_id in post_ids if post_id not in still]
    return give_new_slots(free, user=user, now=now)


@transaction.atomic
def give_new_slots(post_ids: Collection[int], *, user: Actor, now: datetime) -> Outcome:
    """Give each of these posts that missed its slot, or is asking, the next free slot of its channel; least gap, quiet time and
    the most of a day are kept, and so is their order. Posts whose slot is still to come keep it.

    A post that waits for its embargo, or finds no free slot, stays approved and gets one later. On a channel that is stopped, or
    whose schedule cannot be used, nothing is changed.
    """
    return _of_each_channel(post_ids, lambda channel, ids: _move(channel, ids, user, now))


@transaction.atomic
def take_back(post_ids: Collection[int]) -> int:
    """Make posts that are queued, and of which no part was ever tried, scheduled ones again, which can be edited; how many."""
    return _of_each_channel(post_ids, _take_back_all).moved


def may_move(channel: Channel) -> bool:
    """Whether a new slot on that channel is of any use now."""
    return channel.enabled and not channel.paused_reason and registry.can_send(channel.network)


def _of_each_channel(
    post_ids: Collection[int], deed: Callable[[Channel, Collection[int]], Outcome]
) -> Outcome:
    channels = (
        Post.objects.filter(pk__in=post_ids).order_by("channel_id").values_list("channel_id", flat=True)
    )
    outcome = Outcome()
    for channel_id in list(channels.distinct()):
        if channel := lock_channel(channel_id):
            outcome += deed(channel, post_ids)
    return outcome


def _locked(channel: Channel, post_ids: Collection[int], states: Iterable[str]) -> list[Post]:
    posts = Post.objects.select_for_update(of=("self",), no_key=True).select_related("item")
    chosen = posts.filter(channel=channel, pk__in=post_ids, state__in=list(states))
    return list(chosen.order_by("slot_at", "pk"))


def _take_back_all(channel: Channel, post_ids: Collection[int]) -> Outcome:
    return Outcome(moved=sum(_taken_back(post) for post in _locked(channel, post_ids, [S.SENDING])))


def _taken_back(post: Post) -> bool:
    """Whether nothing of it was ever tried; then its deliveries are written anew at its slot."""
    rows = Delivery.objects.select_for_update().filter(post=post)
    if rows.filter(Q(state__in=BEGUN) | Q(state=State.QUEUED, attempts__gt=0)).exists():
        return False
    rows.filter(state=State.QUEUED).update(state=State.CANCELLED, reason=TAKEN_BACK)
    post.state, post.problem = S.SCHEDULED, ""
    post.version += 1
    post.save(update_fields=["state", "problem", "version"])
    return True


def _move(channel: Channel, post_ids: Collection[int], user: Actor, now: datetime) -> Outcome:
    try:
        rules = channel.schedule.rules()
    except UserError:
        return Outcome()
    if not may_move(channel):
        return Outcome()
    tolerance = timedelta(minutes=channel.tolerance_minutes)
    late, asking = [], 0
    for post in _locked(channel, post_ids, [S.SCHEDULED, S.SENDING, S.EXPIRED]):
        if post.item.retracted_at is not None:
            continue
        if post.state != S.EXPIRED:
            slot_at = post.slot_at or now
            if is_too_late(slot_at, tolerance, now):
                asking += 1  # the next tick lets it expire
                continue
            if now - slot_at <= ON_TIME or (post.state == S.SENDING and not _taken_back(post)):
                continue
        late.append(post)
    visible = [post for post in late if is_visible(post.item, now)]
    mine = {post.slot_at for post in late}
    slots = plan(
        rules,
        [(post.pk, post.slot_at or now) for post in visible],
        now=max(now, channel.blocked_until or now),
        occupied=[at for at in taken(channel.pk, now) if at not in mine],
    )
    for post in late:
        _give(post, slots.get(post.pk), user)
    moved = sum(post.state == S.SCHEDULED for post in late)
    return Outcome(moved=moved, waiting=len(late) - moved, asking=asking)


def _give(post: Post, slot_at: datetime | None, user: Actor) -> None:
    before = {"state": post.state, "slot_at": _iso(post.slot_at)}
    post.state, post.slot_at, post.problem = (S.SCHEDULED if slot_at else S.APPROVED), slot_at, ""
    post.version += 1
    post.save(update_fields=["state", "slot_at", "problem", "version"])
    audit.record(user, "post.new_slot", post, before, {"state": post.state, "slot_at": _iso(slot_at)})
    log.info("post.new_slot", extra={"post_id": post.pk, "slot_at": _iso(slot_at), "trace_id": post.trace_id})
    events.emit("post.scheduled" if slot_at else "post.approved", post_id=post.pk)


def _ask(channel: Channel, post_ids: Collection[int], user: Actor, why: str, now: datetime) -> Outcome:
    asking = 0
    for post in _locked(channel, post_ids, GOES_BY_ITSELF):
        before = {"state": post.state}
        if post.state == S.SENDING and not _taken_back(post):
            rows = Delivery.objects.filter(post=post, state=State.QUEUED)
            rows.update(state=State.EXPIRED, reason=why, settled_at=now)
            post = refresh_post(post.pk)  # noqa: PLW2901 - the same one, as its parts have it
        else:
            post.state, post.problem = S.EXPIRED, why
        post.version += 1
        post.save(update_fields=["state", "problem", "version"])
        audit.record(user, "post.asks", post, before, {"state": post.state})
        asking += post.state == S.EXPIRED
    return Outcome(asking=asking)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
