"""Rows of plain mails that each leave once: claimed with a lease, tried, and settled.

Notices about channels, letters to staff and letters to readers go this way. A row is `sending`, with a lease, before a socket
opens. Whoever dies then leaves it `unknown`, and it is not sent again: nobody sends by guessing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from publisher.audience.models import ReaderLetter
from publisher.core import standstill
from publisher.delivery import plain_mail
from publisher.delivery.email.outgoing import Outgoing
from publisher.delivery.email.transport import Transport
from publisher.delivery.plain_mail import Done, Tried
from publisher.people.models import Letter
from publisher.social.models import Notice

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than any one mail takes."""

_LOST = gettext_noop("The process that sent it ended before it knew: it may have been sent.")

Row = TypeVar("Row", Notice, Letter, ReaderLetter)


class Over(NamedTuple):
    """Why a row need not or must not leave any more: the state that it ends in (failed or cancelled), and a sentence."""

    state: str
    reason: str


class Later(NamedTuple):
    """When a row may leave that must not now."""

    due_at: datetime


@dataclass(frozen=True)
class Outbox(Generic[Row]):
    """The rows of `model`. `what` begins the names of the log's events.

    `over` is asked of a row that is claimed, in the transaction of the claim, and may change what the row says. `message` builds
    the mail when it leaves: BadAddress and BadHeader end a row, UserError lets it wait for a person. `keep`: what else a row
    keeps of a try that led to a state, by column. `log_as`: more for the log.
    """

    model: type[Row]
    what: str
    over: Callable[[Row, datetime], Over | Later | None]
    message: Callable[[Row, datetime], Outgoing]
    related: tuple[str, ...] = ()
    keep: Callable[[Tried, str], dict[str, object]] = field(default=lambda _tried, _state: {})
    log_as: Callable[[Row], dict[str, object]] = field(default=lambda _row: {})

    def send_due(self, *, now: datetime) -> dict[str, int]:
        """Send what is due; counts by the state reached. Nothing leaves while no mail server is set, while it is left alone
        after a failure, or while all sending stands still."""
        rows = self.model._default_manager
        rows.filter(state="sending", lease_until__lt=now).update(
            state="unknown", reason=_LOST, lease_until=None, settled_at=now
        )
        due = rows.filter(state="queued", due_at__lte=now).order_by("due_at", "id")
        return plain_mail.send_each(due, partial(self._send, now=now), what=self.what, now=now)

    def _send(self, row_id: int, transport: Transport, *, now: datetime) -> Done | None:
        row = self.claimed(row_id, now)
        if row is None:
            return None
        if row.state != "sending":
            return Done(str(row.state))
        tried = plain_mail.try_to_send(partial(self.message, row, now), transport)
        return Done(self._settle(row, tried, now), tried)

    @transaction.atomic
    def claimed(self, row_id: int, now: datetime) -> Row | None:
        """The row, now ours; or settled, when it need not leave any more; or queued, for later. None: it is not queued."""
        rows = self.model._default_manager.select_for_update(of=("self",), skip_locked=True)
        if self.related:
            rows = rows.select_related(*self.related)
        row = rows.filter(pk=row_id, state="queued").first()
        if row is None or standstill.is_on():
            return None
        over = self.over(row, now)
        if over is None:
            row.state, row.lease_until, row.attempts = "sending", now + LEASE, row.attempts + 1
        elif isinstance(over, Later):
            row.due_at = over.due_at
        else:
            row.state, row.reason, row.settled_at = over.state, over.reason, now
        row.save(update_fields=["state", "reason", "settled_at", "lease_until", "attempts", "due_at"])
        return row

    def _settle(self, row: Row, tried: Tried, now: datetime) -> str:
        """Write what became of it. Whoever comes too late, after the lease, changes nothing but for an acceptance, which is known
        better than that."""
        error = tried.error
        reason = error.reason if error else ""
        state, due_at = plain_mail.next_step(tried, attempts=row.attempts, due_at=row.due_at, now=now)
        ours = self.model._default_manager.filter(
            pk=row.pk, state__in=["sending", "unknown"] if error is None else ["sending"]
        )
        ours.update(
            state=state,
            reason=reason,
            due_at=due_at,
            lease_until=None,
            settled_at=None if state == "queued" else now,
            attempts=F("attempts") if tried.spent else F("attempts") - 1,
            **self.keep(tried, state),
        )
        log.log(
            logging.INFO if error is None else logging.WARNING,
            "%s.settled",
            self.what,
            extra={f"{self.what}_id": row.pk, "state": state, "reason": reason, **self.log_as(row)},
        )
        return state
