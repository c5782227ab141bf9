"""Sending the mail that is queued: whether it may be tried now, by whom, and what is said when the server is away.

Called by the task `deliver.send_mail`. The sending itself is in `sender.py` and `lanes.py`.
"""

from __future__ import annotations

import logging
import time
from functools import partial

from django.conf import settings

from publisher.core import clock, events, standstill
from publisher.core.errors import ChannelDown, Retry, UserError
from publisher.delivery import outage
from publisher.delivery.email.transport import open_transport
from publisher.delivery.lanes import Clock
from publisher.delivery.pacing.gate import Gate
from publisher.delivery.pacing.pacer import limits_of_settings
from publisher.delivery.sender import Sender
from publisher.delivery.turns import places_for_mail, turn

log = logging.getLogger(__name__)


def send_due(*, seconds: float, clock_: Clock | None = None) -> dict[str, int]:
    """Send queued mail for about `seconds`; counts by the state reached. Nothing is sent while no mail server is set, or
    while all sending stands still.

    The time is the database's, so that hosts whose clocks differ agree on what is due and whose lease has ended.
    """
    if not settings.MAIL:
        outage.forget()
        return {}
    if standstill.is_on():
        return {}
    before = outage.look()
    if before.rests:
        return {}
    with turn("mail", seconds=seconds, places=places_for_mail()) as mine:
        if not mine:
            return {}
        stop_at = time.monotonic() + seconds
        gate = Gate(limits_of_settings(), stop_at=stop_at)
        sender = Sender(
            partial(open_transport, settings.MAIL, before_call=gate.wait),
            stop_at=stop_at,
            lanes=settings.MAIL_CONNECTIONS,
            clock=clock_ or clock.Anchored(clock.database_now()),
        )
        try:
            sender.run()
        except UserError as error:  # no claim was made: the transports come first
            sender.away = ChannelDown(f"{error.message} {error.hint}")
        if sender.away:
            _server_is_away(sender.away, last=before.last, progressed=bool(sender.counts))
        else:
            if sender.counts:
                outage.over()
            if sender.is_over:
                events.emit("delivery.due")
    return dict(sender.counts)


def _server_is_away(error: ChannelDown | Retry, *, last: str, progressed: bool) -> None:
    """The trouble is the server's and no message's: no message's tries are spent on it."""
    log.error("mail.server_away", extra={"error": error.reason})
    outage.begin(
        error.reason,
        lasting=isinstance(error, ChannelDown),
        asked=error.after if isinstance(error, Retry) else None,
        now=clock.now(),
        last=last,
        progressed=progressed,
    )
