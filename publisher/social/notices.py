"""Mails to staff about a channel, written into the database where the cause is written. `delivery/notices.py` sends them.

The same is told once a day at most: a channel that comes and goes does not fill a mailbox. Callers hold the channel's lock.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from publisher.core import events
from publisher.core.marking import gettext_noop
from publisher.core.words import counted
from publisher.social import endings
from publisher.social.models import Channel, Notice, Post
from publisher.social.networks import registry
from publisher.social.owners import addresses_of

AGAIN_AFTER = timedelta(days=1)
DRIFT = timedelta(hours=6)
"""A network may tell the end of an access a little differently each time."""

_DOWN = gettext_noop("%(channel)s is down")
_ENDS = gettext_noop("%(channel)s: the access ends on %(day)s")
"""Subjects: the desk shows them in the language of whoever reads."""
_WAITING = (Post.State.APPROVED, Post.State.SCHEDULED, Post.State.SENDING)


def waiting(channel: Channel) -> int:
    """How many posts wait for the channel: approved, and not gone."""
    return Post.objects.filter(channel=channel, state__in=_WAITING).count()


def tell_down(channel: Channel, *, reason: str, since: datetime, now: datetime) -> list[Notice]:
    """Tell the owner that the channel is down since `since`; nothing when that was told already."""
    key = f"down {_cause(reason)}"
    last = _last(channel, key)
    if last and (last > now - AGAIN_AFTER or last >= since):
        return []
    about = [
        f"What happened: {reason}",
        f"Since: {_moment(channel, since)}",
        f"What waits: {_posts(channel)}. Nothing is lost.",
        f"A post whose slot is missed by more than {channel.tolerance_minutes} minutes asks in the desk for another time.",
    ]
    todo = (
        "What to do: repair the access to the account and store it with the channel (publisher apply). Then open the page "
        "below, choose “Check now”, and when it works let the channel go on."
    )
    first = f"{_name(channel)} is down. Publisher has paused it: nothing is published there."
    letter = _Letter(
        Notice.Kind.DOWN, key, _DOWN % {"channel": channel.name}, (first, "\n".join(about), todo)
    )
    return _write(channel, letter, now)


def tell_ending(channel: Channel, *, ends: datetime, now: datetime) -> list[Notice]:
    """Tell the owner that the access ends, once at each step of `endings.STEPS`."""
    days = endings.step(ends, now)
    if days is None:
        return []
    key = f"ends within {days}"
    last = _last(channel, key)
    if last and last >= ends - timedelta(days=days) - DRIFT:
        return []
    first = f"{_name(channel)}: {endings.warning(ends, now)}"
    after = (
        f"It ends: {_moment(channel, ends)}\n"
        "After that the channel is paused and its posts wait. Nothing is lost."
    )
    todo = "What to do: make a new access on the network, and store it with the channel (publisher apply)."
    subject = _ENDS % {"channel": channel.name, "day": f"{ends:%Y-%m-%d}"}
    return _write(channel, _Letter(Notice.Kind.ENDING, key, subject, (first, after, todo)), now)


class _Letter(NamedTuple):
    """What is written to each address. `key`: what it is about."""

    kind: Notice.Kind
    key: str
    subject: str
    paragraphs: tuple[str, ...]


def _write(channel: Channel, letter: _Letter, now: datetime) -> list[Notice]:
    page = f"{settings.BASE_URL}/desk/channels#channel-{channel.pk}"
    rows = [
        Notice(
            kind=letter.kind,
            channel=channel,
            key=letter.key,
            to=address,
            subject=letter.subject[:300],
            text="\n\n".join((*letter.paragraphs, page)) + "\n",
            message_key=uuid.uuid4().hex,
            due_at=now,
            created_at=now,
        )
        for address in addresses_of(channel)
    ]
    Notice.objects.bulk_create(rows)
    if rows:
        events.emit("notice.written")
    return rows


def _posts(channel: Channel) -> str:
    count = waiting(channel)
    return f"{counted(count, 'post')} of this channel" if count else "no post of this channel"


def _last(channel: Channel, key: str) -> datetime | None:
    newest = Notice.objects.filter(channel=channel, key=key).order_by("-created_at").first()
    return newest.created_at if newest else None


def _cause(reason: str) -> str:
    """The same for reasons that differ in numbers only, such as a time or the id of a request."""
    alike = re.sub(r"[0-9a-f]*\d[0-9a-f-]*", "#", reason.lower())
    return hashlib.sha256(alike.encode("utf-8", "replace")).hexdigest()[:16]


def _name(channel: Channel) -> str:
    """A network that is installed no more has no label, and its channel is told of all the same."""
    known = registry.networks().get(channel.network)
    label = known.label if known else channel.network
    return channel.name if label in channel.name else f"{channel.name} ({label})"


def _moment(channel: Channel, at: datetime) -> str:
    try:
        zone = ZoneInfo(channel.schedule.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y, %H:%M} ({zone.key})"
