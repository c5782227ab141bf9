"""The sender: claims what is due, hands it to its lanes, and writes their results to PostgreSQL, a claim at a time.

One thread of a worker runs it, beside one thread for each lane. Whatever happens to this process, nothing is lost or sent
twice: claims are committed before anything leaves, results are noted (`journal.py`) before the next message leaves.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext_noop

from publisher.core import clock, standstill
from publisher.core.errors import ChannelDown, Retry
from publisher.core.strands import Inbox
from publisher.delivery import journal
from publisher.delivery.broken import fail_tests, why
from publisher.delivery.claim import Claim, claim_mail, may_go_on, next_fence, release, renew
from publisher.delivery.email.address import BadAddress
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.email.transport import Transport
from publisher.delivery.lanes import Clock, Held, Lane, at_work
from publisher.delivery.letters import Letters
from publisher.delivery.pacing.due import due_editions
from publisher.delivery.pacing.held_back import put_back, put_behind
from publisher.delivery.pacing.order import Candidate, order
from publisher.delivery.pacing.pacer import Grant, Pacer
from publisher.delivery.settle import settle_all
from publisher.digests.models import Edition

log = logging.getLogger(__name__)

FIRST_CLAIM, MOST_CLAIM = 4, 400
CLAIM_SECONDS = 1.0
"""A claim is made as large as a lane sends in this time, so that a pause or an alert takes effect soon."""

AHEAD = 2
"""Claims held for each lane: the one that it sends, and the next."""

LOOK_SECONDS = 0.5
"""How often it is asked whether the editions may still be sent; and, when nothing was due, whether something is."""

DUE_SECONDS = 1.0
"""How long it is known which editions have something due, while they have."""

OVERTIME = 2.0
"""Seconds after the end of its time in which a sender's lanes may go on with what they have begun."""

IDLE_SECONDS = 0.02
PATIENT, LONG = timedelta(seconds=5), timedelta(days=1)
REDIS_REST_SECONDS = 5.0
DATABASE_SECONDS = 120.0
"""How long results are offered to a database that is away; after that only the journal has them."""

DATABASE_AWAY = (OperationalError, InterfaceError)


