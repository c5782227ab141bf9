"""Stopping a channel and letting it go on. Senders ask the channel's row under lock: a pause holds from its commit."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop
from publisher.social.models import Channel, ChannelHealth
from publisher.social.networks import registry
from publisher.social.slots import lock_channel

log = logging.getLogger(__name__)


@transaction.atomic
def pause(channel_id: int, *, user: Actor, reason: str) -> None:
    """Stop a channel; posts keep their state and wait. The first reason stays until the channel is resumed."""
    channel = _locked(channel_id)
    if channel.paused_reason:
        return
    channel.paused_reason = reason.strip() or gettext_noop("Paused by staff.")
    channel.save(update_fields=["paused_reason"])
    audit.record(user, "channel.paused", channel, after={"reason": channel.paused_reason})
    log.warning("channel.paused", extra={"channel_id": channel_id, "reason": channel.paused_reason})
    events.emit("channel.changed", channel_id=channel_id)


@transaction.atomic
def resume(channel_id: int, *, user: Actor) -> None:
    """Let a paused channel go on. What was missed by more than its tolerance expires, the rest leaves with the least gap."""
    channel = _locked(channel_id)
    registry.leaving(channel.network)
    before = {"reason": channel.paused_reason}
    channel.paused_reason, channel.blocked_until = "", None
    channel.save(update_fields=["paused_reason", "blocked_until"])
    ChannelHealth.objects.filter(channel=channel).update(
        state=ChannelHealth.State.UNCHECKED, problem="", down_since=None, check_at=None
    )
    audit.record(user, "channel.resumed", channel, before=before)
    events.emit("channel.changed", channel_id=channel_id)
    events.emit("delivery.due")
    events.emit("correction.asked")


@transaction.atomic
def block(channel_id: int, *, until: datetime) -> None:
    """The network asked us to wait. A later time that it named before stays."""
    channel = _locked(channel_id)
    if channel.blocked_until is None or channel.blocked_until < until:
        channel.blocked_until = until
        channel.save(update_fields=["blocked_until"])
        log.warning("channel.blocked", extra={"channel_id": channel_id, "until": str(until)})


def _locked(channel_id: int) -> Channel:
    channel = lock_channel(channel_id)
    if channel is None:
        raise UserError(_("There is no such channel."), _("Load the list again."))
    return channel
