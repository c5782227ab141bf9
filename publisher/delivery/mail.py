"""Sending the mail that is queued: claim, join, send over one connection, settle each answer before the next is asked for.

Order matters here: the sweep relies on it that of a claim's unsettled rows only the first can have been accepted.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings

from publisher.core import clock, events, trace
from publisher.core.errors import ChannelDown, Rejected, Retry
from publisher.delivery import rest
from publisher.delivery.claim import Claim, ClaimedMail, claim_mail, release, renew
from publisher.delivery.email.address import BadAddress
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.email.smtp import (
    Answer,
    MailServer,
    Outgoing,
    Result,
    Session,
    Withdrawn,
    parse_mail_url,
)
from publisher.delivery.letters import Letters
from publisher.delivery.settle import Try, outcome_of, settle, worker_name
from publisher.delivery.states import State
from publisher.delivery.turns import turn
from publisher.digests.models import Edition
from publisher.render.slots import SlotError

log = logging.getLogger(__name__)

BATCH = 100
"""Mails claimed at once: small enough that a pause takes effect soon, large enough that claiming costs little."""

SERVER_PROBLEM = "Mail cannot leave: "

Clock = Callable[[], datetime]


def send_due(*, seconds: float, clock_: Clock = clock.now) -> dict[str, int]:
    """Send queued mail for about `seconds`; counts by the state reached. Nothing is sent while no mail server is set."""
    if not settings.MAIL or rest.is_on():
        return {}
    with turn("mail", seconds=seconds) as mine:
        if not mine:
            return {}
        sender = Sender(parse_mail_url(settings.MAIL), stop_at=time.monotonic() + seconds, clock=clock_)
        with closing(sender):
            for edition in _sending_editions():
                with trace.bound(edition.trace_id):
                    _send_or_pause(sender, edition)
                if sender.must_stop:
                    break
            if not sender.server_down:
                rest.over()
                _say_server_is_back()
                if sender.must_stop:
                    events.emit("delivery.due")
    return dict(sender.counts)


def _send_or_pause(sender: Sender, edition: Edition) -> None:
    """An edition that is broken (its sender's address, a stored variant) waits for a person and stops no other."""
    try:
        sender.send_edition(edition)
    except (BadAddress, BadHeader, ValueError) as error:
        log.exception("edition.broken", extra={"edition_id": edition.pk})
        problem = f"Its mails could not be built: {error}"
        Edition.objects.filter(pk=edition.pk, state=Edition.State.SENDING).update(
            state=Edition.State.PAUSED, problem=problem
        )


def _say_server_is_back() -> None:
    Edition.objects.filter(state=Edition.State.SENDING, problem__startswith=SERVER_PROBLEM).update(problem="")


def _sending_editions() -> list[Edition]:
    editions = Edition.objects.filter(state=Edition.State.SENDING).select_related("digest")
    return list(editions.order_by("-priority", "due_at", "id"))


@dataclass
class Sender:
    """One connection to the mail server, and what was done over it. `stop_at` is on the monotonic clock, in seconds."""

    server: MailServer
    stop_at: float
    clock: Clock = clock.now
    batch: int = BATCH
    lease: timedelta = field(default_factory=lambda: timedelta(seconds=settings.LEASE_SECONDS))
    counts: Counter[str] = field(default_factory=Counter)
    server_down: bool = False

    def __post_init__(self) -> None:
        self.worker = worker_name()
        self._session = Session(self.server)

    @property
    def must_stop(self) -> bool:
        return self.server_down or time.monotonic() >= self.stop_at

    def close(self) -> None:
        self._session.close()

    def send_edition(self, edition: Edition) -> None:
        """Send until nothing of the edition is due, the time is over, or the server is away."""
        letters = Letters(edition, now=self.clock())
        while not self.must_stop:
            claim = claim_mail(edition.pk, now=self.clock(), limit=self.batch, lease=self.lease)
            if not claim.mails:
                return
            self._send_claim(claim, letters)

    def _send_claim(self, claim: Claim, letters: Letters) -> None:
        """Send a claim in order. Whatever gave no result was not accepted and is given back.

        An error of our own (the database away) gives nothing back: the sweep will, and calls the one in flight unknown.
        """
        mails = {mail.id: mail for mail in claim.mails}
        hold = Hold(claim, self.lease, self.clock)
        try:
            with closing(self._session.send(self._messages(claim, letters), hold.is_ours)) as results:
                for result in results:
                    mail = mails[result.id]
                    if not self._settle(mail, claim.fence, result, letters.message_id(mail)):
                        log.warning("claim.lost", extra={"fence": claim.fence})
                        break
        except Withdrawn:
            log.warning("claim.lost", extra={"fence": claim.fence})
        except (ChannelDown, Retry) as away:
            self._server_is_away(away)
        except (BadAddress, BadHeader, ValueError):  # raised while a message was built: none is in flight
            release(claim.fence)
            raise
        release(claim.fence)

    def _messages(self, claim: Claim, letters: Letters) -> Iterator[Outgoing]:
        """The claim's messages. One that cannot be built fails by itself and stops no other."""
        for mail in claim.mails:
            try:
                yield letters.outgoing(mail)
            except (BadHeader, SlotError) as error:
                refused = Answer(Rejected(f"This message could not be built: {error}."))
                self._settle(mail, claim.fence, Result(mail.id, refused, 0.0))

    def _server_is_away(self, error: ChannelDown | Retry) -> None:
        """The trouble is the server's and no message's: no message's tries are spent on it."""
        self.server_down = True
        rest.begin(lasting=isinstance(error, ChannelDown))
        log.error("mail.server_away", extra={"server": str(self.server), "error": error.reason})
        Edition.objects.filter(state=Edition.State.SENDING).update(problem=SERVER_PROBLEM + error.reason)

    def _settle(self, mail: ClaimedMail, fence: int, result: Result, message_id: str = "") -> bool:
        now, answer = self.clock(), result.answer
        outcome = outcome_of(answer.error, attempts=mail.attempts, most=settings.ATTEMPTS, now=now)
        tried = Try(
            worker=self.worker,
            started_at=now - timedelta(seconds=result.seconds),
            duration_ms=round(result.seconds * 1000, 2),
            code=answer.code or None,
            enhanced=answer.enhanced,
            text=answer.text or (answer.error.reason if answer.error else ""),
            remote_id=message_id if answer.accepted else "",
        )
        settled = settle(mail.id, fence, outcome, tried, now=now)
        if settled:
            self.counts[outcome.state.value] += 1
        log.log(
            logging.DEBUG if settled and outcome.state == State.SENT else logging.INFO,
            "delivery.settled" if settled else "delivery.late_result",
            extra={"delivery_id": mail.id, "state": outcome.state.value, "reason": outcome.reason},
        )
        return settled


@dataclass
class Hold:
    """Whether a claim is still ours; its lease is lengthened in the second half of its time.

    Asked right before each message's content goes out: a process that was stopped for longer than its lease, or waited so
    long for a connection, finds out here, before it sends what another has taken over.
    """

    claim: Claim
    lease: timedelta
    clock: Clock

    def __post_init__(self) -> None:
        self.until = self.claim.lease_until

    def is_ours(self) -> bool:
        now = self.clock()
        if now < self.until - self.lease / 2:
            return True
        if now >= self.until or not renew(self.claim.fence, now=now, lease=self.lease):
            return False
        self.until = now + self.lease
        return True
