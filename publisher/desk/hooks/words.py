"""The words of the audit trail for what people do to webhooks."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HOOKS: Final[dict[str, str | Promise]] = {
    "endpoint.created": _("made a webhook"),
    "endpoint.changed": _("changed a webhook"),
    "endpoint.on": _("switched a webhook on"),
    "endpoint.off": _("switched a webhook off"),
    "endpoint.rotated": _("made a new secret for a webhook"),
    "endpoint.removed": _("removed a webhook"),
    "endpoint.tested": _("sent a webhook a test"),
    "endpoint.replayed": _("had a message of a webhook sent again"),
    "endpoint.replayed_since": _("had messages of a webhook sent again"),
}
FIELDS: Final[dict[str, str | Promise]] = {
    "host": _("Host"),
    "address": _("Address"),
    "events": _("Is told"),
    "digests": _("Digests"),
    "batched": _("Deliveries up to a hundred at once"),
    "with_addresses": _("Addresses of readers"),
    "active": _("On"),
    "messages": _("Messages"),
    "message": _("Message"),
    "failed_only": _("Only what was given up"),
    "type": _("Event"),
}
