"""An entry of the audit trail in plain words: who, what, to which thing, and its values before and after."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from publisher.core.audit import SYSTEM
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.core.told import told
from publisher.delivery.models import Export
from publisher.desk import trail_fields
from publisher.desk.badges import LONG_NAMES
from publisher.desk.differences import Piece, value_pieces
from publisher.desk.hooks.words import HOOKS
from publisher.desk.language_names import language_name
from publisher.desk.log.explain import DEEDS
from publisher.desk.mail.words import MAILBOXES
from publisher.desk.people.deeds import PEOPLE
from publisher.desk.review import words as review_words

PUBLISHER = "Publisher"
"""Who does what nobody asked for at that moment: schedules, rules, the limit of errors."""

AT_THE_COMMAND_LINE = ("admin.", "signingkey.", "source.", "subscribers.", "database.")
MADE_BY_A_FILE = re.compile(r"(channel|schedule|digest)\.(created|changed)")
"""Actions that only commands do: entries of before their names were written have none."""

MORE_DEEDS: dict[str, str | Promise] = {
    "signingkey.created": _("made a DKIM key"),
    "signingkey.on": _("switched a DKIM key on"),
    "signingkey.off": _("switched a DKIM key off"),
    "signingkey.removed": _("removed a DKIM key"),
    "mail_server.tested": _("sent a test mail"),
    "mail_server.examined": _("had the mail set-up examined"),
    "providerdoor.created": _("made an address for a mail provider"),
    "providerdoor.rotated": _("entered a new secret of a mail provider"),
    "providerdoor.removed": _("removed the address for a mail provider"),
    "subscribers.imported": _("imported subscribers"),
    "calendar_address.made": _("made an address for reading the calendar"),
    "calendar_address.renewed": _("made a new address for reading the calendar"),
    "calendar_address.revoked": _("revoked the address for reading the calendar"),
    **PEOPLE,
    **HOOKS,
    "subscriber.subscribed": _("subscribed a reader"),
    "subscriber.renamed": _("changed a reader's name"),
    "subscriber.chose": _("changed what a reader receives"),
    "subscriber.unsubscribed": _("unsubscribed a reader"),
    "suppressions.imported": _("brought in a suppression list"),
    "suppressions.exported": _("exported the suppression list"),
    "suppressions.lifted": _("took addresses off the suppression list that had bounced"),
    "suppressions.refused_fetched": _("fetched the rows that an import had refused"),
    "subscriber.tagged": _("put a tag on a reader"),
    "subscriber.untagged": _("took a tag off a reader"),
    "subscriber.attributes": _("changed what is known of a reader"),
    "tag.made": _("made a tag"),
    "tag.renamed": _("renamed a tag"),
    "tag.removed": _("removed a tag"),
    "attribute.made": _("made an attribute of readers"),
    "attribute.changed": _("renamed an attribute of readers"),
    "attribute.removed": _("removed an attribute of readers"),
    "segment.made": _("made a segment"),
    "segment.changed": _("changed a segment"),
    "segment.removed": _("removed a segment"),
    "bulk.tag": _("had a tag put on many readers"),
    "bulk.untag": _("had a tag taken off many readers"),
    "bulk.set": _("had an attribute of many readers set"),
    "bulk.unsubscribe": _("had many readers unsubscribed"),
    "bulk.subscribe": _("had many readers subscribed"),
    "bulk.suppress": _("had many addresses put on the suppression list"),
    "bulk.stopped": _("stopped a bulk action"),
    "bulk.undone": _("had a bulk action undone"),
    "upload.given": _("gave a list of subscribers"),
    "upload.begun": _("had a list of subscribers imported"),
    "upload.withdrawn": _("withdrew a list of subscribers"),
    "upload.refused_fetched": _("fetched the refused rows of an import"),
    "subscriber.erased": _("erased a reader"),
    "subscriber.data_fetched": _("fetched all that is known of a reader"),
    "suppression.added": _("put an address on the suppression list"),
    "sign_up.let_go": _("had the mailbox of a sign-up asked"),
    "sign_up.asked_again": _("had a sign-up's mail to confirm sent again"),
    "sign_up.turned_away": _("refused a sign-up"),
    "mail_domain.told": _("said whether a domain is disposable"),
    "mail_domain.forgotten": _("let the list decide about a domain"),
    "suppression.lifted": _("took an address off the suppression list"),
    "report.taken": _("took the evidence of a report"),
    **MAILBOXES,
    "retention.done": _("erased what was past its time"),
}
THINGS: dict[str, str | Promise] = {
    "post": _("Post"),
    "edition": _("Edition"),
    "delivery": _("Delivery"),
    "item": _("Item"),
    "itemtopic": _("Topic of an item"),
    "source": _("Source"),
    "digest": _("Digest"),
    "channel": _("Channel"),
    "schedule": _("Schedule"),
    "user": _("Login"),
    "standstill": _("All sending"),
    "mail_server": _("Mail server"),
    "pause": _("Pause"),
    "signingkey": _("DKIM key"),
    "calendaraddress": _("Calendar address of login"),
    "networkapp": _("Application"),
    "export": _("Export"),
    "invitation": _("Invitation"),
    "apikey": _("API key"),
    "subscriber": _("Subscriber"),
    "suppression": _("Suppression"),
    "suppressionimport": _("Import of a suppression list"),
    "providerdoor": _("Address for a mail provider"),
    "signup": _("Sign-up"),
    "maildomain": _("Mail domain"),
    "tag": _("Tag of subscribers"),
    "attribute": _("Attribute of subscribers"),
    "segment": _("Segment"),
    "bulk": _("Bulk action"),
    "upload": _("Import"),
    "endpoint": _("Webhook"),
    "report": _("Report"),
    "mailbox": _("Mailbox"),
    "retention": _("Erasing"),
}
THING_OF = {
    "topic": "item",
    "audit": "export",
    "suppressions": "suppression",
    "sign_up": "signup",
    "mail_domain": "maildomain",
    "clearance": "item",
    "clearance_tag": "clearancetag",
    "clearance_role": "group",
    "calendar_address": "calendaraddress",
    "network_app": "networkapp",
    "person": "user",
    "admin": "user",
    "sending": "standstill",
    "subscribers": "subscriber",
    "deliveries": "delivery",
}
"""What the first words of actions are about, where they are not its name."""
PAGES: dict[str, tuple[str, bool]] = {
    "post": ("desk:post", True),
    "endpoint": ("desk:webhook", True),
    "subscriber": ("desk:subscriber", True),
    "segment": ("desk:segment", True),
    "bulk": ("desk:bulk", True),
    "upload": ("desk:import", True),
    "tag": ("desk:tags", False),
    "attribute": ("desk:tags", False),
    "edition": ("desk:edition", True),
    "delivery": ("desk:delivery", True),
    "item": ("desk:item", True),
    "pause": ("desk:pause", True),
    "digest": ("desk:digests", False),
    "mailbox": ("desk:mailboxes", False),
    "channel": ("desk:channels", False),
    "standstill": ("desk:sending", False),
    "mail_server": ("desk:sending", False),
    "providerdoor": ("desk:mail-providers", False),
    "suppression": ("desk:suppressions", False),
    "suppressionimport": ("desk:suppression-imports", False),
    "export": ("desk:exports", False),
    "report": ("desk:report", True),
    "retention": ("desk:retention", False),
}
"""Where a thing is shown, and whether that page is its own."""
EXPORTS = {
    Export.Kind.AUDIT.value: "desk:audit-exports",
    "audit.exported": "desk:audit-exports",
    Export.Kind.SUPPRESSIONS.value: "desk:suppression-exports",
    "suppressions.exported": "desk:suppression-exports",
    Export.Kind.SUBSCRIBERS.value: "desk:subscriber-exports",
}
"""Where files of a list wait, by the list or by the deed that gave one at once."""

EMPTY: tuple[Any, ...] = ("", None, [], {})
STORED_SENTENCES = ("problem", "reason")
"""Fields whose values Publisher wrote, in English."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}\S*")


