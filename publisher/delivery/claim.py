"""Claiming what is due: rows become `sending`, with a lease and a fence, and are committed before any socket opens.

Called by the senders (`sender.py`, `posts.py`). The other end of a claim is in `settle.py`; what nobody settled, in `sweep.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_noop

from publisher.core import gate, standstill
from publisher.digests.assembling import HOLDS_DROPPED
from publisher.digests.models import Edition
from publisher.digests.paused import IS_PAUSED as EDITION_IS_PAUSED
from publisher.digests.paused import of_editions
from publisher.digests.uncleared import HOLDS_UNCLEARED
from publisher.digests.uncleared import of_editions as uncleared_editions
from publisher.review.uncleared import IS_UNCLEARED
from publisher.schedule.hours import SendingHours, next_open
from publisher.social.paused import IS_PAUSED


class ClaimedMail(NamedTuple):
    """One mail to send, with what fills its slots. Rows of a claim are sent in the order given.

    `subscriber_id` is None for tests and copies, which are nobody's. `due` is in seconds since 1970. `counted`: the reader agreed
    to be counted by person.
    """

    id: int
    variant_id: int
    address: str
    name: str
    subscriber_id: int | None
    attempts: int
    due: float
    reason: str
    counted: bool = False

    @property
    def due_at(self) -> datetime:
        """Made when it is asked for, which is seldom: it is a third of the cost of reading a claim."""
        return datetime.fromtimestamp(self.due, UTC)


@dataclass(frozen=True)
class Claim:
    """What one sender holds until `lease_until`. A row is its own only while the row's fence is this one.

    `tests`: of what leaves whatever the edition's state is: tests, or (`marked` is False then) mails that are sent again to
    readers who asked. `assembled_at`: which of the edition's assemblies the mails are of; None for these.
    """

    fence: int
    edition_id: int
    lease_until: datetime
    mails: tuple[ClaimedMail, ...]
    tests: bool = False
    assembled_at: datetime | None = None
    marked: bool = False


# The inner SELECT walks the partial index (edition, due_at, id) of queued rows and stops at the limit; SKIP LOCKED lets
# claimers pass each other. Whether the person still wants the mail is asked here again, of the few rows claimed only: OFFSET 0
# and the ids that are named twice have each of them looked up by its key, where a plan made from statistics would read whole
# tables of some 10,000 rows for a claim. Tests have a partial index of their own. Who moved to another rhythm of the newsletter
# still gets what was queued of the one before. Who changed their address gets what was queued at the former one: neither may be
# suppressed.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT d.id, {subscriber} AS subscriber_id, d.address, d.purpose, d.prepared ->> 'name' AS name
    FROM delivery_delivery d
    WHERE d.edition_id = %(edition)s AND d.state = 'queued' AND d.due_at <= %(now)s AND {whose}
      AND NOT EXISTS (SELECT 1 FROM core_standstill)
    ORDER BY d.due_at, d.id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), checked AS MATERIALIZED (
    SELECT due.id,
           CASE
               WHEN p.id IS NOT NULL THEN 'suppressed'
               WHEN due.purpose IN ('seed', 'test') THEN 'sending'
               WHEN NOT COALESCE(s.wants, false) THEN 'cancelled'
               ELSE 'sending'
           END AS state,
           due.subscriber_id,
           COALESCE(s.name, due.name, '') AS name,
           COALESCE(p.reason, '') AS why,
           COALESCE(s.counted, false) AS counted
    FROM due
    LEFT JOIN LATERAL (
        SELECT s.name, s.email_key, s.counted,
               s.state = 'active' AND EXISTS (
                   SELECT 1 FROM audience_subscription b
                   LEFT JOIN audience_subscription n ON n.subscriber_id = s.id AND n.digest_id = b.moved_to
                   WHERE b.subscriber_id = s.id AND 'active' IN (b.state, n.state)
                     AND b.digest_id = (SELECT e.digest_id FROM digests_edition e WHERE e.id = %(edition)s)
               ) AS wants
        FROM audience_subscriber s
        WHERE s.id = due.subscriber_id
        OFFSET 0
    ) s ON true
    LEFT JOIN LATERAL (
        SELECT p.id, p.reason FROM audience_suppression p
        WHERE p.email_key = ANY(ARRAY[s.email_key, lower(due.address)]) AND (p.until IS NULL OR p.until > %(now)s)
        LIMIT 1
    ) p ON true
), claimed AS (
UPDATE delivery_delivery d
SET state = checked.state,
    fence = %(fence)s,
    lease_until = CASE WHEN checked.state = 'sending' THEN %(lease_until)s END,
    attempts = d.attempts + (checked.state = 'sending')::int,
    settled_at = CASE WHEN checked.state = 'sending' THEN NULL ELSE %(now)s END,
    reason = CASE checked.state
        WHEN 'suppressed' THEN 'On the suppression list (' || checked.why || ') when it was about to be sent.'
        WHEN 'cancelled' THEN 'Not subscribed any more, or paused, when it was about to be sent.'
        ELSE d.reason END
FROM checked
WHERE d.id = ANY(ARRAY(SELECT id FROM due)) AND d.id = checked.id
RETURNING d.id, d.variant_id, d.address, checked.name, checked.subscriber_id, d.attempts, d.due_at, d.reason,
          checked.counted, d.state
)
SELECT id, variant_id, address, name, subscriber_id, attempts, extract(epoch FROM due_at)::float8, reason, counted, state
FROM claimed ORDER BY due_at, id
"""
CLAIM_MAIL = _CLAIM.format(whose="d.purpose NOT IN ('test', 'resend')", subscriber="d.subscriber_id")
CLAIM_TESTS = _CLAIM.format(whose="d.purpose = 'test'", subscriber="d.subscriber_id")
# The reader of a mail that is sent again is that of the first one. It respects pauses and clearances as that did.
CLAIM_RESENDS = _CLAIM.format(
    whose=f"""d.purpose = 'resend'
      AND NOT EXISTS (
          SELECT 1 FROM digests_edition e WHERE e.id = d.edition_id AND ({EDITION_IS_PAUSED} OR {HOLDS_UNCLEARED})
      )""",  # noqa: S608 - text of ours
    subscriber="(SELECT first.subscriber_id FROM delivery_delivery first WHERE first.id = d.copy_of_id)",
)

