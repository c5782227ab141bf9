"""What keeps amendments waiting, in words for staff. `claim.HEADS` decides by the same; here it is only said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from publisher.core import standstill
from publisher.core.models import Pause, Standstill
from publisher.core.told import told
from publisher.delivery.models import Amendment
from publisher.review.uncleared import Open
from publisher.social import paused, uncleared
from publisher.social.models import Channel

A, D = Amendment.State, Amendment.Deed


def reasons(rows: Sequence[Amendment], *, now: datetime) -> dict[int, str]:
    """Why each of these that is queued, and is kept waiting, waits; by its id. Needs their channel, post and item."""
    queued = [row for row in rows if row.state == A.QUEUED]
    stands = standstill.current()
    pauses = paused.of_posts([row.delivery.post_id or 0 for row in queued])
    posts = [row.delivery.post_id or 0 for row in queued]
    open_tags = uncleared.of_posts(posts)
    found = {
        row.pk: _reason(row, stands, pauses.get(post_id, []), now)
        or _uncleared(row, open_tags.get(post_id, []))
        for row, post_id in zip(queued, posts, strict=True)
    }
    return {key: why for key, why in found.items() if why}


def notice(post_ids: Collection[int]) -> str:
    """What a person who decides about these posts must know of a standstill or pause; "" when there is none."""
    stands = standstill.current()
    if stands and stands.kind != Standstill.Kind.STOPPED:
        said = _("All sending stands still: %(why)s Nothing is done, also no deletion, before it goes on.")
        return said % {"why": told(stands.reason)}
    if stands:
        said = _(
            "All sending stands still: %(why)s Deletions are done even so. Edits and answers wait until it goes on."
        )
        return said % {"why": told(stands.reason)}
    covering = {each for pauses in paused.of_posts(post_ids).values() for each in pauses}
    names = ", ".join(f"{each}: {each.reason}" for each in sorted(covering, key=lambda each: each.pk))
    said = _("Paused (%(names)s). Deletions are done even so. Edits and answers wait until it goes on.")
    return said % {"names": names} if names else ""


def _reason(row: Amendment, stands: Standstill | None, pauses: Sequence[Pause], now: datetime) -> str:
    delivery = row.delivery
    if delivery.channel and (why := _of_channel(delivery.channel, now)):
        return why
    deletes = row.deed == D.DELETE
    if stands and not (deletes and stands.kind == Standstill.Kind.STOPPED):
        return _("All sending stands still, so this waits: %(why)s") % {"why": told(stands.reason)}
    if deletes:
        return ""
    if pauses:
        names = ", ".join(f"{each}: {each.reason}" for each in pauses)
        return _("Paused, so this waits: %(names)s") % {"names": names}
    embargo = delivery.post.item.embargo_until if delivery.post else None
    if embargo is not None and embargo > now:
        return _("The item is under embargo, so this waits.")
    return ""


def _uncleared(row: Amendment, open_tags: Sequence[Open]) -> str:
    if row.deed == D.DELETE or not open_tags:
        return ""
    return _("This waits for a clearance: %(what)s.") % {"what": "; ".join(map(str, open_tags))}


def _of_channel(channel: Channel, now: datetime) -> str:
    if channel.paused_reason:
        return _("The channel is stopped, so this waits: %(why)s") % {"why": told(channel.paused_reason)}
    if not channel.enabled:
        return _("The channel is switched off, so this waits.")
    if channel.blocked_until is not None and channel.blocked_until > now:
        return _("The network asked the channel to wait, so this waits too.")
    return ""
