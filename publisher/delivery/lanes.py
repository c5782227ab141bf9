"""A lane of the sender: one connection to the mail server or provider. It takes claims, sends each in order
and notes every result before the content of the next message goes out. It never touches the database: `sender.py` does.

Order matters here: the sweep relies on it that of a claim's rows without a result only the first can have been accepted; with
a provider, as many of the first as its transport says (`Transport.flight`). And that a claim is noted as begun before anything
of it can be accepted: right before, so that one which waits for a connection or for its pace is not in doubt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from queue import SimpleQueue

from django.conf import settings
from django.utils.translation import gettext_noop

from publisher.core import trace
from publisher.core.clock import stamps
from publisher.core.errors import ChannelDown, Rejected, Retry, SenderRefused
from publisher.core.strands import Inbox, SharedThread
from publisher.delivery import journal
from publisher.delivery.claim import Claim, ClaimedMail
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.email.outgoing import Answer, Outgoing, Result, Withdrawn
from publisher.delivery.email.transport import Transport
from publisher.delivery.journal import Journal, JournalLost
from publisher.delivery.letters import Letters, Templates
from publisher.delivery.pacing import pacer
from publisher.delivery.pacing.scopes import Scope, scope_of
from publisher.delivery.settle import Acceptances, Settlement, Try, outcome_of, worker_name
from publisher.render.slots import SlotError

log = logging.getLogger(__name__)

BUILT_AHEAD = 8
"""Messages that a lane holds ready: with those of the other lanes, what the processor's cache has room for."""

Clock = Callable[[], datetime]


@dataclass
class Held:
    """A claim that this process holds, and what came of it so far.

    `until`: when its lease ends, lengthened by the sender. `stopped`: nothing more of it may go out (paused, taken over).
    `begun`: something of it may have gone out, and that is noted. `away`: why the server could not be used, `refused`: why its
    sender could not. `seconds`: how long it took. What has no result when it is done was not accepted.
    """

    claim: Claim
    letters: Letters
    templates: Templates
    clock: Clock
    journalled: bool
    until: datetime
    lease: timedelta
    let_go_at: datetime | None = None
    grant: pacer.Grant = field(default_factory=lambda: pacer.Grant(0))
    stopped: bool = False
    begun: bool = False
    settlements: list[Settlement] = field(default_factory=list)
    results: list[pacer.Result] = field(default_factory=list)
    away: ChannelDown | Retry | None = None
    refused: str = ""
    journal: Journal | None = None
    seconds: float = 0.0
    renewed: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.acceptances = Acceptances(self.claim.fence, worker_name())
        self.stamp = stamps(self.clock)
        self._ends, self._lease_seconds = self.until.timestamp(), self.lease.total_seconds()

    def is_ours(self) -> bool:
        """Asked right before each message's content goes out: a process that was stopped for longer than its lease, or
        waited so long for a connection, finds out here, before it sends what another has taken over.

        The wall clock is asked, too: that of a sleeping machine is set right before anything else notices."""
        if self.stopped or self.stamp() >= self._ends:
            return False
        return time.time() - self.renewed < self._lease_seconds

    def forget_notes(self) -> None:
        """Its results are in PostgreSQL. By the connection that wrote them, so that none comes behind."""
        if self.journalled and self.journal:
            self.journal.forget(self.claim.fence)
        elif self.journalled:
            journal.forget(self.claim.fence)

    def renew(self, until: datetime) -> None:
        self.until, self._ends, self.renewed = until, until.timestamp(), time.time()


def _as_meant(answer: Answer) -> Answer:
    """A provider that wants less mail and says it with a code for "never" means "later"."""
    if isinstance(answer.error, Rejected) and scope_of(answer.code, answer.enhanced, answer.text) in (
        Scope.DOMAIN,
        Scope.SERVER,
    ):
        return answer._replace(error=Retry(answer.error.reason))
    return answer