@dataclass
class Sender:
    """Sends what is due over `lanes` connections until nothing is due, `stop_at` (monotonic clock, in seconds) has come, or
    the server cannot be used; then `away` says why. `only`: one edition, or all that are sending when None.
    """

    open_session: Callable[[], Transport]
    stop_at: float
    lanes: int = 1
    clock: Clock = clock.now
    only: int | None = None
    lease: timedelta = field(default_factory=lambda: timedelta(seconds=settings.LEASE_SECONDS))
    most: int = MOST_CLAIM
    pacer: Pacer = field(default_factory=Pacer.of_settings)
    counts: Counter[str] = field(default_factory=Counter)
    away: ChannelDown | Retry | None = None

    def __post_init__(self) -> None:
        self._ready: Inbox[Held | None] = Inbox()
        self._done: SimpleQueue[Held] = SimpleQueue()
        self._held: dict[int, Held] = {}
        self._answered: list[Held] = []
        self._offered = False
        self._unfinished: list[tuple[int, Held | None]] = []
        self._refused: dict[int, str] = {}
        self._letters: dict[tuple[int, datetime | None], Letters] = {}
        self._size = min(FIRST_CLAIM, self.most)
        self._working = self.lanes
        self._flight = 1
        self._claim_at = self._look_at = self._journal_at = self._due_until = float("-inf")
        self._due: list[Candidate] = []
        self._known_time = clock.Anchored(clock.database_now())
        self._database_since: float | None = None
        self._more = True

    @property
    def is_over(self) -> bool:
        """Whether nothing more is begun, though something may be due."""
        return self.away is not None or time.monotonic() >= self.stop_at

    def run(self) -> None:
        """Send. What an error of our own leaves behind is settled by the sweep, from the journal."""
        transports = [self.open_session() for _ in range(self.lanes)]
        self._flight = max(transport.flight for transport in transports)
        self._size = min(max(self._size, self._flight), self.most)
        lanes = [Lane(transport, self._ready, self._done) for transport in transports]
        try:
            with at_work(lanes, self._ready) as futures:
                try:
                    while self._step(futures):
                        pass
                finally:
                    self._stop_all()
                    for _ in lanes:
                        self._ready.put(None)
        finally:
            self._settle(wait=0)
            self.pacer.flush(now=self.clock())
            for lane in lanes:
                lane.journal.close()

    def _step(self, futures: Sequence[Future[None]]) -> bool:
        """One round; whether there is more to do."""
        begun = False
        try:
            if self.is_over:
                self._take_back()
            elif len(self._held) < AHEAD * self._working and time.monotonic() >= self._claim_at:
                begun = self._claim()
            self._settle(wait=0 if begun else IDLE_SECONDS)
            if time.monotonic() >= self._look_at:
                self._look()
            self._database_since = None
        except DATABASE_AWAY as error:
            self._wait_for_database(error)
        for future in futures:
            if future.done():
                future.result()
        return bool(self._held or self._unfinished) or (self._more and not self.is_over)

    def _claim(self) -> bool:
        """Claim for one lane, of the first edition that has something due, as much as may leave; whether there was any."""
        now = self.clock()
        if time.monotonic() >= self._due_until:
            self._due = due_editions(only=self.only, now=now)
            self._due_until = time.monotonic() + DUE_SECONDS
        editions = order(self._due, now)
        grant = self.pacer.allow(self._size, now=now) if editions else Grant(0, wait=LONG)
        begun = bool(grant.count) and self._claim_first(editions, grant)
        wait = min(grant.wait.total_seconds(), LOOK_SECONDS) if not grant.count else LOOK_SECONDS
        self._claim_at = time.monotonic() + (0 if begun else wait)
        self._more = begun or (not grant.count and grant.wait < PATIENT)
        if not begun:
            self._due_until = float("-inf")
        return begun

    def _claim_first(self, editions: Sequence[Candidate], grant: Grant) -> bool:
        for edition in editions:
            try:
                claimed, going = self._claim_of(edition, grant)
            except (BadAddress, BadHeader, ValueError) as error:
                self._broken(edition, error)
                continue
            if claimed:
                self.pacer.give_back(grant, grant.count - going, now=self.clock())
                return True
            self._due.remove(edition)
        self.pacer.give_back(grant, grant.count, now=self.clock())
        return False

    def _broken(self, edition: Candidate, error: Exception) -> None:
        if not edition.tests:
            pause_broken(edition.edition_id, error)
            return
        self._release()  # what was claimed before it was found out
        fail_tests(edition.edition_id, error, lease=self.lease, now=self.clock())

    def _claim_of(self, edition: Candidate, grant: Grant) -> tuple[int, int]:
        """How many mails were claimed, and how many of them go; the others were put back."""
        edition_id = edition.edition_id
        fence, now = next_fence(), self.clock()
        journalled = self._begin_journal(fence)
        try:
            claim = claim_mail(
                edition_id,
                fence=fence,
                now=now,
                limit=grant.count if journalled else 1,
                lease=self.lease,
                tests=edition.tests,
            )
            claimed = len(claim.mails)
            claim = self._without_held_back(claim, urgent=edition.urgent, now=now)
            letters = self._letters_of(
                edition_id, edition.assembled_at if claim.tests else claim.assembled_at
            )
            load = letters.load_tests if claim.marked else letters.load
            templates = load({mail.variant_id for mail in claim.mails})
        except (*DATABASE_AWAY, ValueError):
            # Whether it was committed is not known; nothing of it was begun.
            self._unfinished.append((fence, None))
            raise
        if not claim.mails:
            if journalled:
                journal.forget(fence)
            return claimed, 0
        held = Held(
            claim,
            letters,
            templates,
            self.clock,
            journalled,
            claim.lease_until,
            self.lease,
            edition.let_go_at,
            grant,
        )
        self._held[fence] = held
        self._ready.put(held)
        return claimed, len(claim.mails)

    def _without_held_back(self, claim: Claim, *, urgent: bool, now: datetime) -> Claim:
        """Put back what may not leave yet, and what waits behind it; the others of the claim."""
        holding = self.pacer.hold_back(claim.mails, edition_id=claim.edition_id, urgent=urgent, now=now)
        if not holding.held:
            return claim
        put_back(claim.fence, holding.held)
        for behind in () if claim.tests else holding.behind:
            count = put_behind(claim.edition_id, behind)
            self.pacer.lined_up(claim.edition_id, behind, count, now=now)
        return replace(claim, mails=tuple(mail for mail in claim.mails if mail.id not in holding.held))

    def _letters_of(self, edition_id: int, assembled_at: datetime | None) -> Letters:
        """A corrected edition has other renderings under the same ids, hence the time of assembling in the key."""
        key = edition_id, assembled_at
        if key not in self._letters:
            edition = Edition.objects.select_related("digest").get(pk=edition_id)
            self._letters[key] = Letters(edition, now=self.clock())
        return self._letters[key]

    def _begin_journal(self, fence: int) -> bool:
        """Whether results of this claim can be noted. If not, it is of one message, and settled before the next."""
        if time.monotonic() < self._journal_at:
            return False
        if journal.begin(fence, flight=self._flight):
            return True
        self._journal_at = time.monotonic() + REDIS_REST_SECONDS
        return False

    def _settle(self, *, wait: float) -> None:
        """Write what lanes have done. Of a claim that is done, what has no result was not accepted: it is given back."""
        self._answered += _taken(self._done, wait)
        if self._answered:
            settlements = [each for held in self._answered for each in held.settlements]
            again, self._offered = self._offered, True
            changed = settle_all(settlements, again=again)
            answered, self._answered, self._offered = self._answered, [], False
            for held in answered:
                self._finish(held, changed)
        self._release()
        while self._refused:
            edition_id, problem = next(iter(self._refused.items()))
            pause(edition_id, problem)
            del self._refused[edition_id]

    def _release(self) -> None:
        """Give back what was claimed and not begun."""
        while self._unfinished:  # each is begun again when the database was away in the middle
            fence, begun = self._unfinished[-1]
            release(fence)
            self._unfinished.pop()
            if begun:
                begun.forget_notes()
            else:
                journal.forget(fence)

    def _finish(self, held: Held, changed: set[int]) -> None:
        """Of a claim that is written down: count it, forget its notes, learn from it."""
        fence = held.claim.fence
        problem = self.pacer.after_results(
            held.claim.edition_id, held.results, since=held.let_go_at, now=self.clock()
        )
        if held.refused:
            problem = gettext_noop("The mail server refuses its sender: %(why)s") % {"why": held.refused}
        if problem:
            self._refused[held.claim.edition_id] = problem
        if unsent := len(held.claim.mails) - len(held.settlements):
            self.pacer.give_back(held.grant, unsent, now=self.clock())
            self._unfinished.append((fence, held))
            self._more, self._claim_at = True, time.monotonic()
        else:
            held.forget_notes()
        self._held.pop(fence)
        self.counts.update(each.state.value for each in held.settlements if each.delivery_id in changed)
        late = [each.delivery_id for each in held.settlements if each.delivery_id not in changed]
        if late:
            log.warning("delivery.late_results", extra={"fence": fence, "delivery_ids": late})
        self._size = next_size(self._size, len(held.settlements), held.seconds, self.most)
        if held.away:
            self._working -= 1
            log.warning("lane.ended", extra={"left": self._working, "reason": held.away.reason})
            hopeless = not self._working or (not self.counts and not self._held)
            if hopeless or isinstance(held.away, ChannelDown):
                self.away = held.away
                self._stop_all()

    def _look(self) -> None:
        """Stop what was paused or cancelled or whose hours have ended, and lengthen leases in the second half of their time."""
        now = self.clock()
        self._look_at = time.monotonic() + LOOK_SECONDS
        going = may_go_on({held.claim.edition_id for held in self._held.values()}, now=now)
        stands_still, overtime = standstill.is_on(), time.monotonic() > self.stop_at + OVERTIME
        if clock.database_now() - self._known_time() > self.lease / 4:
            # By its new time others may find our leases over already.
            log.error("sender.database_clock_stepped")
            self.stop_at, stands_still = time.monotonic(), True
        for held in self._held.values():
            wanted = held.claim.tests or held.claim.edition_id in going
            if stands_still or overtime or not wanted:
                held.stopped = True
            elif now >= held.until - self.lease / 2:
                if now < held.until and renew(held.claim.fence, now=now, lease=self.lease):
                    held.renew(now + self.lease)
                else:
                    held.stopped = True

    def _take_back(self) -> None:
        """Claims that no lane has begun are done, with nothing sent."""
        for held in self._ready.clear():
            if held:
                self._done.put(held)

    def _stop_all(self) -> None:
        for held in self._held.values():
            held.stopped = True

    def _wait_for_database(self, error: Exception) -> None:
        """Nothing more is claimed; results are kept and offered again. Raises the error when that has lasted too long."""
        now = time.monotonic()
        self._database_since = self._database_since or now
        log.warning("sender.database_away", extra={"error": str(error).strip()})
        if now - self._database_since > DATABASE_SECONDS:
            raise error
        self.stop_at = now
        if not connection.in_atomic_block:
            connection.close()
        time.sleep(LOOK_SECONDS)


def next_size(size: int, sent: int, seconds: float, most: int) -> int:
    """How many mails the next claim holds: what a lane sends in a second, at most twice as many as before. Pure."""
    if not sent:
        return size
    return max(1, min(int(sent / max(seconds, 1e-6) * CLAIM_SECONDS), 2 * size, most))


def pause_broken(edition_id: int, error: Exception) -> None:
    """An edition that is broken (its sender's address, a stored variant) waits for a person and stops no other."""
    log.error("edition.broken", extra={"edition_id": edition_id, "error": str(error)})
    pause(edition_id, gettext_noop("Its mails could not be built: %(why)s") % {"why": why(error)})


def pause(edition_id: int, problem: str) -> None:
    """Have an edition that is being sent wait for a person."""
    Edition.objects.filter(pk=edition_id, state=Edition.State.SENDING).update(
        state=Edition.State.PAUSED, problem=problem
    )


def _taken(queue: SimpleQueue[Any], wait: float) -> list[Held]:
    """All that is in the queue; the first is waited for."""
    found: list[Held] = []
    try:
        while (held := queue.get(timeout=wait) if wait and not found else queue.get_nowait()) is not None:
            found.append(held)
    except Empty:
        pass
    return found
