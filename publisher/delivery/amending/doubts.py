"""Amendments that may or may not have been done.

An edit and a deletion are the same when they are done twice, so they are repeated once a request that nobody answered cannot
take effect any more. An answer is a new message: the network is asked, and where it cannot tell, a person.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from publisher.core import trace
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import ChannelDown, OtherSideError, UserError
from publisher.delivery.amending import effects
from publisher.delivery.amending.doing import channel_of
from publisher.delivery.doubts import BATCH, GIVE_UP_AFTER, LATEST, SECONDS, SOONEST, Answer
from publisher.delivery.models import Amendment
from publisher.social.accounts import account_of
from publisher.social.health import went_down
from publisher.social.networks import registry
from publisher.social.networks.base import CannotTell, Grade, Network, NotFound, Prepared, Receipt
from publisher.social.slots import lock_channel

log = logging.getLogger(__name__)

A, D = Amendment.State, Amendment.Deed
REPEATED = gettext_noop("Nobody knows whether it was done. Done twice it is the same, so it is done again.")
NOT_THERE = gettext_noop("It was not published, so it is sent again.")


def resolve(*, now: datetime) -> int:
    """Settle what is unclear, or queue it again; how many. What nobody can tell is held for a person (`asking.confirm`)."""
    rows = Amendment.objects.filter(state=A.UNKNOWN, held=False, due_at__lte=now)
    rows = rows.select_related("delivery__post", "delivery__channel__schedule").order_by("due_at", "id")
    until, resolved = time.monotonic() + SECONDS, 0
    for amendment in rows[:BATCH]:
        if time.monotonic() > until:
            break
        post = amendment.delivery.post
        with trace.bound(post.trace_id if post else ""):
            resolved += _resolve(amendment, now)
    return resolved


def _resolve(amendment: Amendment, now: datetime) -> bool:
    try:
        network = registry.sending(channel_of(amendment).network)
    except UserError as error:
        return _put_off(amendment, error.message, now)
    settles_at = (amendment.tried_until or now) + network.settles_within
    if settles_at > now:
        _changed(amendment, due_at=settles_at)
        return False
    if amendment.deed != D.REPLY:
        return _repeat(amendment, REPEATED, now)
    return _resolve_answer(amendment, network, now)


def _resolve_answer(amendment: Amendment, network: Network[object], now: datetime) -> bool:
    if network.grade is Grade.BY_A_PERSON:
        said = gettext_noop("%(network)s cannot tell whether the answer is there. Look, then say so.")
        return _hold(amendment, said % {"network": network.label})
    # First of all: should the asking fail unforeseen, the others have their turn before it is asked about again.
    _changed(amendment, due_at=now + SOONEST)
    answer = _look(amendment, network, now)
    if isinstance(answer, Receipt):
        return _found(amendment, answer, now)
    if isinstance(answer, NotFound):
        return _repeat(amendment, NOT_THERE, now)
    return _put_off(amendment, answer.reason, now)


def _look(amendment: Amendment, network: Network[object], now: datetime) -> Answer:
    """Ask the network whether an answer is there."""
    prepared = Prepared(amendment.prepared or {}, amendment.idempotency_key)
    since, channel = now - (amendment.first_tried_at or amendment.created_at), channel_of(amendment)
    try:
        return network.reconcile(account_of(channel), prepared, since=since)
    except ChannelDown as error:
        went_down(channel.pk, reason=error.reason, now=now)
        return CannotTell(error.reason)
    except OtherSideError as error:
        return CannotTell(error.reason)
    except CannotDecrypt as error:
        return CannotTell(str(error))


def _found(amendment: Amendment, receipt: Receipt, now: datetime) -> bool:
    with transaction.atomic():
        lock_channel(channel_of(amendment).pk)
        written = {"state": A.DONE, "reason": "", "settled_at": now}
        if not _changed(amendment, remote_id=receipt.remote_id, remote_url=receipt.url, **written):
            return False
        effects.done(amendment, receipt, by=None, now=now)
    log.info("amendment.reconciled", extra={"amendment_id": amendment.pk})
    return True


def _repeat(amendment: Amendment, reason: str, now: datetime) -> bool:
    if amendment.attempts < settings.ATTEMPTS:
        return _changed(amendment, state=A.QUEUED, due_at=now, reason=reason)
    if amendment.deed == D.REPLY:
        given_up = gettext_noop("Given up after %(num)s tries; it was not published.")
        said = given_up % {"num": amendment.attempts}
        return _changed(amendment, state=A.FAILED, settled_at=now, reason=said)
    unclear = gettext_noop(
        "Tried %(num)s times without a clear answer. Look at the post, then say whether it was done."
    )
    return _hold(amendment, unclear % {"num": amendment.attempts})


def _hold(amendment: Amendment, reason: str) -> bool:
    _changed(amendment, held=True, reason=reason)
    return False


def _put_off(amendment: Amendment, reason: str, now: datetime) -> bool:
    """Ask again later, ever more seldom; after a week only a person can tell."""
    since = now - (amendment.first_tried_at or amendment.created_at)
    if since > GIVE_UP_AFTER:
        return _hold(amendment, reason)
    again: timedelta = max(SOONEST, min(since / 2, LATEST))
    _changed(amendment, due_at=now + again, reason=reason)
    return False


def _changed(amendment: Amendment, **written: object) -> bool:
    """Unless somebody else has settled or claimed it meanwhile."""
    rows = Amendment.objects.filter(pk=amendment.pk, state=A.UNKNOWN, fence=amendment.fence)
    return bool(rows.update(**written))
