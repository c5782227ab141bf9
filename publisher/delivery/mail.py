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
from publisher.digests.models import Edition

log = logging.getLogger(__name__)

SERVER_PROBLEM = "Mail cannot leave: "
WAITS = "Mail waits: "


def send_due(*, seconds: float, clock_: Clock | None = None) -> dict[str, int]:
    """Send queued mail for about `seconds`; counts by the state reached. Nothing is sent while no mail server is set, or
    while all sending stands still.

    The time is the database's, so that hosts whose clocks differ agree on what is due and whose lease has ended.
    """
    if not settings.MAIL or standstill.is_on() or outage.is_on():
        return {}
    with turn("mail", seconds=seconds, places=places_for_mail()) as mine:
        if not mine:
            return {}
        gate = Gate(limits_of_settings())
        sender = Sender(
            partial(open_transport, settings.MAIL, before_call=gate.wait),
            stop_at=time.monotonic() + seconds,
            lanes=settings.MAIL_CONNECTIONS,
            clock=clock_ or clock.anchored(clock.database_now()),
        )
        try:
            sender.run()
        except UserError as error:  # no claim was made: the transports come first
            sender.away = ChannelDown(f"{error.message} {error.hint}")
        if sender.away:
            _server_is_away(sender.away)
        else:
            if sender.counts:
                outage.over()
            _say(WAITS, sender.held_up)
            if sender.is_over:
                events.emit("delivery.due")
    return dict(sender.counts)


def _server_is_away(error: ChannelDown | Retry) -> None:
    """The trouble is the server's and no message's: no message's tries are spent on it."""
    asked = error.after if isinstance(error, Retry) else None
    outage.begin(lasting=isinstance(error, ChannelDown), asked=asked)
    log.error("mail.server_away", extra={"error": error.reason})
    _say(SERVER_PROBLEM, error.reason)


def _say(beginning: str, reason: str) -> None:
    """Put on every edition that is being sent why it does not go on; without a reason, that it does."""
    sending = Edition.objects.filter(state=Edition.State.SENDING)
    if reason:
        sending.update(problem=beginning + reason)
        return
    for former in (SERVER_PROBLEM, WAITS):
        sending.filter(problem__startswith=former).update(problem="")
