"""Sending the notices to staff that `social/notices.py` wrote: each once, through the same mail server as all mail.

A row is `sending`, with a lease, before a socket opens. Whoever dies then leaves it `unknown`, and it is not sent again: a
notice that came twice would be the smaller harm, and still nobody sends by guessing. They take no part in editions and pacing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.html import linebreaks

from publisher.audience import addresses
from publisher.audience.models import Suppression
from publisher.core import standstill
from publisher.core.errors import (
    ChannelDown,
    OtherSideError,
    Rejected,
    Retry,
    SenderRefused,
    Unknown,
    UserError,
)
from publisher.delivery import outage
from publisher.delivery.email.address import BadAddress, parse_address
from publisher.delivery.email.headers import BadHeader, Mailbox
from publisher.delivery.email.message import build_template, date_header, message_id
from publisher.delivery.email.outgoing import Merge, Outgoing, Withdrawn
from publisher.delivery.email.transport import Transport, is_provider, open_transport
from publisher.delivery.settle import WAITS
from publisher.delivery.signing import signer_for
from publisher.digests.models import Digest
from publisher.render.slots import neutralise
from publisher.social import endings
from publisher.social.health import health_of
from publisher.social.models import Notice

log = logging.getLogger(__name__)

S = Notice.State

SENDER = "Publisher"
LEASE = timedelta(minutes=10)
"""Longer than any one mail takes."""
NOT_ITS_FAULT = timedelta(minutes=1)
"""Between tries that something else than the notice stopped; a server that is away is left alone longer (`outage.py`)."""
TOLD_WITHIN = timedelta(days=3)
"""A notice that could not leave for so long says nothing new."""
BATCH = 50

_LOST = "The process that sent it ended before it knew: it may have been sent."
_OVER = "The channel went on before this left."
_RENEWED = "The access was set anew before this left."
_TOO_LATE = "No mail could leave for three days."
_NO_SENDER = "There is no address to send it from."


def send_due(*, now: datetime) -> dict[str, int]:
    """Send what is due; counts by the state reached. Nothing leaves while no mail server is set, while it is left alone after
    a failure, or while all sending stands still."""
    _settle_lost(now)
    due = Notice.objects.filter(state=S.QUEUED, due_at__lte=now).order_by("due_at", "id")
    before = outage.look()
    if not settings.MAIL or standstill.is_on() or before.rests or not due.exists():
        return {}
    try:
        transport = open_transport(settings.MAIL)
    except UserError as error:
        log.error("notice.no_transport", extra={"error": error.message})  # noqa: TRY400 - the message says it all
        return {}
    counts: dict[str, int] = {}
    try:
        for notice_id in list(due.values_list("pk", flat=True)[:BATCH]):
            notice = _claimed(notice_id, now)
            if notice is None:
                continue
            tried = _try(notice, transport, now) if notice.state == S.SENDING else None
            state = _settle(notice, tried, now) if tried else S(notice.state)
            counts[state.value] = counts.get(state.value, 0) + 1
            if tried and tried.server_away:
                _server_is_away(tried.error, before.last, now)
                break
    finally:
        transport.close()
    if S.SENT.value in counts:
        outage.over()
    return counts


def sender_address() -> str:
    """Where notices come from: the setting, else the sender of the first digest, whose mail the server takes; else ""."""
    if settings.NOTICES_FROM:
        return str(settings.NOTICES_FROM)
    known = Digest.objects.filter(enabled=True).exclude(from_address="").order_by("pk").first()
    return known.from_address if known else ""


class _Tried(NamedTuple):
    """What came of a try. `spent`: it counts among those after which a notice is given up. `server_away`: the trouble is the
    mail server's, and every other mail would meet it."""

    error: OtherSideError | None
    spent: bool = True
    server_away: bool = False


def _try(notice: Notice, transport: Transport, now: datetime) -> _Tried:
    try:
        message = _message(notice, now)
    except UserError as error:  # a person can mend it: it waits
        return _Tried(ChannelDown(f"{error.message} {error.hint}".strip()), spent=False)
    except (BadAddress, BadHeader) as error:
        return _Tried(Rejected(str(error)))
    try:
        return _Tried(next(iter(transport.send([message], may_go=_may_go))).answer.error)
    except Withdrawn:
        return _Tried(ChannelDown("All sending stands still."), spent=False)
    except (ChannelDown, Retry) as error:
        return _Tried(error, spent=False, server_away=not isinstance(error, SenderRefused))


def _server_is_away(error: OtherSideError | None, last: str, now: datetime) -> None:
    """Have it left alone for a while, as any mail that met it would: a refused login every few seconds locks an account."""
    if error is not None:
        asked = error.after if isinstance(error, Retry) else None
        outage.begin(error.reason, lasting=isinstance(error, ChannelDown), asked=asked, now=now, last=last)


