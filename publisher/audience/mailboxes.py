"""Mailboxes that are no person's, told by what stands before the @. Pure."""

from __future__ import annotations

from typing import Final

from publisher.core.marking import gettext_noop
from publisher.items.text import words

MACHINES: Final = words(
    "abuse bounce bounces do-not-reply donotreply devnull hostmaster mailer-daemon maildaemon mailerdaemon no-reply "
    "noreply no.reply no_reply nobody null postmaster root spam unsubscribe usenet uucp webmaster"
)
"""Mailboxes that no reader has (RFC 2142 and custom). A digest to them harms the sender's name; they are always refused."""
ROLES: Final = words(
    "accounting admin all billing comms communication communications contact enquiries everyone feedback hello help hr "
    "info inquiries it jobs legal library mail marketing media news newsroom office press privacy registration sales "
    "secretariat security service staff subscribe support team web"
)
"""Mailboxes that several people share."""
MACHINE_REFUSED: Final = gettext_noop(
    "%(address)s is the mailbox of a machine or of mail administration: no reader."
)
