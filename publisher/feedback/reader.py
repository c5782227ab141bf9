"""Reading one mailbox: take what is new, mark what was taken, wait for more. Called by `watching.py`, a thread for each mailbox.

A message is committed before it is marked on its server, and marked before the mailbox's memory of it is stored. Whoever dies
in between finds it again, and `taking` knows it: nothing twice, nothing lost.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, connection
from django.db.models import F, Q

from publisher.core import clock
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop
from publisher.feedback import mailboxes
from publisher.feedback.models import Mailbox
from publisher.feedback.taking import take
from publisher.feedback.ways import way_of
from publisher.feedback.ways.base import Inbox, Memory, Trouble, Unreadable

log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=90)
"""How long a mailbox belongs to a reader that says nothing more. Longer than a server may take for one answer."""
RENEW_SECONDS: Final = 5.0
"""How soon a reader sees that its mailbox was paused, changed or taken over."""
LOOK_AGAIN: Final = timedelta(minutes=1)
"""Between two looks where the server does not say that mail came."""
IDLE_SECONDS: Final = 240.0
"""How long one IDLE lasts. RFC 2177 allows 29 minutes; many a router forgets a silent connection after five."""
SLICE_SECONDS: Final = 1.0
"""How long a reader waits at most before it sees that it should stop."""
BATCH: Final = 50
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(minutes=15)

Asked = Callable[[], bool]


def wait_after(failures: int) -> timedelta:
    """How long a mailbox is left alone after so many failures in a row: 10 s, doubled each time, 15 minutes at most. Pure."""
    wait: timedelta = min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT)
    return wait


def due(now: datetime) -> list[int]:
    """The mailboxes that nobody reads and whose time has come."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    come = Q(next_at=None) | Q(next_at__lte=now)
    return list(Mailbox.objects.filter(free & come, active=True).order_by("pk").values_list("pk", flat=True))


