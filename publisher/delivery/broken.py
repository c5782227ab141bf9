"""What becomes of mail that cannot be built or signed at all: the trouble is of its edition, or of the sender's domain.

Called by the sender. One recipient's own words that cannot be sent are the lane's business.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from publisher.core.errors import UserError
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.settle import Outcome, Settlement, Try, settle_all, worker_name
from publisher.delivery.states import State

MOST = 1_000


@transaction.atomic
def fail_tests(edition_id: int, error: Exception, *, lease: timedelta, now: datetime) -> int:
    """Fail the tests that are due of an edition (or what is sent again, if there are none), with the reason: whoever asked for
    one waits for an answer. How many."""
    fence = next_fence()
    claim = claim_mail(edition_id, fence=fence, now=now, limit=MOST, lease=lease, tests=True)
    said = (
        gettext_noop("This test could not be built: %(why)s")
        if claim.marked
        else gettext_noop("This mail could not be built: %(why)s")
    )
    reason = said % {"why": why(error)}
    tried = Try(worker_name(), started_at=now, duration_ms=0, text=reason)
    outcome = Outcome(State.FAILED, reason)
    return len(settle_all([Settlement.of(mail.id, fence, outcome, tried) for mail in claim.mails]))


def why(error: Exception) -> str:
    """The error for people, with what to do where that is known."""
    return f"{error} {error.hint}".strip() if isinstance(error, UserError) else str(error)
