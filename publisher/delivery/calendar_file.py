"""The calendar as a file of the format iCalendar (RFC 5545), for calendar programs. It holds no address and no secret.

Entries keep their UID, so that a program moves what has moved. An edition has that of the date for which it was planned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.db.models import Max
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from publisher.core.models import AuditEntry
from publisher.delivery.agenda import PLANNED, Entry, Kind, agenda
from publisher.digests.models import Edition
from publisher.social.models import Post

PAST: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=90)
LASTS: Final = timedelta(minutes=15)
"""What a program draws for something that happens at one moment."""

READ_AGAIN: Final = timedelta(minutes=15)

_SURE: Final = frozenset(
    {Post.State.SCHEDULED, Post.State.SENDING, Post.State.SENT, Edition.State.ASSEMBLING}
)
"""States of what goes out or went out; any other waits for somebody."""


def calendar_file(*, base_url: str, now: datetime) -> bytes:
    """What went out in the last 30 days and is planned for the next 90. The same bytes as long as nothing changes."""
    start = now.replace(minute=0, second=0, microsecond=0)
    entries = agenda(start - PAST, start + AHEAD, now=now).entries
    calendar = Calendar()
    calendar.add("prodid", "-//Publisher//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Publisher: posts and editions"))
    calendar.add("refresh-interval", READ_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    changed = _last_changes(entries)
    for entry in entries:
        calendar.add_component(_event(entry, base_url, changed.get((entry.kind, entry.id))))
    return bytes(calendar.to_ical())


def _event(entry: Entry, base_url: str, changed: datetime | None) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}@{urlsplit(base_url).hostname or 'publisher'}")
    # Not the moment of reading: a file in which nothing changed shall be the same file. What nobody changed is as it was when it
    # came into sight.
    stamp = (changed or entry.at - AHEAD).astimezone(UTC).replace(microsecond=0)
    event.add("dtstamp", stamp)
    event.add("last-modified", stamp)
    event.add("sequence", max(entry.version - 1, 0))
    event.add("dtstart", entry.at.astimezone(UTC))
    event.add("dtend", entry.at.astimezone(UTC) + LASTS)
    event.add("summary", f"{entry.source}: {entry.title}" if entry.kind is Kind.POST else entry.title)
    event.add("description", _described(entry))
    event.add("categories", [entry.source])
    event.add("status", _status(entry))
    event.add("transp", "TRANSPARENT")
    event.add("url", base_url + _path(entry))
    return event


def _status(entry: Entry) -> str:
    if entry.state == Edition.State.CANCELLED:
        return "CANCELLED"
    return "CONFIRMED" if entry.state in _SURE else "TENTATIVE"


def _described(entry: Entry) -> str:
    if entry.state == PLANNED:
        return _("Planned: the edition is made at its time.")
    state = Post.State(entry.state) if entry.kind is Kind.POST else Edition.State(entry.state)
    return str(state.label)


def _path(entry: Entry) -> str:
    if entry.kind is Kind.POST:
        return f"/desk/posts/{entry.id}"
    return f"/desk/editions/{entry.id}" if entry.kind is Kind.EDITION else "/desk/digests"


def _last_changes(entries: Sequence[Entry]) -> Mapping[tuple[Kind, int], datetime]:
    """When each post and edition was last changed by anybody, as the audit trail knows, or when it went out if that is later."""
    found: dict[tuple[Kind, int], datetime] = {}
    for kind, name in ((Kind.POST, "post"), (Kind.EDITION, "edition")):
        mine = [entry for entry in entries if entry.kind is kind]
        rows = AuditEntry.objects.filter(object_type=name, object_id__in=[str(entry.id) for entry in mine])
        found |= {
            (kind, int(key)): at
            for key, at in rows.values_list("object_id").annotate(at=Max("at")).order_by("object_id")
        }
        for entry in mine:
            known = found.get((kind, entry.id))
            if entry.sent_at and (known is None or entry.sent_at > known):
                found[kind, entry.id] = entry.sent_at
    return found
