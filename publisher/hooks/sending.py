"""Sending messages: several at once in threads, none of which touches the database; the caller's thread claims and settles."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import clock
from publisher.core.apart import Apart, together
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import ChannelDown, OtherSideError, UserError
from publisher.core.masking import masked_text
from publisher.core.models import Standstill
from publisher.core.webhook_signing import signature_headers
from publisher.hooks import addressing, claiming, endpoints, judging, payload, targets
from publisher.hooks.judging import Verdict
from publisher.hooks.models import Change, Endpoint, Message, Try
from publisher.social.networks.answer import Answer
from publisher.social.networks.wire import CutShort, Request, ask, time_left

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Requests of one process at the same time, to all endpoints."""
WHOLE_SECONDS = 10.0
LONGEST_ANSWER = 64 * 1024
KEPT_OF_ANSWER = 2048
MOST_FAILURES = 5
"""Times that a message is tried again of which no request could be made here, or whose answer could not be written down."""

_FAILED_HERE = gettext_noop(
    "Publisher could not make or settle its request (%(name)s): the worker’s log says more."
)


@dataclass(frozen=True)
class Exchange:
    """A request and what came of it."""

    at: datetime
    ms: int
    answer: Answer | None = field(default=None, repr=False)
    error: OtherSideError | None = None


def is_due(*, now: datetime) -> bool:
    """Whether `send_due` would find anything: a cheap look, for whoever must take a turn first."""
    waits = Message.objects.filter(state=Message.State.QUEUED, due_at__lte=now, endpoint__active=True)
    lost = Message.objects.filter(state=Message.State.SENDING, lease_until__lt=now)
    return Change.objects.exists() or waits.exists() or lost.exists()


def send_due(
    *, seconds: float, now: Callable[[], datetime] = clock.database_now, apart: Apart = together
) -> dict[str, int]:
    """Address what changed and send what is due, for about `seconds`, and until what is on its way has ended; counts by outcome.

    A standstill of sending stops none of it, but for that of a restored database: a copy must not speak in our name.
    """
    if Standstill.objects.filter(kind=Standstill.Kind.RESTORED).exists():
        return {}
    counts: Counter[str] = Counter()
    until = time.monotonic() + seconds
    claiming.give_back(now=now())
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hooks") as pool:
        flying: dict[Future[Exchange], Message] = {}
        while True:
            if time.monotonic() < until:
                while addressing.address(now=now()) == addressing.BATCH and time.monotonic() < until:
                    pass
                for message in claiming.claim(room=AT_ONCE - len(flying), now=now()):
                    with apart("webhook", partial(failed_here, message, now), message_id=message.pk):
                        if request := _request(message, now()):
                            flying[pool.submit(_exchange, request, now())] = message
            if not flying:
                return dict(counts)
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                message = flying.pop(future)
                with apart("webhook", partial(failed_here, message, now), message_id=message.pk):
                    counts[settle(message, future.result(), now=now())] += 1


def _request(message: Message, now: datetime) -> Request | None:
    """Signed for this moment; None when the endpoint was switched off, since its secret cannot be read."""
    try:
        secrets = endpoints.signing_secrets(message.endpoint, now)
    except CannotDecrypt:
        reason = _(
            "Its secret cannot be opened with the present secret key. Make a new secret, then switch it on."
        )
        _switch_off(message, reason, now)
        return None
    body = payload.body(message)
    headers = signature_headers(secrets, message.key, int(now.timestamp()), body)
    headers["Content-Type"] = payload.content_type(message)
    return Request("POST", message.endpoint.url, headers, content=body)


def _switch_off(message: Message, reason: str, now: datetime) -> None:
    """What was claimed waits again."""
    endpoints.switch_off_by_itself(message.endpoint_id, reason=reason, now=now)
    held = Message.objects.filter(pk=message.pk, state=Message.State.SENDING, fence=message.fence)
    held.update(state=Message.State.QUEUED, lease_until=None, attempts=message.attempts - 1)


