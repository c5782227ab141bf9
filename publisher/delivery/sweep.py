"""What nobody settled: claims whose lease ran out. Called by beat's tick; safe to run anywhere, any number of times.

A lane works through its claim in order and notes each result before it begins the next message (`journal.py`). So when
the notes of a dead claim are complete, the first row without a result may have been accepted (`unknown`), and the rest
were never begun (`queued` again). When notes may be missing, nobody can tell: a person decides.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DataError, connection, transaction

from publisher.delivery import journal
from publisher.delivery.journal import Notes
from publisher.delivery.settle import settle_all
from publisher.delivery.states import State
from publisher.delivery.unclear import NOTES_GONE, RESENDS, WORKER_GONE

log = logging.getLogger(__name__)

MOST_CLAIMS = 200
MOST_GRACE = 60  # seconds, for each try so far

# Both walk the partial index of leases. A claim is taken whole: the order of its rows is what tells.
EXPIRED = """
SELECT d.fence, bool_or(d.edition_id IS NOT NULL), count(*)
FROM delivery_delivery d WHERE d.state = 'sending' AND d.lease_until < %(now)s
GROUP BY d.fence ORDER BY d.fence LIMIT %(most)s
"""
ROWS = """
SELECT id FROM delivery_delivery
WHERE state = 'sending' AND lease_until < %(now)s AND fence = %(fence)s
ORDER BY due_at, id FOR UPDATE SKIP LOCKED
"""

# The try that nobody wrote down is noted: what it may have begun can take effect until the lease ended, and later
# questions to a network count from there.
CALL_UNKNOWN = """
WITH before AS (
    SELECT id, lease_until AS until FROM delivery_delivery WHERE id = ANY(%(ids)s)
), doubtful AS (
    UPDATE delivery_delivery d SET state = 'unknown', reason = %(reason)s, held = %(held)s, lease_until = NULL
    FROM before WHERE d.id = before.id
    RETURNING d.id, d.fence, before.until
)
INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, enhanced, text)
SELECT id, fence, '', until - %(half)s, 1000 * extract(epoch FROM %(half)s), 'unknown', '', %(reason)s FROM doubtful
"""
GIVE_BACK = """
UPDATE delivery_delivery SET state = 'queued', attempts = attempts - 1, lease_until = NULL WHERE id = ANY(%(ids)s)
"""

# Mail has no one to ask. The digest's owner chose between twice for a few and a person's decision. The fence stays until
# the next claim: a worker that comes back within the time of grace may still say that it was accepted.
RESEND = """
UPDATE delivery_delivery d
SET state = 'queued', due_at = %(now)s + d.attempts * %(grace)s
FROM digests_edition e JOIN digests_digest g ON g.id = e.digest_id
WHERE d.state = 'unknown' AND NOT d.held AND d.edition_id = e.id
  AND e.state = ANY(%(states)s) AND g.on_unknown = 'resend' AND d.attempts < %(most)s
"""


@dataclass(frozen=True)
class Verdict:
    """What is said of the rows of a dead claim that have no result: ids, in the order of sending."""

    unknown: Sequence[int] = ()
    held: Sequence[int] = ()
    queued: Sequence[int] = ()


def verdict(rows: Sequence[int], notes: Notes) -> Verdict:
    """Decide. What no lane has begun is not in doubt. Of a single row it does not matter whether notes are missing: it is the
    one in doubt. Pure."""
    if notes.complete and not notes.begun:
        return Verdict(queued=rows)
    if notes.complete or len(rows) == 1:
        return Verdict(unknown=rows[: notes.flight], queued=rows[notes.flight :])
    return Verdict(held=rows)


def sweep(*, now: datetime, most: int) -> dict[State, int]:
    """Settle expired claims; the number of rows by the state they were given. After `most` tries an unknown stays so."""
    with connection.cursor() as cursor:
        cursor.execute(EXPIRED, {"now": now, "most": MOST_CLAIMS})
        expired: list[tuple[int, bool, int]] = cursor.fetchall()
    notes = _notes_of(expired)
    counts: Counter[State] = Counter()
    for fence, claim_notes in notes.items():
        try:
            counts += _sweep_claim(fence, claim_notes, now)
        except DataError:  # a note that the database refuses must not hold up other claims
            log.exception("sweep.refused", extra={"fence": fence})
            counts += _sweep_claim(fence, replace(claim_notes, complete=False, settlements=()), now)
    with connection.cursor() as cursor:
        grace = timedelta(seconds=min(settings.LEASE_SECONDS, MOST_GRACE))
        resend: dict[str, Any] = {
            "now": now,
            "most": most,
            "grace": grace,
            "states": [state.value for state in RESENDS],
        }
        cursor.execute(RESEND, resend)
    if counts:
        log.warning("delivery.swept", extra={state.value: n for state, n in counts.items()})
    return dict(counts)


def _notes_of(expired: Sequence[tuple[int, bool, int]]) -> Mapping[int, Notes]:
    """The notes of the claims that can be settled now. While Redis is away, claims of several mails wait for it."""
    mails = [fence for fence, is_mail, _rows in expired if is_mail]
    alone = {fence: journal.UNREADABLE for fence, is_mail, rows in expired if not is_mail or rows == 1}
    if not mails:
        return alone
    try:
        return {**alone, **journal.read(mails)}
    except redis.RedisError as error:
        log.warning("sweep.redis_away", extra={"error": str(error), "claims": len(mails)})
        return alone


def _sweep_claim(fence: int, notes: Notes, now: datetime) -> Counter[State]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ROWS, {"now": now, "fence": fence})
        rows = [int(row[0]) for row in cursor.fetchall()]
        own = set(rows)
        known = [each for each in notes.settlements if each.delivery_id in own]
        settled = settle_all(known)
        said = verdict([row for row in rows if row not in settled], notes)
        for ids, reason, held in ((said.unknown, WORKER_GONE, False), (said.held, NOTES_GONE, True)):
            values: dict[str, Any] = {"ids": list(ids), "reason": reason, "held": held}
            cursor.execute(CALL_UNKNOWN, values | {"half": timedelta(seconds=settings.LEASE_SECONDS) / 2})
        cursor.execute(GIVE_BACK, {"ids": list(said.queued)})
    if notes is not journal.UNREADABLE:
        journal.forget(fence)
    counts = Counter(each.state for each in known if each.delivery_id in settled)
    counts[State.UNKNOWN] += len(said.unknown) + len(said.held)
    counts[State.QUEUED] += len(said.queued)
    return +counts
