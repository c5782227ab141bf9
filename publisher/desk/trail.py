"""An entry of the audit trail in plain words: who, what, to which thing, and its values before and after."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils import timezone

from publisher.core.audit import SYSTEM
from publisher.core.models import AuditEntry
from publisher.desk.badges import LONG_NAMES
from publisher.desk.differences import LABELS, Piece, value_pieces
from publisher.desk.explain import DEEDS

PUBLISHER = "Publisher"
"""Who does what nobody asked for at that moment: schedules, rules, the limit of errors."""

AT_THE_COMMAND_LINE = ("admin.", "signingkey.", "source.", "subscribers.", "database.")
MADE_BY_A_FILE = re.compile(r"(channel|schedule|digest)\.(created|changed)")
"""Actions that only commands do: entries of before their names were written have none."""

MORE_DEEDS: dict[str, str] = {
    "signingkey.created": "made a DKIM key",
    "signingkey.on": "switched a DKIM key on",
    "signingkey.off": "switched a DKIM key off",
    "subscribers.imported": "imported subscribers",
}
THINGS: dict[str, str] = {
    "post": "Post",
    "edition": "Edition",
    "delivery": "Delivery",
    "item": "Item",
    "itemtopic": "Topic of an item",
    "source": "Source",
    "digest": "Digest",
    "channel": "Channel",
    "schedule": "Schedule",
    "user": "Login",
    "standstill": "All sending",
    "mail_server": "Mail server",
    "pause": "Pause",
    "signingkey": "DKIM key",
}
FIELDS: dict[str, str] = LABELS | {
    "slot_at": "Time",
    "stood_since": "Stood still since",
    "made_at": "Backup of",
    "was_published": "It is there",
    "arrived": "Counts as arrived",
    "mails": "Mails",
    "parts": "Text",
    "by": "By",
    "because": "Stopped because",
    "how": "Posts that waited",
    "since": "Since",
    "name": "What",
    "window_from": "Holds what came from",
    "window_to": "Until",
    "like": "As this reader gets it",
    "fields": "What changed",
    "owner": "Owner",
    "deed": "Correction",
    "part": "Message",
    "was_done": "It was done",
}
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}\S*")


def who(entry: AuditEntry) -> str:
    """A person's login, `ada@host` of a command line, or Publisher itself; never empty."""
    name = entry.actor_name.strip()
    if name and name != SYSTEM:
        by_command = entry.actor_id is None and "@" in name
        return f"{name} (command line)" if by_command else name
    by = str(entry.after.get("by") or "")
    if "@" in by:
        return f"{by} (command line)"
    if entry.action.startswith(AT_THE_COMMAND_LINE) or MADE_BY_A_FILE.fullmatch(entry.action):
        return "Command line"
    return PUBLISHER


def deed(action: str) -> str:
    """What an entry says that somebody did."""
    return DEEDS.get(action) or MORE_DEEDS.get(action) or action.replace(".", ": ").replace("_", " ")


def thing(entry: AuditEntry) -> str:
    """`Edition 12`; `Mail server`, of which there is one."""
    kind = THINGS.get(entry.object_type, entry.object_type.capitalize())
    return f"{kind} {entry.object_id}".rstrip()


def field(name: str) -> str:
    """A field's name for people."""
    return FIELDS.get(name) or name.replace("_", " ").capitalize()


def change(entry: AuditEntry, name: str) -> tuple[Piece, ...]:
    """What a field was and is; the same once when it did not change."""
    before, after = (_shown(entry, name, values.get(name)) for values in (entry.before, entry.after))
    if name not in entry.before:
        return value_pieces(after, after)
    return value_pieces(before, after)


def _shown(entry: AuditEntry, name: str, value: Any) -> Any:
    """A value as a person reads it: states by their names, times in the viewer's zone."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "\n".join(f"{field(key)}: {_shown(entry, key, each)}" for key, each in value.items())
    if not isinstance(value, str):
        return value
    if name == "state":
        return LONG_NAMES.get(entry.object_type, {}).get(value, value)
    return _moment(value) if _MOMENT.fullmatch(value) else value


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}" if moment.tzinfo else text