# Held until the claim is committed: who pauses the edition then knows what was claimed. Tests, and mails sent again to who
# asked, leave in any state, so their claim does not ask, and does not wait for an edition that is being assembled.
STILL_SENDING = f"""
SELECT e.assembled_at FROM digests_edition e
WHERE e.id = %s AND e.state = 'sending' AND NOT {EDITION_IS_PAUSED} AND NOT {HOLDS_UNCLEARED}
FOR SHARE OF e
"""  # noqa: S608 - text of ours


_OUTDATED = "(v.retired OR " + HOLDS_DROPPED + ")"
"""A rendering that a correction retired, or that shows what was dropped since."""

# Of the renderings that a claim holds, found by their keys.
OUTDATED_VARIANTS = (
    """
SELECT v.id FROM digests_variant v
WHERE v.id = ANY(%(variants)s) AND """
    + _OUTDATED
)

# Of claimed rows only, by their keys: they waited elsewhere (claimed, unclear) while the edition was assembled again.
REPOINT_CLAIMED = (
    """
UPDATE delivery_delivery d
SET variant_id = m.variant_id
FROM digests_edition e
JOIN audience_subscription b ON b.digest_id = e.digest_id
JOIN digests_editionselection m ON m.edition_id = e.id AND m.selection_id = b.selection_id
JOIN digests_variant v ON v.id = m.variant_id
WHERE d.id = ANY(%(ids)s) AND e.id = d.edition_id AND b.subscriber_id = d.subscriber_id AND NOT """
    + _OUTDATED
    + " RETURNING d.id, d.variant_id"
)

CANCEL_CLAIMED = """
UPDATE delivery_delivery
SET state = 'cancelled', lease_until = NULL, attempts = attempts - 1, settled_at = %(now)s,
    reason = CASE purpose WHEN 'test' THEN %(outdated)s WHEN 'resend' THEN %(resend)s ELSE %(reason)s END
WHERE id = ANY(%(ids)s)
"""
UNMATCHED = gettext_noop("Nothing is left in the edition of what this person chose.")
OUTDATED_RESEND = gettext_noop("What it shows was corrected or taken back before it was sent again.")
OUTDATED_TEST = gettext_noop("The edition was corrected before this test left: send another.")


