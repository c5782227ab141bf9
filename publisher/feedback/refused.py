"""Refusals while sending, by the same rules as what comes back later: a mail server that knows no such mailbox says so at once.

Called by beat (`tasks/feedback.py`). The sender writes tries; here those that ended a delivery become reports, each once.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from publisher.delivery.email.transport import is_provider
from publisher.delivery.erasing import ERASED
from publisher.delivery.models import Attempt
from publisher.feedback import matching
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


def judge(*, now: datetime) -> int:
    """Make reports of the refusals that have none yet; how many. Each in a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute(UNJUDGED, {"since": now - LOOKED_BACK, "limit": BATCH})
        ids = [int(row[0]) for row in cursor.fetchall()]
    return sum(_judge(attempt_id) for attempt_id in ids)


def fingerprint_of(attempt_id: int) -> bytes:
    return hashlib.sha256(f"attempt {attempt_id}".encode()).digest()


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
    at = attempt.started_at
    report, new = stored(fingerprint_of(attempt_id), b"", SOURCE, at)
    if new:
        by_provider = is_provider(settings.MAIL)
        reading = reading_of(attempt.code, attempt.enhanced, attempt.text, by_provider=by_provider)
        settle(report, reading, matching.of_delivery_id(attempt.delivery_id), now=at)
    return int(new)