@transaction.atomic
def failed_here(message: Message, now: Callable[[], datetime], error: Exception) -> None:
    """Publisher itself failed at the message, which is no fault of its endpoint: it waits as after any other failure, and is
    given up after `MOST_FAILURES` of this kind, so that nothing goes round without end. Its log says so; it can be sent again.
    """
    row = Message.objects.select_for_update().filter(pk=message.pk).first()
    if row is None or row.state != Message.State.SENDING or row.fence != message.fence:
        return
    at, said = now(), _FAILED_HERE % {"name": type(error).__name__}
    row.tries.create(at=at, ms=0, error=said)
    times = row.tries.filter(at__gte=row.begun_at, error__startswith=_FAILED_HERE.partition("%")[0]).count()
    due_at = judging.next_try(Verdict(said), attempts=times, begun_at=row.begun_at, now=at)
    ends = due_at is None or times >= MOST_FAILURES
    row.state = Message.State.FAILED if ends else Message.State.QUEUED
    row.due_at, row.lease_until = due_at or row.due_at, None
    row.status, row.reason, row.settled_at = None, said, at if ends else None
    row.save(update_fields=["state", "due_at", "lease_until", "status", "reason", "settled_at"])


def _exchange(request: Request, at: datetime) -> Exchange:
    """In a thread: one request to the checked address, its answer bounded."""
    began = time.monotonic()
    answer: Answer | None = None
    error: OtherSideError | None = None
    try:
        targets.checked(request.url)
        answer = ask(request, until=time_left(WHOLE_SECONDS), longest=LONGEST_ANSWER)
    except CutShort as cut:
        answer, error = cut.answer, cut
    except UserError as refused:
        error = ChannelDown(f"{refused.message} {refused.hint}")
    except OtherSideError as failed:
        error = failed
    return Exchange(at, round((time.monotonic() - began) * 1000), answer, error)


@transaction.atomic
def settle(message: Message, exchange: Exchange, *, now: datetime) -> str:
    """Write the try and what becomes of the message and its endpoint; the state that it has now.

    Whoever comes after its lease writes down the try, and believes an acceptance; else the message is another's.
    """
    verdict = judging.judge(exchange.answer, exchange.error, now)
    _write_try(message, exchange, verdict)
    row = Message.objects.select_for_update().filter(pk=message.pk).first()
    if row is None:
        return "gone"
    ours = row.state == Message.State.SENDING and row.fence == message.fence
    if not ours and not (verdict.taken and row.state != Message.State.SENT):
        return "late"
    due_at = (
        None
        if verdict.taken
        else judging.next_try(verdict, attempts=message.attempts, begun_at=message.begun_at, now=now)
    )
    row.state = (
        Message.State.SENT if verdict.taken else Message.State.QUEUED if due_at else Message.State.FAILED
    )
    row.due_at, row.lease_until = due_at or row.due_at, None
    row.status, row.reason = verdict.status, masked_text(verdict.reason)
    row.settled_at = None if due_at else now
    row.save(update_fields=["state", "due_at", "lease_until", "status", "reason", "settled_at"])
    _note_health(message.endpoint_id, verdict, now)
    return row.state


def _write_try(message: Message, exchange: Exchange, verdict: Verdict) -> None:
    """What it answered may repeat the addresses that it was told: they are masked, since who is erased must not stand here."""
    said = exchange.answer.body[:KEPT_OF_ANSWER].decode("utf-8", "replace") if exchange.answer else ""
    Try.objects.create(
        message=message,
        at=exchange.at,
        ms=exchange.ms,
        status=verdict.status,
        answer=masked_text(said.replace("\0", "�")),
        error=masked_text(verdict.reason),
    )


def _note_health(endpoint_id: int, verdict: Verdict, now: datetime) -> None:
    """Whether the endpoint answers, and since when it does not; after three days of failures only, it is switched off."""
    if verdict.taken:
        failed = Endpoint.objects.filter(pk=endpoint_id, failing_since__isnull=False)
        failed.update(failures=0, failing_since=None, rests_until=None)
        return
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
    since = endpoint.failing_since or now
    fields: dict[str, object] = {"failing_since": since}
    if verdict.away and (endpoint.rests_until is None or endpoint.rests_until <= now):
        failures = endpoint.failures + 1
        fields |= {"failures": failures, "rests_until": now + judging.rest(failures, verdict)}
    Endpoint.objects.filter(pk=endpoint_id).update(**fields)
    log.warning(
        "webhook.failed",
        extra={"endpoint_id": endpoint_id, "status": verdict.status, "reason": verdict.reason},
    )
    if verdict.gone:
        endpoints.switch_off_by_itself(endpoint_id, reason=verdict.reason, now=now)
    elif now - since >= judging.GIVEN_UP:
        reason = _("It has taken nothing for three days. The last time: %(reason)s") % {
            "reason": verdict.reason
        }
        endpoints.switch_off_by_itself(endpoint_id, reason=reason, now=now)
