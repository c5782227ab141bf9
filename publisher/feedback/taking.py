"""Taking what comes back: a message of a mailbox, or a provider's event. Each is taken once, in one transaction.

Called by whoever reads mailboxes, listens, or answers providers' webhooks. The same message or event again changes nothing and
returns the first report. `reading/` says what it means, `matching.py` whose it is, `rules.py` what follows;
`applying.py` does it.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from publisher.audience import addresses
from publisher.delivery.email.address import BadAddress, parse_address
from publisher.feedback import applying, forgotten, matching, rules, slowing
from publisher.feedback.matching import Match
from publisher.feedback.models import Report
from publisher.feedback.reading import Reading, read
from publisher.feedback.reading.causes import FINAL, cause_of, codes_in, is_permanent
from publisher.feedback.reading.dsn import is_same_mailbox
from publisher.feedback.reading.said import LONGEST_SAID
from publisher.feedback.rules import Decision, History, Policy, Target

log = logging.getLogger(__name__)

K = Report.Kind
EVIDENCE_BYTES = 300_000
"""Of a message; what tells is at its beginning, and the rest is the mail that we sent."""


@dataclass(frozen=True)
class Event:
    """What a provider says happened to one message, in our words. Its caller has checked the provider's signature.

    `unique_id` is the provider's own, the same when it tells the same event again. `delivery_id` is the id that we gave it beside
    the message, `message_id` what it called the message (`Delivery.remote_id`), with or without angle brackets; where neither
    fits, the address is what matters. `permanent`: whether the provider calls a bounce final; None: read it from code and words.
    `cause`: where the provider has a word of its own for it; else it is read from code and words, too.
    """

    kind: Report.Kind
    unique_id: str
    address: str = ""
    message_id: str = ""
    delivery_id: int | None = None
    code: str = ""
    said: str = ""
    at: datetime | None = None
    raw: bytes = b""
    permanent: bool | None = None
    cause: Report.Cause = Report.Cause.NONE


def take(raw: bytes, *, source: str, now: datetime, recipients: Sequence[str] = ()) -> Report:
    """Take one message as it came. `recipients`: to whom the envelope said it goes, where that is known (LMTP, a pipe).

    Raises `django.db.DatabaseError` when it could not be stored: keep the message, and bring it again.
    """
    reading = read(raw, recipients)
    with transaction.atomic():
        report, new = stored(fingerprint_of(raw), raw, source, now)
        if new:
            settle(report, reading, matching.of_message(reading), now=now)
    return report


def take_event(event: Event, *, source: str, now: datetime) -> Report | None:
    """Take one event of a provider, known again by `source` and its `unique_id`. Raises as `take`.

    None: it says that a mail was delivered, and its delivery says so now. Of a mail to a million there are a million such events,
    and a report of each would hold nothing that the delivery does not.
    """
    fingerprint = hashlib.sha256(f"event\0{source}\0{event.unique_id}".encode("utf-8", "replace")).digest()
    reading = reading_of(event)
    with transaction.atomic():
        match = matching.of_event(
            delivery_id=event.delivery_id, remote_id=event.message_id, address=event.address
        )
        if event.kind == K.DELIVERED and applying.confirm(match, reading, policy_of_settings(), now=now):
            return None
        report, new = stored(fingerprint, event.raw, source, now)
        if new:
            settle(report, reading, match, now=now)
    return report


def fingerprint_of(raw: bytes) -> bytes:
    """SHA-256 of a message, however its lines end."""
    return hashlib.sha256(raw.replace(b"\r\n", b"\n").rstrip(b"\n")).digest()


def reading_of(event: Event) -> Reading:
    """An event as what a message would have said. Pure."""
    said = event.said.replace("\0", "")
    smtp, enhanced = codes_in(f"{event.code} {said}")
    cause, permanent = event.cause, event.permanent
    if event.kind in (K.BOUNCE, K.DELAYED):
        cause = cause or cause_of(smtp, enhanced, said)
        permanent = is_permanent(smtp, enhanced) if permanent is None else permanent
        if permanent is None and cause in FINAL:
            permanent = True
    return Reading(
        kind=event.kind,
        cause=cause,
        permanent=permanent,
        code=(event.code or enhanced or smtp)[:20],
        said=said[:LONGEST_SAID],
        at=event.at,
        recipient=event.address[:320],
        confirmed=event.kind == K.DELIVERED,
        form="event",
    )


def stored(fingerprint: bytes, raw: bytes, source: str, now: datetime) -> tuple[Report, bool]:
    """The report of this fingerprint, and whether it is new. Two at once wait for each other here."""
    return Report.objects.get_or_create(
        fingerprint=fingerprint,
        defaults={
            "kind": K.OTHER,
            "outcome": Report.Outcome.NOTHING,
            "source": source[:100],
            "received_at": now,
            "evidence": zlib.compress(raw[:EVIDENCE_BYTES]) if raw else None,
        },
    )


def settle(report: Report, reading: Reading, match: Match, *, now: datetime) -> Decision:
    """Decide about a new report, carry it out, and write down why. Call it in the transaction that stored the report."""
    report.kind, report.cause, report.code, report.said = (
        reading.kind,
        reading.cause,
        reading.code,
        reading.said,
    )
    report.reported_at = reading.at
    report.delivery_id = match.delivery.pk if match.delivery else None
    report.subscriber_id = match.subscriber.pk if match.subscriber else None
    report.digest_id = match.digest_id
    report.address_key = match.address_key or _claimed(reading)
    policy, history = policy_of_settings(), History()
    if match.is_known:
        applying.lock_address(match.address_key)
        history = applying.history_of(match.address_key, policy, now=now)
    decision = rules.decide(reading, target_of(reading, match), history, policy, now=now)
    report.outcome, report.why = decision.outcome, decision.why
    if not match.is_known and forgotten.is_of_somebody_erased(reading):
        forgotten.strip(report)
    applying.apply(decision, match, report, now=now)
    report.save()
    if decision.slow:
        transaction.on_commit(lambda: _slow(report, reading, now), robust=True)
    log.info(
        "feedback.taken",
        extra={
            "report_id": report.pk,
            "kind": reading.kind.value,
            "cause": reading.cause.value,
            "outcome": decision.outcome.value,
            "delivery_id": report.delivery_id,
            "source": report.source,
        },
    )
    return decision


def target_of(reading: Reading, match: Match) -> Target:
    """What the rules ask about whose it is."""
    passed_on = reading.passed_on
    if match.delivery is not None and reading.recipient and reading.form in ("dsn", "event"):
        passed_on = passed_on or not is_same_mailbox(reading.recipient, match.delivery.address)
    subscriber = match.subscriber
    asking = (
        subscriber is not None
        and bool(reading.sender)
        and addresses.key(reading.sender) == subscriber.email_key
    )
    return Target(match.is_known, subscriber is not None, passed_on, asking, match.typed)


def policy_of_settings() -> Policy:
    """The rules' settings."""
    return Policy(settings.SOFT_BOUNCES, settings.SOFT_BOUNCE_DAYS, settings.SOFT_REST_DAYS)


def _slow(report: Report, reading: Reading, now: datetime) -> None:
    slowing.slow(report, reading, now=now)


def _claimed(reading: Reading) -> str:
    """The address that it names, for whoever looks at it; nothing is decided by it."""
    try:
        parse_address(reading.recipient)
    except BadAddress:
        return ""
    return addresses.key(reading.recipient)[:320]
