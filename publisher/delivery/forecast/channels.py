"""What the coming weeks hold for each channel: posts with a slot, those that would get one, slots that stay empty. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from publisher.core.errors import UserError
from publisher.delivery.forecast.money import MonthAhead, months_ahead
from publisher.delivery.forecast.weeks import Week
from publisher.schedule.slots import Waiting
from publisher.schedule.supply import Supply, Wish, supply
from publisher.social import paused
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Priced
from publisher.social.slots import taken

S = Post.State
MOST: Final = 300
"""Approved posts, and drafts, of a channel whose slots are looked for; the rest is counted only."""


@dataclass(frozen=True)
class WeekOfChannel:
    """Posts of a week by how sure they are: with a slot; approved; if approved now. `free`: slots that none of them gets."""

    week: Week
    scheduled: int = 0
    waiting: int = 0
    drafts: int = 0
    free: int = 0

    @property
    def runs_out(self) -> bool:
        """Whether no slot is left."""
        return not self.free

    @property
    def is_empty(self) -> bool:
        """Whether there are slots and nothing at all to put in."""
        return bool(self.free) and not (self.scheduled or self.waiting or self.drafts)


@dataclass(frozen=True)
class ChannelAhead:
    """A channel's weeks. `stopped`: nothing leaves there now; `problem`: why its slots cannot be told. `expired`: posts that
    missed their slot and ask; `later`: those that get one after these weeks; `without`: those that get none within a year;
    `behind`: those behind a pause; `uncounted`: more than were looked at."""

    channel: Channel
    weeks: list[WeekOfChannel] = field(default_factory=list)
    stopped: bool = False
    problem: str = ""
    expired: int = 0
    later: int = 0
    without: int = 0
    behind: int = 0
    uncounted: int = 0
    months: list[MonthAhead] = field(default_factory=list)

    @property
    def runs_out(self) -> bool:
        """Whether there are more posts than slots in these weeks."""
        return bool(self.later or self.without)


def channels_ahead(weeks: Sequence[Week], *, now: datetime) -> list[ChannelAhead]:
    """Every channel by name, those that are off too."""
    channels = Channel.objects.select_related("schedule").order_by("name")
    return [of_channel(channel, weeks, now=now) for channel in channels]


def of_channel(channel: Channel, weeks: Sequence[Week], *, now: datetime) -> ChannelAhead:
    """What the weeks hold for one channel. Of one that is stopped: as if it went on now."""
    posts = channel.posts.select_related("item").defer("item__body_html", "item__body_text")
    approved, drafted = posts.filter(state=S.APPROVED), posts.filter(state=S.DRAFT)
    drafted = drafted.filter(item__retracted_at__isnull=True)
    can_send = registry.can_send(channel.network)
    drafts = drafted.count() if can_send else 0
    expired = posts.filter(state=S.EXPIRED).count()
    stopped = not channel.enabled or bool(channel.paused_reason) or not can_send
    try:
        rules = channel.schedule.rules()
    except UserError as error:
        return ChannelAhead(channel, stopped=stopped, problem=error.message, expired=expired)
    wait = list(approved.order_by("-priority", "approved_at", "id")[:MOST])
    draft = list(drafted.order_by("-priority", "created_at", "id")[:MOST]) if drafts else []
    scheduled = list(
        posts.filter(state=S.SCHEDULED, slot_at__lt=weeks[-1].end).order_by("slot_at")[: 4 * MOST]
    )
    behind = paused.of_posts([post.pk for post in (*wait, *draft, *scheduled)])
    wait, draft, scheduled = (
        [post for post in group if post.pk not in behind] for group in (wait, draft, scheduled)
    )
    given = supply(
        rules,
        [_wishes(wait), _wishes(draft)],
        now=max(now, channel.blocked_until or now),
        until=weeks[-1].end,
        taken=taken(channel.pk, now),
    )
    unlooked = max(approved.count() - MOST, 0) + max(drafts - MOST, 0)
    return ChannelAhead(
        channel,
        weeks=[_week(week, scheduled, wait, draft, given) for week in weeks],
        stopped=stopped,
        expired=expired,
        later=sum(at is not None and at >= weeks[-1].end for at in given.given.values()),
        without=sum(at is None for at in given.given.values()),
        behind=len(behind),
        uncounted=unlooked,
        months=_months(channel, [*scheduled, *wait, *draft], given, now),
    )


def _wishes(posts: Sequence[Post]) -> list[Wish]:
    return [
        Wish(Waiting(post.pk, post.priority, post.approved_at or post.created_at), post.item.embargo_until)
        for post in posts
    ]


def _week(
    week: Week, scheduled: Sequence[Post], wait: Sequence[Post], draft: Sequence[Post], supply_: Supply
) -> WeekOfChannel:
    def of(posts: Sequence[Post]) -> int:
        return sum(week.holds(supply_.given.get(post.pk)) for post in posts)

    return WeekOfChannel(
        week,
        scheduled=sum(week.holds(post.slot_at) for post in scheduled),
        waiting=of(wait),
        drafts=of(draft),
        free=sum(map(week.holds, supply_.free)),
    )


def _months(channel: Channel, posts: Sequence[Post], given: Supply, now: datetime) -> list[MonthAhead]:
    network = registry.networks().get(channel.network)
    if not isinstance(network, Priced):
        return []
    slots = {post.pk: max(post.slot_at, now) for post in posts if post.slot_at}
    slots |= {key: at for key, at in given.given.items() if at}
    for post in posts:
        post.channel = channel
    return months_ahead(channel, network, posts, slots, now=now)
