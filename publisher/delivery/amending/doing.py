"""Doing what was asked for: claim, ask the network outside any transaction, settle. One amendment a channel at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from publisher.core import audit, trace
from publisher.core.errors import ChannelDown, OtherSideError, Retry
from publisher.delivery.amending import effects
from publisher.delivery.amending.claim import claim, heads, release, settle
from publisher.delivery.models import Amendment, Delivery
from publisher.delivery.posts import AT_ONCE
from publisher.delivery.settle import LONGEST_ID, LONGEST_TEXT, Outcome, outcome_of
from publisher.delivery.states import LEFT_US, State
from publisher.social.accounts import at_work
from publisher.social.channels import block
from publisher.social.health import note_pace, went_down
from publisher.social.models import Channel
from publisher.social.networks.base import PUBLISH_WITHIN, Prepared, Receipt
from publisher.social.slots import lock_channel

log = logging.getLogger(__name__)

A, D = Amendment.State, Amendment.Deed
STATES = {State.SENT: A.DONE, State.FAILED: A.FAILED, State.UNKNOWN: A.UNKNOWN, State.QUEUED: A.QUEUED}
CALLED_OFF_FROM = (A.QUEUED, A.WAITING)
RETRACTED_SINCE = gettext_noop(
    "The item was retracted after this was asked for. Decide again what becomes of the post."
)


def due(*, now: datetime) -> Iterator[int]:
    """Ids of amendments to do now, one of each channel in turn."""
    call_off_outdated(now=now)
    seen: set[int] = set()
    while found := [each for each in heads(now=now) if each not in seen]:
        seen.update(found)
        yield from found


def do(amendment_id: int, *, now: datetime) -> bool:
    """Do one, if it is its turn and still right. False: nothing was tried."""
    lease = max(timedelta(seconds=settings.LEASE_SECONDS), 2 * PUBLISH_WITHIN)
    claimed = time.monotonic()
    fence = claim(amendment_id, now=now, lease=lease)
    if not fence:
        return False
    held = time.monotonic()
    known = Amendment.objects.select_related("delivery__post", "delivery__channel__schedule", "answer")
    amendment = known.get(pk=amendment_id)
    post = amendment.delivery.post
    with trace.bound(post.trace_id if post else ""):
        started = time.monotonic()
        # This process was stopped: its claim may be another's by now, or somebody may have paused what it holds.
        if started - claimed > lease.total_seconds() / 2 or started - held > AT_ONCE:
            release(amendment_id, fence)
            return False
        result = _ask(amendment)
        _settle(amendment, fence, result, now + timedelta(seconds=time.monotonic() - started))
    return True


def call_off_outdated(*, now: datetime) -> int:
    """Call off edits and answers whose item was retracted since; how many."""
    waiting = Amendment.objects.filter(
        state__in=CALLED_OFF_FROM, delivery__post__item__retracted_at__gt=F("created_at")
    ).exclude(deed=D.DELETE)
    called_off = 0
    for amendment in waiting.select_related("delivery__post"):
        with transaction.atomic():
            rows = Amendment.objects.filter(pk=amendment.pk, state__in=CALLED_OFF_FROM)
            if rows.update(state=A.CANCELLED, reason=RETRACTED_SINCE, settled_at=now):
                after = {"deed": amendment.deed, "reason": RETRACTED_SINCE}
                audit.record(None, "post.correction_called_off", amendment.delivery.post, after=after)  # type: ignore[arg-type]
                called_off += 1
    return called_off


@dataclass(frozen=True)
class _Result:
    receipt: Receipt | None = None
    error: OtherSideError | None = None


def _ask(amendment: Amendment) -> _Result:
    """One call of the network. Any other error than its own leaves the claim to the sweep, which calls it unknown."""
    delivery, channel = amendment.delivery, channel_of(amendment)
    try:
        network, account = at_work(channel)
    except ChannelDown as error:
        return _Result(error=error)
    prepared = Prepared(amendment.prepared or {}, amendment.idempotency_key)
    try:
        if amendment.deed == D.EDIT:
            return _Result(network.edit(account, delivery.remote_id, prepared))
        if amendment.deed == D.REPLY:
            return _Result(network.publish(account, prepared, _before(delivery)))
        network.retract(account, (amendment.answer or delivery).remote_id)
        return _Result(Receipt(""))
    except OtherSideError as error:
        return _Result(error=error)


def _before(delivery: Delivery) -> list[Receipt]:
    """The messages that an answer stands below."""
    rows = Delivery.objects.filter(post=delivery.post_id, state__in=LEFT_US, part__lte=delivery.part)
    standing = rows.filter(withdrawn_at__isnull=True).order_by("part")
    return [Receipt(row.remote_id, row.remote_url) for row in standing]


def _settle(amendment: Amendment, fence: int, result: _Result, now: datetime) -> None:
    error, receipt = result.error, result.receipt or Receipt("")
    outcome, channel_id = _outcome(amendment, error, now), channel_of(amendment).pk
    with transaction.atomic():
        lock_channel(channel_id)
        if isinstance(error, ChannelDown):
            went_down(channel_id, reason=error.reason, now=now)
        elif isinstance(error, Retry) and error.after:
            block(channel_id, until=now + error.after)
        settled = write(amendment, fence, outcome, receipt, now)
        if settled and outcome.state is State.FAILED:
            after = {"deed": amendment.deed, "text": amendment.text, "reason": outcome.reason}
            audit.record(None, "post.correction_failed", amendment.delivery.post, after=after)  # type: ignore[arg-type]
    log.log(
        logging.INFO if settled and outcome.state is State.SENT else logging.WARNING,
        "amendment.settled" if settled else "amendment.late_result",
        extra={"amendment_id": amendment.pk, "state": outcome.state.value, "reason": outcome.reason},
    )
    if receipt.pace:  # after the settlement is committed: no trouble with it may cast doubt on what was done
        note_pace(channel_id, receipt.pace, now=now)


def write(amendment: Amendment, fence: int, outcome: Outcome, receipt: Receipt, now: datetime) -> bool:
    """Settle the row and, when it was done, what follows; False: it is not this holder's any more."""
    state = STATES[outcome.state]
    of_reply = receipt if amendment.deed == D.REPLY else Receipt("")
    settled = settle(
        amendment.pk,
        fence,
        state=state,
        reason=outcome.reason[:LONGEST_TEXT],
        due_at=outcome.due_at or (now if state == A.UNKNOWN else amendment.due_at),
        attempts=amendment.attempts - (not outcome.spends_try),
        tried_until=now,
        settled_at=now if state in (A.DONE, A.FAILED) else None,
        remote_id=of_reply.remote_id[:LONGEST_ID],
        remote_url=of_reply.url[:LONGEST_TEXT],
    )
    if settled and state == A.DONE:
        effects.done(amendment, receipt, by=None, now=now)
    return settled


def channel_of(amendment: Amendment) -> Channel:
    """The channel of its message, which is a post's."""
    channel = amendment.delivery.channel
    assert channel is not None  # noqa: S101 - for the type checker
    return channel


def _outcome(amendment: Amendment, error: OtherSideError | None, now: datetime) -> Outcome:
    """A channel that is down is nothing the deed could help: it waits for the repair and loses no try by waiting."""
    if isinstance(error, ChannelDown):
        return Outcome(State.QUEUED, error.reason, amendment.due_at, spends_try=False)
    return outcome_of(error, attempts=amendment.attempts, most=settings.ATTEMPTS, now=now)