def who(entry: AuditEntry) -> str:
    """A person's login, `ada@host` of a command line, or Publisher itself; never empty."""
    name = entry.actor_name.strip()
    if name and (name != SYSTEM or entry.actor_id is not None):
        by_command = entry.actor_id is None and "@" in name
        return at_command_line(name) if by_command else name
    by = str(entry.after.get("by") or "")
    if "@" in by:
        return at_command_line(by)
    if entry.action.startswith(AT_THE_COMMAND_LINE) or MADE_BY_A_FILE.fullmatch(entry.action):
        return gettext("Command line")
    return PUBLISHER


def at_command_line(name: str) -> str:
    """Of somebody who did it by a command."""
    return gettext("%(name)s (command line)") % {"name": name}


def deeds() -> dict[str, str | Promise]:
    """Every deed that has a name, by its action."""
    return {**DEEDS, **MORE_DEEDS, **review_words.DEEDS}


def deed(action: str) -> str:
    """What an entry says that somebody did."""
    return str(deeds().get(action) or action.replace(".", ": ").replace("_", " "))


def thing(entry: AuditEntry) -> str:
    """`Edition 12`; `Mail server`, of which there is one."""
    known = THINGS.get(entry.object_type) or review_words.THINGS.get(entry.object_type)
    kind = str(known or entry.object_type.capitalize())
    return f"{kind} {entry.object_id}".rstrip()


