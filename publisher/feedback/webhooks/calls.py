"""A provider's call: proved and stored by the door, which answers then; its events are taken by a task a moment later.

So a call with a thousand events is answered in milliseconds, none of it is lost when a worker dies, and a provider that repeats
itself changes nothing. One event that cannot be read costs itself only: it is kept as a report.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DataError, transaction
from django.db.models import F

from publisher.core import events
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import Rejected, Retry
from publisher.core.marking import gettext_noop as _
from publisher.feedback.models import ProviderCall, ProviderDoor, ProviderMark, RefusedCall
from publisher.feedback.taking import EVIDENCE_BYTES, Event, take_event
from publisher.feedback.webhooks import doors, proofs, sns
from publisher.feedback.webhooks.events import broken, events_of
from publisher.feedback.webhooks.pieces import Unreadable
from publisher.feedback.webhooks.proofs import Call, Refused
from publisher.feedback.webhooks.table import INTAKES

log = logging.getLogger(__name__)

LARGEST: Final = 10 * 1024 * 1024
"""Bytes of a call: SparkPost sends up to 10,000 events at once."""
WAIT: Final = timedelta(seconds=20)
"""Providers that do not know our id wait until the sender has stored theirs."""
LEASE: Final = timedelta(minutes=10)
MOST_TRIES: Final = 20
"""Then a call waits for a person: the desk counts those."""
KEPT_REFUSALS: Final = 20
TOO_LARGE: Final = _("The call is larger than any that this provider sends.")
NO_SECRET: Final = _("The secret that is stored here cannot be opened. Enter it again.")


def accept(door: ProviderDoor, call: Call, *, now: datetime) -> bool:
    """Store a call; False: it is known already. Raises Refused, `Retry` (it cannot be proved at the moment), and
    `django.db.DatabaseError`: then the provider must bring it again."""
    intake = INTAKES[door.provider]
    mark = _proved(door, call, now)
    due = now if intake.knows_ours else now + WAIT
    with transaction.atomic():
        _row, new = ProviderMark.objects.get_or_create(door=door, mark=mark, defaults={"at": now})
        if new:
            ProviderCall.objects.create(
                door=door,
                body=zlib.compress(call.body, 1),
                identity=call.headers.get(intake.identity, "")[:200] if intake.identity else "",
                received_at=now,
                due_at=due,
            )
            events.emit("provider.called")
        ProviderDoor.objects.filter(pk=door.pk).update(called_at=now)
    return new


@transaction.atomic
def refuse(door: ProviderDoor, reason: str, size: int, *, now: datetime) -> None:
    """Write down that a call was refused, and why; the last few are kept."""
    RefusedCall.objects.create(door=door, reason=reason[:200], size=size, at=now)
    ProviderDoor.objects.filter(pk=door.pk).update(refused=F("refused") + 1)
    last = RefusedCall.objects.filter(door=door).order_by("-pk").values_list("pk", flat=True)
    RefusedCall.objects.filter(door=door, pk__in=list(last[KEPT_REFUSALS : KEPT_REFUSALS + 100])).delete()


def take_due(*, now: datetime, seconds: float) -> Counter[str]:
    """Take the events of stored calls for about `seconds`. Several may: each call is one worker's."""
    until, done = time.monotonic() + seconds, Counter[str]()
    ProviderMark.objects.filter(at__lt=now - proofs.REMEMBERED).delete()
    while time.monotonic() < until and (call := _claim(now)) is not None:
        done += _take(call, now)
    return done


def _proved(door: ProviderDoor, call: Call, now: datetime) -> bytes:
    """The mark of a call, by the newest secret that fits; else the first one's refusal."""
    if len(call.body) > LARGEST:
        raise Refused(TOO_LARGE)
    try:
        known = doors.secrets_of(door, now)
    except CannotDecrypt:
        raise Refused(NO_SECRET) from None
    refusals = []
    for secret in known:
        try:
            return INTAKES[door.provider].proof(call, secret, now)
        except Refused as error:
            refusals.append(error)
    raise refusals[0]


@transaction.atomic
def _claim(now: datetime) -> ProviderCall | None:
    due = ProviderCall.objects.select_for_update(of=("self",), skip_locked=True).select_related("door")
    call = due.filter(due_at__lte=now, tries__lt=MOST_TRIES).order_by("due_at", "pk").first()
    if call is not None:
        call.due_at, call.tries = now + LEASE, call.tries + 1
        call.save(update_fields=["due_at", "tries"])
    return call


def _take(call: ProviderCall, now: datetime) -> Counter[str]:
    """All its events, each in a transaction of its own, then the call is done. Raises `django.db.DatabaseError`: it waits."""
    provider, done, last = call.door.provider, Counter[str](), ""
    body = zlib.decompress(call.body)
    try:
        if provider == "ses" and not _is_notification(body, call, now):
            return done
        pieces = INTAKES[provider].pieces(body)
    except Unreadable as error:
        pieces = []
        _keep(
            broken(body[:EVIDENCE_BYTES].decode("utf-8", "replace"), str(error)), provider, call.received_at
        )
        done["unread"] += 1
    for piece in pieces:
        for event in _read(provider, piece, call, done):
            if _keep(event, provider, call.received_at):
                done["taken"] += 1
                last = event.kind
            else:
                done["unread"] += 1
    _finish(call, done, last, now)
    return done


def _read(provider: str, piece: Any, call: ProviderCall, done: Counter[str]) -> list[Event]:
    """What one event says; nothing for one that is left out, or is kept unread."""
    try:
        found = events_of(provider, piece, call.identity)
    except Unreadable as error:
        done["unread"] += 1
        _keep(broken(piece, str(error)), provider, call.received_at)
        return []
    if not found:
        done["left_out"] += 1
    return found


def _keep(event: Event, provider: str, at: datetime) -> bool:
    """Take it; what the database cannot hold is kept as one that could not be read."""
    try:
        take_event(event, source=provider, now=at)
    except (DataError, ValueError) as error:
        log.warning("provider.event_unread", extra={"provider": provider, "error": type(error).__name__})
        take_event(
            broken(event.raw.decode("utf-8", "replace"), type(error).__name__), source=provider, now=at
        )
        return False
    return True


def _is_notification(body: bytes, call: ProviderCall, now: datetime) -> bool:
    """Confirm a subscription, which needs the network: later again, while SNS is away."""
    found = sns.message(body)
    if found["Type"] != "SubscriptionConfirmation":
        return True
    try:
        sns.confirm(found)
    except Retry:
        later = now + timedelta(seconds=30 * call.tries)
        ProviderCall.objects.filter(pk=call.pk).update(due_at=later)
        return False
    except Rejected as error:
        refuse(call.door, error.reason, len(body), now=now)
    call.delete()
    return False


def _finish(call: ProviderCall, done: Counter[str], last: str, now: datetime) -> None:
    with transaction.atomic():
        counts = {name: F(name) + done[name] for name in ("taken", "left_out", "unread")}
        told = {"event": last, "event_at": now} if last else {}
        ProviderDoor.objects.filter(pk=call.door_id).update(**counts, **told)
        call.delete()
