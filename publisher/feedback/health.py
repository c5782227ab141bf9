"""How mailboxes fare, and what a doctor says of the ways by which answers come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.marking import gettext_noop
from publisher.core.told import told
from publisher.delivery.doctor import kept
from publisher.delivery.doctor.examination import examine
from publisher.delivery.doctor.findings import Finding, Level
from publisher.delivery.pulse import looking
from publisher.delivery.pulse.judging import Health, Part
from publisher.delivery.pulse.looking import Group
from publisher.feedback import mailboxes
from publisher.feedback.models import Mailbox
from publisher.feedback.ways.base import Trouble

FORGOTTEN: Final = timedelta(minutes=15)
"""After which a mailbox that is due and that nobody looks at has no reader."""


def is_forgotten(row: Mailbox, now: datetime) -> bool:
    """Whether nobody reads it, though it is time. Pure."""
    since = max(filter(None, (row.looked_at, row.next_at, row.lease_until, row.created_at)))
    return row.active and since < now - FORGOTTEN


def everything(now: datetime) -> list[Group]:
    """Every part of the service in groups, mailboxes too, where there are any."""
    groups = looking.look(now)
    if mailboxes := parts(now):
        groups.append(Group(_("Mailboxes"), mailboxes))
    return groups


def examined(*, user: Actor, now: datetime) -> None:
    """Examine server, DNS, keys and mailboxes, and keep what was found; it takes some seconds, and sends nothing."""
    kept.keep([*examine(now=now), *findings(now)], now=now)
    audit.record_of(user, "mail_server.examined", "mail_server", "")


def parts(now: datetime) -> list[Part]:
    """Each mailbox that is read, for the page System; nothing when the database is away, which that page says by itself."""
    try:
        return [_part(row, now) for row in Mailbox.objects.filter(active=True)]
    except OperationalError:
        return []


def _part(row: Mailbox, now: datetime) -> Part:
    if row.failures:
        return Part(row.name, Health.BAD, told(row.said), told(row.todo))
    if is_forgotten(row, now):
        return Part(
            row.name,
            Health.BAD,
            _("Nobody reads it."),
            _("Start `publisher feedback watch`, or `publisher up`."),
        )
    if row.looked_at is None:
        return Part(row.name, Health.WARN, _("It was not read yet."))
    if row.memory.get("left_out"):
        said = _("%(num)s messages in it could not be read.") % {"num": len(row.memory["left_out"])}
        return Part(row.name, Health.WARN, said, _("Look at them in the mailbox; the log says why."))
    return Part(row.name, Health.GOOD, _("It is read; messages so far: %(num)s.") % {"num": row.taken})


def findings(now: datetime) -> list[Finding]:
    """What the doctor says: each mailbox is logged in to."""
    try:
        return list(_findings(now))
    except DatabaseError:
        return []


def _findings(now: datetime) -> Iterator[Finding]:
    rows = list(Mailbox.objects.filter(active=True))
    for row in rows:
        yield _finding(row, now)
    about = gettext_noop("What comes back")
    if not rows and not settings.FEEDBACK_LISTEN and (settings.RETURN_DOMAIN or settings.UNSUBSCRIBE_ADDRESS):
        yield Finding(
            "feedback",
            about,
            Level.WARNING,
            gettext_noop("no mailbox is read, and no mail server hands anything over."),
            gettext_noop("Bounces and mails that ask to leave are seen only if a pipe brings them."),
            gettext_noop(
                "Add a mailbox in the desk below Mail servers; docs/feedback.md has the other ways."
            ),
        )
    elif rows and not settings.RETURN_DOMAIN:
        yield Finding(
            "feedback",
            about,
            Level.WARNING,
            gettext_noop("PUBLISHER_RETURN_DOMAIN is empty: bounces come to the sender’s address."),
            gettext_noop("Without a return path of its own a bounce does not always tell whose it is."),
            gettext_noop(
                "Set PUBLISHER_RETURN_DOMAIN, and let its mail come into a mailbox that is read here."
            ),
        )


def _finding(row: Mailbox, now: datetime) -> Finding:
    about = gettext_noop("Mailbox %(name)s") % {"name": row.name}
    if is_forgotten(row, now):
        return Finding(
            "mailbox",
            about,
            Level.PROBLEM,
            gettext_noop("nobody reads it."),
            "",
            gettext_noop("Start `publisher feedback watch`, or `publisher up`."),
        )
    try:
        found = mailboxes.verify(row)
    except Trouble as trouble:
        return Finding("mailbox", about, Level.PROBLEM, trouble.message, "", trouble.hint)
    return Finding("mailbox", about, Level.OK, gettext_noop("can be read: %(found)s.") % {"found": found})
