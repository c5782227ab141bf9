"""The editions that have mail due, as `order.py` wants them. Asked once a second while mail is sent."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection

from publisher.delivery.pacing.order import SMALL, Candidate
from publisher.digests.paused import IS_PAUSED
from publisher.digests.uncleared import HOLDS_UNCLEARED
from publisher.schedule.hours import SendingHours

# For each edition that is sending, one probe of the queue's partial index (edition, due_at, id), and a walk along it that
# stops when the edition is known not to be small. LATERAL with LIMIT, and no EXISTS: that may become a semi join with a scan
# of all that is queued, when several editions are sending and nobody has counted the rows yet (`test_due.py`).
DUE = f"""
SELECT e.id, e.priority, e.due_at, waiting.mails, g.zone, g.send_from, g.send_until, e.assembled_at, e.changed_at, false
FROM digests_edition e
JOIN digests_digest g ON g.id = e.digest_id
CROSS JOIN LATERAL (
    SELECT d.id FROM delivery_delivery d
    WHERE d.edition_id = e.id AND d.state = 'queued' AND d.due_at <= %(now)s
      AND d.purpose NOT IN ('test', 'resend')
    ORDER BY d.due_at, d.id
    LIMIT 1
) first
CROSS JOIN LATERAL (
    SELECT count(*) AS mails FROM (
        SELECT 1 FROM delivery_delivery d
        WHERE d.edition_id = e.id AND d.state = 'queued'
        ORDER BY d.due_at, d.id  -- along the index: else those that were sent already are read, too
        LIMIT %(more_than_small)s
    ) few
) waiting
WHERE e.state = 'sending' AND (%(only)s::bigint IS NULL OR e.id = %(only)s) AND NOT {IS_PAUSED}
  AND NOT {HOLDS_UNCLEARED}
"""  # noqa: S608 - text of ours
# Tests, and mails that are sent again to readers who asked, of editions in any state: by a partial index of their own, which is
# empty but for moments.
TESTS = f"""
SELECT e.id, e.priority, e.due_at, 1, g.zone, g.send_from, g.send_until, e.assembled_at, e.changed_at, true
FROM digests_edition e
JOIN digests_digest g ON g.id = e.digest_id
WHERE (%(only)s::bigint IS NULL OR e.id = %(only)s) AND e.id IN (
    SELECT d.edition_id FROM delivery_delivery d
    WHERE d.state = 'queued' AND d.purpose IN ('test', 'resend') AND d.due_at <= %(now)s
      AND (d.purpose = 'test' OR NOT {IS_PAUSED})
)
"""  # noqa: S608 - text of ours


def due_editions(*, only: int | None, now: datetime) -> list[Candidate]:
    """Editions in `sending` with something due, and those with tests, in no order; `only` that one, if given."""
    with connection.cursor() as cursor:
        cursor.execute(TESTS, {"only": only, "now": now})
        rows = cursor.fetchall()
        cursor.execute(DUE, {"only": only, "now": now, "more_than_small": SMALL + 1})
        return [
            Candidate(
                edition_id=row[0],
                priority=row[1],
                due_at=row[2],
                left=row[3],
                hours=SendingHours(ZoneInfo(row[4]), row[5], row[6]),
                assembled_at=row[7],
                let_go_at=row[8],
                tests=row[9],
            )
            for row in [*rows, *cursor.fetchall()]
        ]
