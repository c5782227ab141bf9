"""Sending invitations and links for new passwords (`people.Letter`): each once, and the link is made when it leaves.

How a row leaves is `outbox.py`. Of one that is left `unknown` the person asks for another.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core.errors import UserError
from publisher.delivery import plain_mail
from publisher.delivery.email.outgoing import Outgoing
from publisher.delivery.outbox import Outbox, Over
from publisher.delivery.plain_mail import PlainMail
from publisher.people import invitations, passwords
from publisher.people.models import Letter
from publisher.people.roles import by_name

S = Letter.State

GOOD_FOR = {Letter.Kind.RESET: timedelta(hours=1), Letter.Kind.INVITATION: timedelta(days=3)}
"""A letter that could not leave for so long: whoever asked has found another way, or asks again."""

_TOO_LATE = gettext_noop("No mail could leave for too long.")
_OVER = gettext_noop("It was accepted, withdrawn or closed before it left.")


def send_due(*, now: datetime) -> dict[str, int]:
    """Send what is due; counts by the state reached. Nothing leaves while no mail server is set, while it is left alone after
    a failure, or while all sending stands still."""
    return _OUTBOX.send_due(now=now)


def _over(letter: Letter, now: datetime) -> Over | None:
    if letter.created_at < now - GOOD_FOR[Letter.Kind(letter.kind)]:
        return Over(S.FAILED, _TOO_LATE)
    return None if _still_wanted(letter, now) else Over(S.CANCELLED, _OVER)


def _still_wanted(letter: Letter, now: datetime) -> bool:
    if letter.kind == Letter.Kind.INVITATION:
        return letter.invitation is not None and invitations.is_open(letter.invitation, now)
    return letter.user is not None and letter.user.is_active


def _message(letter: Letter, now: datetime) -> Outgoing:
    with translation.override(letter.language):
        subject, text = _invitation(letter) if letter.kind == Letter.Kind.INVITATION else _reset(letter)
    mail = PlainMail(letter.pk, letter.to, subject, text, f"letter.{letter.message_key}", letter.language)
    return plain_mail.message(mail, now=now, links=True)


def _invitation(letter: Letter) -> tuple[str, str]:
    invitation = letter.invitation
    if invitation is None:
        raise UserError(_OVER)
    role = by_name(invitation.role)
    link = invitations.new_link(invitation.pk)
    values = {
        "who": invitation.invited_by_name,
        "site": settings.BASE_URL,
        "role": role.label if role else invitation.role,
    }
    paragraphs = (
        _("%(who)s invites you to Publisher at %(site)s, as %(role)s.") % values,
        _("Open this link to choose a name and a password. It works once, within seven days:"),
        link,
        _("If you do not know what this is about, ignore this mail: nothing happens without you."),
    )
    return _("You are invited to Publisher"), "\n\n".join(paragraphs) + "\n"


def _reset(letter: Letter) -> tuple[str, str]:
    user = letter.user
    if user is None:
        raise UserError(_OVER)
    link = passwords.link_for(user)
    values = {"name": user.get_username(), "site": settings.BASE_URL}
    paragraphs = (
        _("Somebody, you we hope, asked for a new password for %(name)s at %(site)s.") % values,
        _("Open this link to set one. It works once, within two hours:"),
        link,
        _("If it was not you, ignore this mail: your password stays as it is."),
    )
    return _("A new password for Publisher"), "\n\n".join(paragraphs) + "\n"


_OUTBOX = Outbox(
    Letter,
    what="letter",
    over=_over,
    message=_message,
    related=("invitation", "user"),
    log_as=lambda letter: {"kind": letter.kind},
)
