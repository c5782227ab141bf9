"""Posts that may or may not have been published: the network is asked, and where it cannot tell, a person.

Called by beat (`reconcile_unknown`) and the desk (`confirm`). A part is sent again only when it is certain that it is not there,
and then with the same payload and key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit, events, trace
from publisher.core.apart import Apart, together
from publisher.core.audit import Actor
from publisher.core.errors import ChannelDown, OtherSideError, UserError
from publisher.delivery import handing
from publisher.delivery.leaving import may_still_leave, too_late
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.post_state import refresh_post
from publisher.delivery.settle import Outcome, Try, settle, worker_name
from publisher.delivery.states import State
from publisher.social.accounts import at_work
from publisher.social.health import went_down
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import CannotTell, Grade, Network, NotFound, Prepared, Receipt
from publisher.social.slots import lock_channel

log = logging.getLogger(__name__)

Answer = Receipt | NotFound | CannotTell
SOONEST, LATEST = timedelta(seconds=15), timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=7)
"""Until then the network is asked again, after growing waits; then only a person can tell."""

BATCH = 100
SECONDS = 20.0
"""How long one run asks; a network that answers slowly must not hold a worker. The rest is asked in the next run."""


@dataclass(frozen=True)
class _Doubt:
    """A part whose fate is unknown, with what is needed to ask about it."""

    delivery: Delivery
    post: Post
    channel: Channel
    since: timedelta


def reconcile_unknown(*, now: datetime, apart: Apart = together) -> int:
    """Ask the networks about unknown parts, one `apart` from the other; how many were resolved. Those that nobody can tell about
    wait for `confirm`."""
    rows = Delivery.objects.filter(state=State.UNKNOWN, post__isnull=False, due_at__lte=now)
    rows = rows.select_related("post", "channel__schedule").order_by("due_at", "id")
    resolved = 0
    until = time.monotonic() + SECONDS
    for delivery in rows[:BATCH]:
        if time.monotonic() > until:
            break
        if delivery.post is None or delivery.channel is None:
            continue
        # A post that was approved again began anew: `created_at` is of then, and what was tried before no longer counts.
        tries = delivery.tries.filter(started_at__gte=delivery.created_at)
        first = tries.aggregate(first=Min("started_at"))["first"] or delivery.created_at
        doubt = _Doubt(delivery, delivery.post, delivery.channel, now - first)
        with trace.bound(delivery.post.trace_id), apart("doubt", _later(doubt, now), delivery_id=delivery.pk):
            resolved += _resolve(doubt, now)
    return resolved


def confirm(
    delivery_id: int,
    *,
    user: Actor,
    was_published: bool,
    url: str,
    now: datetime,
) -> Post:
    """A person's word on an unknown part: it is there (at `url`, which may be empty), or it is not.

    One that is not there goes out now with the same key, if its slot was not missed by too much. Raises `UserError`.
    """
    if url and not url.startswith(("https://", "http://")):
        raise UserError(
            _("The address must begin with https://."), _("Copy it from the network's own page of the post.")
        )
    delivery = Delivery.objects.select_related("post", "channel__schedule").filter(pk=delivery_id).first()
    if (
        delivery is None
        or delivery.post is None
        or delivery.channel is None
        or delivery.state != State.UNKNOWN
    ):
        raise UserError(_("It is not unclear any more what became of this post."), _("Load the page again."))
    doubt = _Doubt(delivery, delivery.post, delivery.channel, timedelta())
    answer: Answer = Receipt("", url[:2000]) if was_published else NotFound()
    said = (
        gettext_noop("A person says that it was published.")
        if was_published
        else gettext_noop("A person says that it was not published.")
    )
    with transaction.atomic():
        if not _write(doubt, answer, said, timedelta(), now):
            raise UserError(
                _("It is not unclear any more what became of this post."), _("Load the page again.")
            )
        audit.record(user, "post.confirmed", doubt.post, after={"was_published": was_published, "url": url})
    return Post.objects.get(pk=doubt.post.pk)


def _resolve(doubt: _Doubt, now: datetime) -> bool:
    """Ask, and write what was found. True when it is settled."""
    started = time.monotonic()
    try:
        answer = _ask(doubt, now)
    except ChannelDown as error:
        went_down(doubt.channel.pk, reason=error.reason, now=now)
        answer = CannotTell(error.reason)
    except OtherSideError as error:
        answer = CannotTell(error.reason)
    if isinstance(answer, CannotTell):
        _put_off(doubt, answer, now)
        return False
    took = timedelta(seconds=time.monotonic() - started)
    found = isinstance(answer, Receipt)
    said = (
        gettext_noop("Asked the network: it is there.")
        if found
        else gettext_noop("Asked the network: it is not there.")
    )
    return _write(doubt, answer, said, took, now)


def _later(doubt: _Doubt, now: datetime) -> Callable[[Exception], None]:
    """What to do with an error that nobody foresaw."""

    def put_off(error: Exception) -> None:
        kind = type(error).__name__  # its text may hold anything, and stands in the log
        said = gettext_noop("Asking the network failed inside Publisher (%(kind)s): see the log.") % {
            "kind": kind
        }
        _put_off(doubt, CannotTell(said), now)

    return put_off


def _ask(doubt: _Doubt, now: datetime) -> Answer:
    try:
        network, account = at_work(doubt.channel)
    except ChannelDown as error:
        return CannotTell(error.reason)
    if network.grade is Grade.BY_A_PERSON:
        return CannotTell(only_a_person(network))
    if _still_settling(doubt, network, now):
        return CannotTell(doubt.delivery.reason)
    prepared = Prepared(doubt.delivery.prepared or {}, doubt.delivery.idempotency_key)
    return network.reconcile(account, prepared, since=doubt.since)


def only_a_person(network: Network[Any]) -> str:
    """What staff read of an unclear post on a network that cannot be asked."""
    said = gettext_noop("%(network)s cannot tell. Look there, then say here whether it was published.")
    return said % {"network": network.label}


def _still_settling(doubt: _Doubt, network: Network[object], now: datetime) -> bool:
    """Whether the request that nobody answered may still take effect."""
    last = Attempt.objects.filter(delivery=doubt.delivery).order_by("-id").first()
    if last is None:
        return False
    return last.started_at + timedelta(milliseconds=last.duration_ms) + network.settles_within > now


def _put_off(doubt: _Doubt, answer: CannotTell, now: datetime) -> None:
    """Ask again later, ever more seldom; `due_at` of an unknown part is when it is next asked about."""
    again = max(SOONEST, min(doubt.since / 2, LATEST))
    if doubt.since > GIVE_UP_AFTER:
        again = timedelta(days=36500)
    with transaction.atomic():
        lock_channel(doubt.channel.pk)
        rows = Delivery.objects.filter(pk=doubt.delivery.pk, state=State.UNKNOWN, fence=doubt.delivery.fence)
        if rows.update(due_at=now + again, reason=answer.reason or F("reason")):
            refresh_post(doubt.post.pk)


def _write(
    doubt: _Doubt, answer: Receipt | NotFound | CannotTell, said: str, took: timedelta, now: datetime
) -> bool:
    """Settle the part, unless somebody else has meanwhile."""
    receipt = answer if isinstance(answer, Receipt) else Receipt("")
    tried = Try(
        worker=worker_name(),
        started_at=now,
        duration_ms=round(took.total_seconds() * 1000, 2),
        text=said,
        remote_id=receipt.remote_id,
        remote_url=receipt.url,
    )
    outcome = _outcome(doubt, answer, now)
    with transaction.atomic():
        lock_channel(doubt.channel.pk)
        current = Delivery.objects.select_for_update().get(pk=doubt.delivery.pk)
        if current.state != State.UNKNOWN or current.fence != doubt.delivery.fence:
            return False
        settle(current.pk, current.fence, outcome, tried)
        post = refresh_post(doubt.post.pk)
        if outcome.state is State.HANDED:
            handing.tell(post)
    log.info(
        "delivery.reconciled", extra={"delivery_id": current.pk, "state": outcome.state.value, "said": said}
    )
    if outcome.state is State.QUEUED:
        events.emit("delivery.due")
    return True


def _outcome(doubt: _Doubt, answer: Answer, now: datetime) -> Outcome:
    if isinstance(answer, Receipt):
        # What was laid there is a draft, until a person says at which address it is published.
        is_draft = registry.by_hand(doubt.channel.network) and not answer.url
        return Outcome(State.HANDED if is_draft else State.SENT)
    if not may_still_leave(doubt.post, doubt.channel, now):
        return Outcome(State.FAILED, gettext_noop("It was not published.") + f" {too_late(doubt.channel)}")
    if doubt.delivery.attempts >= settings.ATTEMPTS:
        said = gettext_noop("Given up after %(num)s tries; it was not published.")
        return Outcome(State.FAILED, said % {"num": doubt.delivery.attempts})
    return Outcome(State.QUEUED, gettext_noop("It was not published, so it is sent again."), now)
