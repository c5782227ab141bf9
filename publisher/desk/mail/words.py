"""The words of the audit trail for what people do to mailboxes."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MAILBOXES: Final[dict[str, str | Promise]] = {
    "mailbox.created": _("added a mailbox"),
    "mailbox.changed": _("changed a mailbox"),
    "mailbox.rotated": _("entered a new password or token for a mailbox"),
    "mailbox.verified": _("verified a mailbox"),
    "mailbox.on": _("had a mailbox read again"),
    "mailbox.paused": _("paused a mailbox"),
    "mailbox.removed": _("removed a mailbox"),
}
FIELDS: Final[dict[str, str | Promise]] = {
    "way": _("Way"),
    "port": _("Port"),
    "security": _("Security"),
    "login": _("Login"),
    "username": _("User"),
    "token_url": _("Address of the token"),
    "client_id": _("Id of the application"),
    "scope": _("Scope"),
    "folder": _("Folder"),
    "after": _("After taking"),
    "taken_folder": _("Folder for what was taken"),
    "own_certificate": _("An authority of its own"),
}