class Lane:
    """Takes claims from `ready` until it finds None, and puts each into `done`."""

    def __init__(self, session: Transport, ready: Inbox[Held | None], done: SimpleQueue[Held]) -> None:
        self.journal = Journal()
        self.gives_way = session.gives_way
        self._session = session
        self._ready = ready
        self._done = done
        self._worker = worker_name()
        self._most = settings.ATTEMPTS

    def run(self) -> None:
        """Work until told to end, or until the server cannot be used."""
        with closing(self._session):
            while (held := self._ready.get()) is not None:
                with trace.bound(held.letters.edition.trace_id):
                    self._send(held)
                self._done.put(held)
                if held.away:
                    return

    def _send(self, held: Held) -> None:
        held.journal = self.journal
        started = time.monotonic()
        mails = {mail.id: mail for mail in held.claim.mails}
        try:
            may_go = partial(self._may_go, held)
            with closing(self._session.send(self._messages(held), may_go)) as results:
                for result in results:
                    self._note(held, mails[result.id], result)
        except JournalLost as error:
            log.warning("journal.lost", extra={"fence": held.claim.fence, "error": str(error)})
        except Withdrawn:
            log.info("claim.withdrawn", extra={"fence": held.claim.fence})
        except SenderRefused as refused:
            self._sender_refused(held, refused.reason)
        except (ChannelDown, Retry) as away:
            held.away = away
        held.seconds = time.monotonic() - started

    def _may_go(self, held: Held) -> bool:
        """Whether content may go out now; before the first of a claim, that is noted. Raises `JournalLost`."""
        if held.journalled and not held.begun and held.is_ours():
            self.journal.begun(held.claim.fence)
            held.begun = True
        return held.is_ours()

    def _sender_refused(self, held: Held, reason: str) -> None:
        """The edition waits for a person, and stops no other; a test says at once that it failed."""
        if not held.claim.tests:
            held.refused = reason
            return
        settled = {each.delivery_id for each in held.settlements}
        for mail in held.claim.mails:
            if mail.id not in settled:
                self._note(held, mail, Result(mail.id, Answer(Rejected(reason)), 0.0))

    def _messages(self, held: Held) -> Iterator[Outgoing]:
        """The claim's messages, a few built at a time: a processor does that twice as fast as one between two sends."""
        mails = held.claim.mails
        for first in range(0, len(mails), BUILT_AHEAD):
            yield from [
                built for mail in mails[first : first + BUILT_AHEAD] if (built := self._built(held, mail))
            ]

    def _built(self, held: Held, mail: ClaimedMail) -> Outgoing | None:
        """The message. One that cannot be built fails by itself and stops no other."""
        try:
            return held.letters.outgoing(mail, held.templates)
        except (BadHeader, SlotError) as error:
            refused = Answer(
                Rejected(gettext_noop("This message could not be built: %(why)s.") % {"why": error})
            )
            self._note(held, mail, Result(mail.id, refused, 0.0))
            return None

    def _note(self, held: Held, mail: ClaimedMail, result: Result) -> None:
        """Keep a result, here and where it outlives this process. Where it does not, nothing more of the claim is begun;
        what a call has brought already is still taken."""
        answer = result.answer if result.answer.error is None else _as_meant(result.answer)
        settlement = self._settlement(held, mail, answer, result.seconds)
        held.settlements.append(settlement)
        held.results.append(
            pacer.Result(mail.address, settlement.state, answer.code, answer.enhanced, answer.text)
        )
        if held.journalled:
            try:
                self.journal.note(settlement)
            except JournalLost as error:
                held.stopped = True
                log.warning("journal.lost", extra={"fence": held.claim.fence, "error": str(error)})

    def _settlement(self, held: Held, mail: ClaimedMail, answer: Answer, seconds: float) -> Settlement:
        if answer.error is None:
            return held.acceptances.settlement(
                mail.id,
                started_at=held.stamp() - seconds,
                duration_ms=round(seconds * 1000, 2),
                code=answer.code,
                enhanced=answer.enhanced,
                text=answer.text,
                remote_id=answer.remote_id or held.letters.message_id(mail),
            )
        now = held.clock()
        outcome = outcome_of(answer.error, attempts=mail.attempts, most=self._most, now=now)
        log.info(
            "delivery.answered",
            extra={"delivery_id": mail.id, "state": outcome.state.value, "reason": outcome.reason},
        )
        tried = Try(
            worker=self._worker,
            started_at=now - timedelta(seconds=seconds),
            duration_ms=round(seconds * 1000, 2),
            code=answer.code or None,
            enhanced=answer.enhanced,
            text=answer.text or answer.error.reason,
        )
        return Settlement.of(mail.id, held.claim.fence, outcome, tried)


@contextmanager
def at_work(lanes: Sequence[Lane], ready: Inbox[Held | None]) -> Iterator[list[Future[None]]]:
    """Have lanes work, in one thread where they give way to each other; at the end they are waited for, which need one None
    each to end.
    """
    if all(lane.gives_way for lane in lanes):
        with SharedThread("lanes") as thread:
            ready.thread = thread
            yield thread.start([lane.run for lane in lanes])
    else:
        with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as pool:
            yield [pool.submit(lane.run) for lane in lanes]