def next_fence() -> int:
    """A number larger than any given before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('delivery_fence')")
        (fence,) = cursor.fetchone()
    return int(fence)


def claim_mail(
    edition_id: int, *, fence: int, now: datetime, limit: int, lease: timedelta, tests: bool = False
) -> Claim:
    """Claim up to `limit` mails of a sending edition under `fence` (from `next_fence`, used for one claim only).

    Or of its tests, in whichever state it is, and when there are none of mails that are sent again to readers who asked.

    People who left or are suppressed are settled here, not claimed. An empty claim with `limit` > 0 means that nothing is
    due now (or that others hold it).
    """
    values: dict[str, Any] = {
        "edition": edition_id,
        "now": now,
        "limit": limit,
        "fence": fence,
        "lease_until": now + lease,
    }
    marked = tests
    while True:
        assembled_at = None
        with transaction.atomic(), connection.cursor() as cursor:
            gate.enter()
            if not tests:
                cursor.execute(STILL_SENDING, [edition_id])
                if (found := cursor.fetchone()) is None:
                    return Claim(fence, edition_id, now + lease, ())
                (assembled_at,) = found
            cursor.execute(CLAIM_TESTS if marked else CLAIM_RESENDS if tests else CLAIM_MAIL, values)
            rows = _with_current_variants(cursor, cursor.fetchall(), values)
        mails = tuple(ClaimedMail._make(row[:-1]) for row in rows if row[-1] == "sending")
        if not rows and marked:
            marked = False
        elif mails or not rows:
            return Claim(fence, edition_id, now + lease, mails, tests, assembled_at, marked)


def _with_current_variants(
    cursor: CursorWrapper, rows: list[tuple[Any, ...]], values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """The claimed rows, none of which shows what was dropped or corrected since it was written."""
    cursor.execute(OUTDATED_VARIANTS, {**values, "variants": list({row[1] for row in rows})})
    outdated = {row[0] for row in cursor.fetchall()}
    stale = [row[0] for row in rows if row[1] in outdated and row[-1] == "sending"]
    if not stale:
        return rows
    cursor.execute(REPOINT_CLAIMED, {**values, "ids": stale})
    current: dict[int, int] = dict(cursor.fetchall())
    gone = [row_id for row_id in stale if row_id not in current]
    reasons = {"reason": UNMATCHED, "outdated": OUTDATED_TEST, "resend": OUTDATED_RESEND}
    cursor.execute(CANCEL_CLAIMED, {"ids": gone, "now": values["now"], **reasons})
    lost = set(gone)
    return [
        (row[0], current.get(row[0], row[1]), *row[2:-1], "cancelled" if row[0] in lost else row[-1])
        for row in rows
    ]


# The lease of a post is one row's; the post, its item, its channel and the item's embargo are asked again under lock.
CLAIM_POST = f"""
UPDATE delivery_delivery d
SET state = 'sending', fence = %(fence)s, lease_until = %(lease_until)s, attempts = d.attempts + 1
FROM social_post p
JOIN social_channel c ON c.id = p.channel_id
JOIN items_item i ON i.id = p.item_id
WHERE d.id = %(id)s AND d.state = 'queued' AND d.due_at <= %(now)s
  AND p.id = d.post_id AND p.state IN ('scheduled', 'sending')
  AND c.enabled AND c.paused_reason = '' AND (c.blocked_until IS NULL OR c.blocked_until <= %(now)s)
  AND i.retracted_at IS NULL AND (i.embargo_until IS NULL OR i.embargo_until <= %(now)s)
  AND NOT EXISTS (SELECT 1 FROM core_standstill) AND NOT {IS_PAUSED} AND NOT {IS_UNCLEARED}
  AND NOT EXISTS (
      SELECT 1 FROM delivery_delivery earlier
      WHERE earlier.post_id = d.post_id AND earlier.part < d.part AND earlier.state NOT IN ('sent', 'delivered')
  )
RETURNING d.id
"""  # noqa: S608 - text of ours


def claim_post(delivery_id: int, *, now: datetime, lease: timedelta) -> int:
    """Claim one part of a post; the fence, or 0 when it may not be sent now (taken, paused, retracted, under
    embargo, not cleared)."""
    fence = next_fence()
    with transaction.atomic(), connection.cursor() as cursor:
        gate.enter()
        cursor.execute(
            CLAIM_POST, {"id": delivery_id, "now": now, "fence": fence, "lease_until": now + lease}
        )
        return fence if cursor.fetchone() else 0


def renew(fence: int, *, now: datetime, lease: timedelta) -> int:
    """Lengthen the lease of what is still unsettled under `fence`; how many rows that is (0: the claim is lost)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_delivery SET lease_until = %s WHERE fence = %s AND state = 'sending' AND lease_until > %s",
            [now + lease, fence, now],
        )
        return int(cursor.rowcount)


def may_go_on(edition_ids: Collection[int], *, now: datetime) -> set[int]:
    """Those of the editions that nobody has paused or cancelled, that no pause covers, that hold nothing uncleared, and whose
    hours have not ended; none while all sending stands still."""
    if standstill.is_on():
        return set()
    held = {*of_editions(edition_ids), *uncleared_editions(edition_ids)}
    rows = Edition.objects.filter(pk__in=edition_ids, state=Edition.State.SENDING)
    hours = rows.values_list("pk", "digest__zone", "digest__send_from", "digest__send_until")
    return {
        pk
        for pk, zone, *ends in hours
        if pk not in held and next_open(SendingHours(ZoneInfo(zone), *ends), now) == now
    }


def release(fence: int) -> int:
    """Give back what was claimed and never begun (an edition was paused, a worker stops); how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_delivery SET state = 'queued', lease_until = NULL, attempts = attempts - 1 "
            "WHERE fence = %s AND state = 'sending'",
            [fence],
        )
        return int(cursor.rowcount)
