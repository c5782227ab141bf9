"""Mailboxes that answers come to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from tests.desk.builders import a_mailbox


def mailboxes(now: datetime) -> dict[str, str]:
    """One that works, one that is refused, one that is paused."""
    works = a_mailbox(taken=1204, looked_at=now, last_message_at=now, next_at=now, created_at=now)
    a_mailbox(
        name="Complaints of the region",
        looked_at=None,
        said="The mailbox’s server imap.example.org:993 refused the login: [AUTHENTICATIONFAILED] Invalid credentials.",
        todo="Enter the password again. Some providers want a password for programs, or take OAuth 2.0 only.",
        failures=3,
        failing_since=now,
        next_at=now + timedelta(minutes=2),
        memory={"left_out": {"7": [1, now.isoformat()]}},
    )
    a_mailbox(name="Old", active=False, way="pop3", after="delete")
    return {
        "mailboxes": reverse("desk:mailboxes"),
        "mailbox-new": reverse("desk:mailbox-new"),
        "mailbox-edit": reverse("desk:mailbox-edit", args=[works.pk]),
    }