def thing_of(action: str) -> str:
    """What kind of thing an action is about: `Edition` of `edition.pause`."""
    kind = THING_OF.get(action.partition(".")[0], action.partition(".")[0])
    known = THINGS.get(kind) or review_words.THINGS.get(kind)
    return str(known or kind.replace("_", " ").capitalize())


def link(entry: AuditEntry) -> str:
    """The page of the thing that an entry is about; "" where there is none."""
    page = PAGES.get(entry.object_type)
    if page is None:
        return ""
    name, argument = page
    if entry.object_type == "export":
        name = EXPORTS.get(entry.after.get("of") or entry.action, name)
    if not argument:
        return reverse(name)
    number = number_in(entry.object_id)
    return reverse(name, args=[number]) if number is not None else ""


def field(name: str, kind: str = "") -> str:
    """A field's name for people, of an entry about such a thing."""
    return str(trail_fields.known(name, kind) or name.replace("_", " ").capitalize())


def fields(entry: AuditEntry) -> list[str]:
    """The fields of an entry that tell a person something: not those that a new thing was left without."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    return [name for name in names if name in entry.before or entry.after[name] not in EMPTY]


def change(entry: AuditEntry, name: str) -> tuple[Piece, ...]:
    """What a field was and is; the same once when it did not change."""
    before, after = (_shown(entry, name, values.get(name)) for values in (entry.before, entry.after))
    if name not in entry.before:
        return value_pieces(after, after)
    return value_pieces(before, after)


def _shown(entry: AuditEntry, name: str, value: Any) -> Any:
    """A value as a person reads it: states by their names, times in the viewer's zone."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dict):
        return "\n".join(f"{_key(entry, key)}: {_shown(entry, key, each)}" for key, each in value.items())
    if isinstance(value, list) and name == "fields":
        return [field(each, entry.object_type) for each in value]
    if isinstance(value, str):
        return _said(entry, name, value)
    return trail_fields.value_named(name, str(value)) if name == "weekday" else value


def _said(entry: AuditEntry, name: str, text: str) -> str:
    """A text of the trail: a name of the code, a sentence of Publisher's, a time, or what a person wrote."""
    if name == "state" and (long := LONG_NAMES.get(entry.object_type, {}).get(text)):
        return str(long)
    if name in trail_fields.NAMED:
        return ", ".join(trail_fields.value_named(name, each) for each in text.split(", "))
    if name in STORED_SENTENCES:
        return told(text)
    return _moment(text) if _MOMENT.fullmatch(text) else text


def _key(entry: AuditEntry, key: str) -> str:
    """A key of a value of several: a language of a digest's texts, or a field."""
    return language_name(key) if entry.object_type == "digest" else field(key, entry.object_type)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if not moment.tzinfo:
        return text
    locale = to_locale(get_language() or "en")
    return format_datetime(timezone.localtime(moment), gettext("d MMM y, HH:mm"), locale=locale)
