"""Sending the notices to staff that `social/notices.py` wrote: each once, through the same mail server as all mail.

How a row leaves is `outbox.py`. They take no part in editions and pacing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from publisher.audience import addresses
from publisher.audience.models import Suppression
from publisher.delivery import plain_mail
from publisher.delivery.email.outgoing import Outgoing
from publisher.delivery.outbox import Outbox, Over
from publisher.delivery.plain_mail import PlainMail
from publisher.social import endings
from publisher.social.health import health_of
from publisher.social.models import Notice

S = Notice.State

TOLD_WITHIN = timedelta(days=3)
"""A notice that could not leave for so long says nothing new."""

_OVER = gettext_noop("The channel went on before this left.")
_RENEWED = gettext_noop("The access was set anew before this left.")
_TOO_LATE = gettext_noop("No mail could leave for three days.")


def send_due(*, now: datetime) -> dict[str, int]:
    """Send what is due; counts by the state reached. Nothing leaves while no mail server is set, while it is left alone after
    a failure, or while all sending stands still."""
    return _OUTBOX.send_due(now=now)


def _over(notice: Notice, now: datetime) -> Over | None:
    if notice.created_at < now - TOLD_WITHIN:
        return Over(S.FAILED, _TOO_LATE)
    if untrue := _no_longer_true(notice, now):
        return Over(S.CANCELLED, untrue)
    if why := _suppressed(notice.to, now):
        said = gettext_noop("%(address)s is on the suppression list (%(reason)s).")
        return Over(S.FAILED, said % {"address": notice.to, "reason": why})
    return None


def _no_longer_true(notice: Notice, now: datetime) -> str:
    """Why it need not be told any more; "" while it is true."""
    if notice.kind == Notice.Kind.DOWN:
        return "" if notice.channel.paused_reason else _OVER
    ends = health_of(notice.channel).credentials_end_at
    return "" if ends is not None and ends <= now + endings.FIRST else _RENEWED


def _message(notice: Notice, now: datetime) -> Outgoing:
    mail = PlainMail(notice.pk, notice.to, notice.subject, notice.text, f"notice.{notice.message_key}")
    return plain_mail.message(mail, now=now)


def _suppressed(address: str, now: datetime) -> str:
    """Why nothing may be sent there; "" when it may."""
    found = Suppression.objects.filter(email_key=addresses.key(address)).first()
    return str(found.reason) if found and (found.until is None or found.until > now) else ""


_OUTBOX = Outbox(
    Notice,
    what="notice",
    over=_over,
    message=_message,
    related=("channel",),
    log_as=lambda notice: {"channel_id": notice.channel_id},
)
