"""Refusals while sending, by the same rules as what comes back later: a mail server that knows no such mailbox says so at once.

Called by beat (`tasks/feedback.py`). The sender writes tries; here those that ended a delivery become reports, each once. So do
the answers that ended letters to readers.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from publisher.audience import subscriptions
from publisher.audience.models import ReaderLetter
from publisher.delivery.email.transport import is_provider
from publisher.delivery.erasing import ERASED
from publisher.delivery.models import Attempt
from publisher.feedback import matching
from publisher.feedback.matching import Match
from publisher.feedback.models import Report
from publisher.feedback.reading import Reading
from publisher.feedback.reading.causes import cause_of, is_permanent
from publisher.feedback.reading.said import LONGEST_SAID
from publisher.feedback.taking import settle, stored

SOURCE = "sending"
LOOKED_BACK = timedelta(days=7)
BATCH = 500

# By the partial index of tries that ended a delivery. What was built wrong here, and no server saw, has no code. Of who was
# erased meanwhile the address is not known any more.
UNJUDGED = f"""
SELECT a.id FROM delivery_attempt a JOIN delivery_delivery d ON d.id = a.delivery_id
WHERE a.outcome = 'failed' AND a.started_at > %(since)s AND a.code IS NOT NULL
  AND d.edition_id IS NOT NULL AND d.state = 'failed' AND d.fence = a.fence AND d.address <> '{ERASED}'
  AND NOT EXISTS (
      SELECT 1 FROM feedback_report r WHERE r.fingerprint = sha256(convert_to('attempt ' || a.id, 'UTF8'))
  )
ORDER BY a.started_at, a.id LIMIT %(limit)s
"""  # noqa: S608 - text of ours

UNJUDGED_LETTERS = """
SELECT l.id FROM audience_readerletter l
WHERE l.state = 'failed' AND l.code IS NOT NULL AND l.settled_at > %(since)s
  AND NOT EXISTS (
      SELECT 1 FROM feedback_report r WHERE r.fingerprint = sha256(convert_to('letter ' || l.id, 'UTF8'))
  )
ORDER BY l.settled_at, l.id LIMIT %(limit)s
"""


def judge(*, now: datetime) -> int:
    """Make reports of the refusals that have none yet; how many. Each in a transaction of its own."""
    deliveries = sum(map(_judge, _unjudged(UNJUDGED, now)))
    return deliveries + sum(map(_judge_letter, _unjudged(UNJUDGED_LETTERS, now)))


def _unjudged(query: str, now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"since": now - LOOKED_BACK, "limit": BATCH})
        return [int(row[0]) for row in cursor.fetchall()]


def fingerprint_of(what: str, number: int) -> bytes:
    """Of a refusal: of a delivery's try (`attempt`) or of a `letter`."""
    return hashlib.sha256(f"{what} {number}".encode()).digest()


def reading_of(code: int | None, enhanced: str, text: str, *, by_provider: bool) -> Reading:
    """What a refusal says. A provider's codes are those of HTTP, and its refusals may be of our call: never for good. Pure."""
    smtp = "" if by_provider or code is None else str(code)
    return Reading(
        kind=Report.Kind.BOUNCE,
        cause=cause_of(smtp, enhanced, text),
        permanent=None if by_provider else is_permanent(smtp, enhanced),
        code=enhanced or smtp,
        said=text[:LONGEST_SAID],
        form="answer",
    )


@transaction.atomic
def _judge(attempt_id: int) -> int:
    attempt = Attempt.objects.filter(pk=attempt_id).first()
    if attempt is None:
        return 0
    reading = _reading(attempt.code, attempt.enhanced, attempt.text)
    match = matching.of_delivery_id(attempt.delivery_id)
    return _reported(fingerprint_of("attempt", attempt_id), reading, match, attempt.started_at)


@transaction.atomic
def _judge_letter(letter_id: int) -> int:
    """The letter stays as it is; what follows is about its address. Who was erased meanwhile has none any more."""
    to_key = ReaderLetter.objects.filter(pk=letter_id).values_list("to_key", flat=True).first()
    if to_key is None:
        return 0
    subscriptions.locked_by_key(to_key)  # whoever erases them has done so by then, or waits
    letter = ReaderLetter.objects.filter(pk=letter_id).first()
    if letter is None or letter.settled_at is None:
        return 0
    reading, match = _reading(letter.code, letter.enhanced, letter.said), matching.of_letter_id(letter_id)
    return _reported(fingerprint_of("letter", letter_id), reading, match, letter.settled_at)


def _reading(code: int | None, enhanced: str, text: str) -> Reading:
    return reading_of(code, enhanced, text, by_provider=is_provider(settings.MAIL))


def _reported(fingerprint: bytes, reading: Reading, match: Match, at: datetime) -> int:
    report, new = stored(fingerprint, b"", SOURCE, at)
    if new:
        settle(report, reading, match, now=at)
    return int(new)