@dataclass
class Reader:
    """Reads one mailbox for one session: until its server fails, another takes over, it is changed or paused, or `stop` says so.

    `name` is its own in the database.
    """

    mailbox_id: int
    name: str
    stop: Asked
    clock: Callable[[], datetime] = clock.database_now
    mailbox: Mailbox = field(init=False)
    _renew_at: float = field(init=False, default=0.0)
    _still: bool = field(init=False, default=True)

    def run(self) -> bool:
        """One session; whether it was ours to read. Troubles are written down, not raised. Raises DatabaseError."""
        if not self._claim():
            return False
        try:
            self._session()
        except Trouble as trouble:
            self._failed(trouble)
        except CannotDecrypt as error:
            self._failed(UserError(str(error), gettext_noop("Enter its password or token again.")))
        except DatabaseError:
            raise
        except Exception:  # an edge: what nobody foresaw must not stop the other mailboxes
            log.exception("mailbox.failed", extra={"mailbox_id": self.mailbox_id})
            self._failed(
                UserError(
                    gettext_noop("Something went wrong that nobody foresaw; the log has it."),
                    gettext_noop("It is tried again by itself."),
                )
            )
        finally:
            self._release()
        return True

    def _session(self) -> None:
        account, memory = mailboxes.account_of(self.mailbox), Memory.of(self.mailbox.memory)
        inbox = way_of(self.mailbox.way).open(account, memory)
        try:
            while self._ours():
                self._take_all(inbox, memory)
                if not self._ours():
                    return
                self._looked(inbox.can_wait)
                if not inbox.can_wait:
                    return
                self._wait(inbox)
        finally:
            inbox.close()

    def _wait(self, inbox: Inbox) -> None:
        until = time.monotonic() + IDLE_SECONDS
        while self._ours() and time.monotonic() < until:
            if inbox.wait(SLICE_SECONDS):
                return

    def _take_all(self, inbox: Inbox, memory: Memory) -> None:
        """Everything that is new, in batches; a message that cannot be read does not stop those behind it."""
        seen: set[str] = set()
        while self._ours():
            now = self.clock()
            new = [key for key in inbox.look() if key not in seen and not memory.rests(key, now)]
            # Those that failed come last: one of them may be what breaks the connection.
            keys = sorted(new, key=memory.left_out.__contains__)[:BATCH]
            if not keys:
                self._remember(memory)
                return
            tried: list[str] = []
            taken: list[str] = []
            try:
                for key in keys:
                    if not self._ours():
                        break
                    tried.append(key)
                    if self._take(inbox, memory, key):
                        taken.append(key)
                inbox.settle(taken, tried)
                memory.done(taken)
            finally:
                self._remember(memory)
            seen.update(tried)

    def _take(self, inbox: Inbox, memory: Memory, key: str) -> bool:
        """Take one message; whether it may be marked."""
        told = {"mailbox": self.mailbox.name, "key": key}
        now = self.clock()
        try:
            raw = inbox.fetch(key)
        except Unreadable as error:
            log.warning("mailbox.unreadable", extra={**told, "error": str(error)[:300]})
            memory.failed(key, now)
            return False
        except Trouble:
            memory.failed(key, now)
            raise
        if raw is None:
            return False
        try:
            report = take(raw, source=f"mailbox {self.mailbox.name}", now=now)
        except DatabaseError:
            raise
        except Exception:  # an edge: the message is kept where it is, and those behind it are taken
            log.exception("mailbox.not_taken", extra=told)
            memory.failed(key, now)
            return False
        if report.received_at == now:
            self._row().update(taken=F("taken") + 1, last_message_at=now)
        return True

    def _row(self) -> mailboxes.Rows:
        return Mailbox.objects.filter(pk=self.mailbox_id)

    def _claim(self) -> bool:
        now = self.clock()
        free = Q(lease_until=None) | Q(lease_until__lt=now) | Q(reader=self.name)
        if not self._row().filter(free, active=True).update(reader=self.name, lease_until=now + LEASE):
            return False
        self.mailbox = Mailbox.objects.get(pk=self.mailbox_id)
        self._renew_at = time.monotonic() + RENEW_SECONDS
        return True

    def _ours(self) -> bool:
        """Whether to go on: nobody stopped us, and the mailbox is still ours and as it was when we began."""
        if self.stop() or not self._still:
            return False
        if time.monotonic() >= self._renew_at:
            now = self.clock()
            mine = self._row().filter(reader=self.name, active=True, version=self.mailbox.version)
            self._still = bool(mine.update(lease_until=now + LEASE))
            self._renew_at = time.monotonic() + RENEW_SECONDS
        return self._still

    def _remember(self, memory: Memory) -> None:
        """For as long as nobody else has begun."""
        self._row().filter(reader=self.name, version=self.mailbox.version).update(memory=memory.stored())

    def _looked(self, idles: bool) -> None:
        now = self.clock()
        if self.mailbox.failures:
            log.info("mailbox.works_again", extra={"mailbox": self.mailbox.name})
            self.mailbox.failures = 0
        self._row().filter(reader=self.name).update(
            looked_at=now,
            waits_by_idle=idles,
            failures=0,
            failing_since=None,
            said="",
            todo="",
            next_at=now if idles else now + LOOK_AGAIN,
        )

    def _failed(self, trouble: UserError) -> None:
        now, failures = self.clock(), self.mailbox.failures + 1
        wait = wait_after(failures) * random.uniform(1.0, 1.2)
        self._row().filter(reader=self.name).update(
            failures=failures,
            failing_since=self.mailbox.failing_since or now,
            said=trouble.message,
            todo=trouble.hint,
            next_at=now + wait,
        )
        log.warning(
            "mailbox.trouble",
            extra={"mailbox": self.mailbox.name, "said": trouble.message, "failures": failures},
        )

    def _release(self) -> None:
        try:
            self._row().filter(reader=self.name).update(lease_until=None)
        except DatabaseError:  # then the lease runs out
            connection.close()
