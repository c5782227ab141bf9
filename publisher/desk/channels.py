"""Channels and polled feeds: where things go and come from, and whether that works. Read only in this form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.page import show
from publisher.items.models import Source
from publisher.schedule.slots import next_free_slot
from publisher.social import slots
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Grade

NEXT = 3


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Each channel with its zone, next free slots, what stops it, and how sure its network makes us of sending once."""
    now = clock.now()
    rows = [_row(channel, now) for channel in Channel.objects.select_related("schedule").order_by("name")]
    feeds = Source.objects.exclude(feed_url="").order_by("name")
    return show(request, "desk/channels.html", {"rows": rows, "feeds": feeds, "now": now})


def _row(channel: Channel, now: datetime) -> dict[str, Any]:
    planned = channel.posts.filter(state__in=[Post.State.SCHEDULED, Post.State.SENDING])
    waiting = channel.posts.filter(state=Post.State.APPROVED)
    can_send = registry.can_send(channel.network)
    try:
        free, problem = (next_slots(channel, now) if can_send else []), ""
    except UserError as error:
        free, problem = [], error.message
    return {
        "channel": channel,
        "planned": planned.count(),
        "waiting": waiting.count(),
        "can_send": can_send,
        "slots": free,
        "problem": problem,
        "once": _once(channel),
    }


def _once(channel: Channel) -> str:
    """How sure we are that a post appears once there, or why nothing can be sent."""
    if registry.by_hand(channel.network):
        return Grade.BY_HAND.value
    try:
        return str(registry.sending(channel.network).grade.value)
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
