"""What a network keeps for an account between processes, such as a login: encrypted, and made anew when it is lost.

Several processes may make a new one at once. Each says what it read before (`instead_of`), and whoever is first is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from publisher.core.crypto import CannotDecrypt, opened
from publisher.social.models import Channel, ChannelSession


@dataclass(frozen=True)
class Kept:
    """What is kept ({}: nothing), and the number of changes that it has seen (0: there is no row)."""

    value: Mapping[str, Any] = field(default_factory=dict, repr=False)
    version: int = 0


def kept(channel_id: int) -> Kept:
    """What is kept for this channel now. What cannot be opened any more is as good as lost."""
    row = ChannelSession.objects.filter(channel_id=channel_id).first()
    if row is None:
        return Kept()
    try:
        return Kept(opened(row.kept), row.version)
    except CannotDecrypt:
        return Kept({}, row.version)


def keep(channel_id: int, value: Mapping[str, Any], *, instead_of: Kept) -> Kept:
    """Keep `value`, unless something else is kept by now than `instead_of`; what is kept in the end. A channel that is not stored
    yet, whose credentials are only tried, keeps nothing."""
    known = ChannelSession.objects.filter(channel_id=channel_id)
    closed: Any = dict(value)
    changed = known.filter(version=instead_of.version).update(kept=closed, version=F("version") + 1)
    if not changed and not instead_of.version and Channel.objects.filter(pk=channel_id).exists():
        # The first of several is kept; `bulk_create` leaves a row that is there as it is, without an error.
        row = ChannelSession(channel_id=channel_id, kept=closed, version=1)
        ChannelSession.objects.bulk_create([row], ignore_conflicts=True)
    return kept(channel_id)
