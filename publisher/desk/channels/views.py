"""Channels and polled feeds: where things go and come from, and whether that works. Read only in this form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.badges import SHAPES, Badge
from publisher.desk.page import show
from publisher.desk.posts.drafting import drafting_of
from publisher.items.models import Source
from publisher.schedule.slots import next_free_slot
from publisher.social import endings, notices, picturing, slots
from publisher.social import health as health_checks
from publisher.social.models import Channel, ChannelHealth, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Grade
from publisher.social.owners import addresses_of

NEXT = 3


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Each channel with its zone, next free slots, what stops it, and how sure its network makes us of sending once."""
    now = clock.now()
    rows = [
        _row(channel, now)
        for channel in Channel.objects.select_related("schedule", "health").order_by("name")
    ]
    feeds = Source.objects.exclude(feed_url="").order_by("name")
    return show(request, "desk/channels/channels.html", {"rows": rows, "feeds": feeds, "now": now})


def _row(channel: Channel, now: datetime) -> dict[str, Any]:
    planned = channel.posts.filter(state__in=[Post.State.SCHEDULED, Post.State.SENDING])
    waiting = channel.posts.filter(state=Post.State.APPROVED)
    can_send = registry.can_send(channel.network)
    health = getattr(channel, "health", None) or ChannelHealth(channel=channel)
    try:
        free, problem = (next_slots(channel, now) if can_send else []), ""
    except UserError as error:
        free, problem = [], error.message
    return {
        "channel": channel,
        "health": health,
        "badge": badge_of(channel, health, can_send=can_send, now=now),
        "works_again": bool(channel.paused_reason) and health.state == ChannelHealth.State.GOOD,
        "ends": endings.warning(health.credentials_end_at, now),
        "limits": _limits(health),
        "told": addresses_of(channel) if can_send else [],
        "notice": channel.notices.order_by("-pk").first(),
        "waits": notices.waiting(channel) if channel.paused_reason else 0,
        "planned": planned.count(),
        "waiting": waiting.count(),
        "can_send": can_send,
        "is_asked": can_send and health_checks.is_asked(channel),
        "slots": free,
        "problem": problem,
        "once": _once(channel),
        "drafting": drafting_of(channel, now=now),
        "pictures": picturing.limits_of(channel) is not None,
    }


def badge_of(channel: Channel, health: ChannelHealth, *, can_send: bool, now: datetime) -> Badge:
    """How a channel stands, in two words. Only one whose network said so is working."""
    label, tone = _standing(channel, health, can_send=can_send, now=now)
    return Badge(label, tone, SHAPES[tone])


def _standing(channel: Channel, health: ChannelHealth, *, can_send: bool, now: datetime) -> tuple[str, str]:
    state = ChannelHealth.State
    if not channel.enabled:
        return _("Switched off"), "quiet"
    if not can_send:
        return _("Drafts only"), "quiet"
    if channel.paused_reason:
        if health.state == state.UNCONNECTED:
            return _("Not connected"), "warn"
        return (_("Down") if health.state == state.DOWN else _("Stopped")), "bad"
    if channel.blocked_until and channel.blocked_until > now:
        return _("Waiting"), "warn"
    unasked = (
        (_("Posted by hand"), "good") if registry.by_hand(channel.network) else (_("Not checked yet"), "wait")
    )
    return (_("Working"), "good") if health.state == state.GOOD else unasked


def _limits(health: ChannelHealth) -> str:
    """What the server told of its limits, for people."""
    numbers = {name: value for name, value in health.told_limits.items() if isinstance(value, int)}
    return ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in numbers.items())


def _once(channel: Channel) -> str:
    """How sure we are that a post appears once there, or why nothing can be sent."""
    if registry.by_hand(channel.network):
        return _(Grade.BY_HAND.value)
    try:
        return _(registry.sending(channel.network).grade.value)
    except UserError as error:
        return error.message


def next_slots(channel: Channel, now: datetime, count: int = NEXT) -> list[datetime]:
    """The next free slots (UTC), each taken to be used up by the one before. Raises `UserError` for a broken schedule."""
    rules = channel.schedule.rules()
    occupied = slots.taken(channel.pk, now)
    found: list[datetime] = []
    while len(found) < count and (at := next_free_slot(rules, now=now, taken=[*occupied, *found])):
        found.append(at)
    return found