@transaction.atomic
def _claimed(notice_id: int, now: datetime) -> Notice | None:
    """The row, now ours; or settled, when it need not leave any more. None: it is not queued."""
    notice = (
        Notice.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("channel")
        .filter(pk=notice_id, state=S.QUEUED)
        .first()
    )
    if notice is None or standstill.is_on():
        return None
    if notice.created_at < now - TOLD_WITHIN:
        notice.state, notice.reason, notice.settled_at = S.FAILED, _TOO_LATE, now
    elif untrue := _no_longer_true(notice, now):
        notice.state, notice.reason, notice.settled_at = S.CANCELLED, untrue, now
    elif why := _suppressed(notice.to, now):
        notice.state, notice.settled_at = S.FAILED, now
        notice.reason = f"{notice.to} is on the suppression list ({why})."
    else:
        notice.state, notice.lease_until, notice.attempts = S.SENDING, now + LEASE, notice.attempts + 1
    notice.save(update_fields=["state", "reason", "settled_at", "lease_until", "attempts"])
    return notice


def _no_longer_true(notice: Notice, now: datetime) -> str:
    """Why it need not be told any more; "" while it is true."""
    if notice.kind == Notice.Kind.DOWN:
        return "" if notice.channel.paused_reason else _OVER
    ends = health_of(notice.channel).credentials_end_at
    return "" if ends is not None and ends <= now + endings.FIRST else _RENEWED


def _settle(notice: Notice, tried: _Tried, now: datetime) -> Notice.State:
    """Write what became of it."""
    error, spent = tried.error, tried.spent
    due_at, reason = notice.due_at, error.reason if error else ""
    if error is None:
        state = S.SENT
    elif isinstance(error, Unknown):
        state = S.UNKNOWN
    elif isinstance(error, Rejected) or (spent and notice.attempts >= settings.ATTEMPTS):
        state = S.FAILED
    else:
        state = S.QUEUED
        wait = timedelta(seconds=WAITS[min(notice.attempts, len(WAITS)) - 1]) if spent else NOT_ITS_FAULT
        asked = error.after if isinstance(error, Retry) and error.after else timedelta()
        due_at = now + max(wait, asked)
    # Whoever came too late, after its lease, changes nothing but for an acceptance, which is known better than that.
    ours = Notice.objects.filter(
        pk=notice.pk, state__in=[S.SENDING, S.UNKNOWN] if error is None else [S.SENDING]
    )
    ours.update(
        state=state,
        reason=reason,
        due_at=due_at,
        lease_until=None,
        settled_at=None if state is S.QUEUED else now,
        attempts=F("attempts") if spent else F("attempts") - 1,
    )
    log.log(
        logging.INFO if error is None else logging.WARNING,
        "notice.settled",
        extra={
            "notice_id": notice.pk,
            "channel_id": notice.channel_id,
            "state": state.value,
            "reason": reason,
        },
    )
    return state


def _settle_lost(now: datetime) -> None:
    lost = Notice.objects.filter(state=S.SENDING, lease_until__lt=now)
    lost.update(state=S.UNKNOWN, reason=_LOST, lease_until=None, settled_at=now)


def _message(notice: Notice, now: datetime) -> Outgoing:
    """The mail. Raises BadAddress, BadHeader; UserError without a sender, or with a key that cannot be opened."""
    sender = sender_address()
    if not sender:
        raise UserError(_NO_SENDER, "Set PUBLISHER_NOTICES_FROM.")
    domain = parse_address(sender).domain
    text = neutralise(notice.text)
    template = build_template(
        subject=neutralise(notice.subject),
        html=f'<html><body style="font-family: sans-serif">{linebreaks(text, autoescape=True)}</body></html>',
        text=text,
        sender=Mailbox(sender, SENDER),
        language="en",
        auto_submitted=True,
    )
    values = {
        "to_address": notice.to,
        "message_id": message_id(f"notice.{notice.message_key}", domain),
        "date": date_header(now),
    }
    data = template.join(values)
    signer = None if is_provider(settings.MAIL) else signer_for(domain)
    if signer:
        data = signer.header(data, at=int(now.timestamp())) + data
    return Outgoing(
        id=notice.pk,
        mail_from=sender,
        rcpt_to=notice.to,
        data=data,
        checked=True,
        merge=Merge(template, values),
        seven_bit=template.is_ascii and notice.to.isascii(),
    )


def _may_go() -> bool:
    """Asked right before the content leaves."""
    return not standstill.is_on()


def _suppressed(address: str, now: datetime) -> str:
    """Why nothing may be sent there; "" when it may."""
    found = Suppression.objects.filter(email_key=addresses.key(address)).first()
    return str(found.reason) if found and (found.until is None or found.until > now) else ""
