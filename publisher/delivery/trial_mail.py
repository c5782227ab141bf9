"""A test mail to the person who asks for it, through the mail server of all mail: tried once, and what came of it is told."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from publisher.audience import addresses
from publisher.core import audit, standstill
from publisher.core.audit import Actor
from publisher.core.errors import OtherSideError, UserError
from publisher.delivery import plain_mail
from publisher.delivery.email.address import BadAddress
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.email.outgoing import Outgoing, Withdrawn
from publisher.delivery.email.transport import open_transport


def send(to: str, *, user: Actor, now: datetime) -> str:
    """Send it; what the server said. Raises `UserError` with the server's reason, or with what to set."""
    if not settings.MAIL:
        raise UserError(_("No mail server is set."), _("Set PUBLISHER_MAIL, and restart."))
    if standstill.is_on():
        raise UserError(_("All sending stands still."), _("Let it go on first, under Sending."))
    to = addresses.checked(to)
    subject = _("Test mail of Publisher")
    text = _("This mail left through the mail server that is set, and reached you.")
    try:
        mail = plain_mail.PlainMail(0, to, subject, text, f"test.{secrets.token_hex(12)}")
        message = plain_mail.message(mail, now=now)
        error, said = _tried(message)
    except (BadAddress, BadHeader) as problem:
        raise UserError(str(problem), _("Nothing was sent.")) from problem
    audit.record_of(
        user,
        "mail_server.tested",
        "mail_server",
        "",
        after={"to": to, "result": error.reason if error else "accepted"},
    )
    if error:
        raise UserError(
            _("The mail server did not take the test mail: %(reason)s") % {"reason": error.reason},
            _("Examine the set-up below, which looks closer."),
        ) from error
    return said


def _tried(message: Outgoing) -> tuple[OtherSideError | None, str]:
    transport = open_transport(settings.MAIL)
    try:
        result = next(iter(transport.send([message], may_go=lambda: not standstill.is_on())))
    except Withdrawn:
        raise UserError(_("All sending stands still."), _("Let it go on first, under Sending.")) from None
    except OtherSideError as error:
        return error, ""
    finally:
        transport.close()
    return result.answer.error, result.answer.text
