"""What keeps amendments waiting, in words for staff. `claim.HEADS` decides by the same; here it is only said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from publisher.core import standstill
from publisher.core.models import Pause, Standstill
from publisher.delivery.models import Amendment
from publisher.social import paused
from publisher.social.models import Channel

A, D = Amendment.State, Amendment.Deed


def reasons(rows: Sequence[Amendment], *, now: datetime) -> dict[int, str]:
    """Why each of these that is queued, and is kept waiting, waits; by its id. Needs their channel, post and item."""
    queued = [row for row in rows if row.state == A.QUEUED]
    stands = standstill.current()
    pauses = paused.of_posts([row.delivery.post_id or 0 for row in queued])
    found = {row.pk: _reason(row, stands, pauses.get(row.delivery.post_id or 0, []), now) for row in queued}
    return {key: why for key, why in found.items() if why}


def notice(post_ids: Collection[int]) -> str:
    """What a person who decides about these posts must know of a standstill or pause; "" when there is none."""
    stands = standstill.current()
    if stands and stands.kind != Standstill.Kind.STOPPED:
        return (
            f"All sending stands still: {stands.reason} Nothing is done, also no deletion, before it goes on."
        )
    after = "Deletions are done even so. Edits and answers wait until it goes on."
    if stands:
        return f"All sending stands still: {stands.reason} {after}"
    covering = {each for pauses in paused.of_posts(post_ids).values() for each in pauses}
    names = ", ".join(f"{each}: {each.reason}" for each in sorted(covering, key=lambda each: each.pk))
    return f"Paused ({names}). {after}" if names else ""


def _reason(row: Amendment, stands: Standstill | None, pauses: Sequence[Pause], now: datetime) -> str:
    delivery = row.delivery
    if delivery.channel and (why := _of_channel(delivery.channel, now)):
        return why
    deletes = row.deed == D.DELETE
    if stands and not (deletes and stands.kind == Standstill.Kind.STOPPED):
        return f"All sending stands still, so this waits: {stands.reason}"
    if deletes:
        return ""
    if pauses:
        return f"Paused, so this waits: {', '.join(f'{each}: {each.reason}' for each in pauses)}"
    embargo = delivery.post.item.embargo_until if delivery.post else None
    if embargo is not None and embargo > now:
        return "The item is under embargo, so this waits."
    return ""


def _of_channel(channel: Channel, now: datetime) -> str:
    if channel.paused_reason:
        return f"The channel is stopped, so this waits: {channel.paused_reason}"
    if not channel.enabled:
        return "The channel is switched off, so this waits."
    if channel.blocked_until is not None and channel.blocked_until > now:
        return "The network asked the channel to wait, so this waits too."
    return ""
