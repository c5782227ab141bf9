"""One delivery per subscriber of an edition, written by INSERT … SELECT before anything is sent.

`assemble` is the whole way from a due edition to its deliveries; each step may be repeated after a crash. How far it is
can be read from what it has written (`progress.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from publisher.core import events, trace
from publisher.core.alone import EDITION, alone
from publisher.core.errors import UserError
from publisher.counting import links
from publisher.delivery import claim, copies, erasing, preflighting
from publisher.delivery.closing import CANCEL_QUEUED, IS_OVER
from publisher.delivery.email.address import BadAddress
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.states import LEFT_US
from publisher.delivery.variants import serialise
from publisher.digests import editions, readers
from publisher.digests.assembling import HOLDS_DROPPED, WORK_MEMORY, choose_items, group_selections
from publisher.digests.models import Edition
from publisher.digests.rendering import render_variants
from publisher.render.failure import TemplateFailure
from publisher.schedule import waves

log = logging.getLogger(__name__)

S = Edition.State
AT_ONCE = 100_000
"""Deliveries written in one transaction: two seconds, which is what a crash costs."""
WRITERS = 2
"""Sessions that write at the same time. A subscriber has one variant, so none waits for another's rows."""

# Subscribers of one selection share a variant, so the join is: active subscriptions of the digest (partial index) to
# their selection's variant, less the suppression list (small, hashed); of a narrowed edition, its readers' alone. In the order
# of the variants, which is the order of sending: so each variant is read and parsed once. When an edition goes by local time,
# `zones` says when each zone is due; a zone that is empty or unknown gets it with the digest's own.
ADD_DELIVERIES = """
INSERT INTO delivery_delivery
    (edition_id, subscriber_id, variant_id, address, state, due_at, wave_at, fence, attempts, idempotency_key,
     remote_id, remote_url, enhanced, reason, created_at, settled_at)
SELECT %(edition)s, s.id, m.variant_id, s.email,
       CASE WHEN p.id IS NULL THEN 'queued' ELSE 'suppressed' END,
       COALESCE(w.due_at, %(due_at)s), COALESCE(w.due_at, %(wave_at)s), 0, 0, '', '', '', '',
       CASE WHEN p.id IS NULL THEN '' ELSE 'On the suppression list (' || p.reason || ').' END,
       %(now)s, CASE WHEN p.id IS NULL THEN NULL ELSE %(now)s END
FROM digests_editionselection m
JOIN audience_subscription b ON b.digest_id = %(digest)s AND b.selection_id = m.selection_id AND b.state = 'active'
JOIN audience_subscriber s ON s.id = b.subscriber_id AND s.state = 'active'
LEFT JOIN unnest(%(zones)s::text[], %(dues)s::timestamptz[]) AS w (zone, due_at) ON w.zone = lower(s.zone)
LEFT JOIN audience_suppression p ON p.email_key = s.email_key AND (p.until IS NULL OR p.until > %(now)s)
WHERE m.edition_id = %(edition)s AND m.variant_id BETWEEN %(first)s AND %(last)s {readers}
ORDER BY m.variant_id {existing}
"""
# Where some rows exist already they stay as they are. To ask for it costs a sixth of the writing, so the first run does not.
LEAVE_EXISTING = "ON CONFLICT (subscriber_id, edition_id) WHERE subscriber_id IS NOT NULL DO NOTHING"

# After other readers were chosen, or the segment changed, before anything left: what was written for who is no reader now is
# as if it had never been. The tally, of which rows that are deleted stay a part, is told.
TAKE_BACK = """
WITH gone AS (
    DELETE FROM delivery_delivery d
    WHERE d.edition_id = %(edition)s AND d.purpose = 'reader' AND d.state IN ('queued', 'suppressed') AND d.attempts = 0
      AND NOT EXISTS (
          SELECT 1 FROM digests_editionreader r WHERE r.edition_id = %(edition)s AND r.subscriber_id = d.subscriber_id
      )
    RETURNING d.wave_at, d.state
)
INSERT INTO delivery_tally (edition_id, wave_at, state, n)
SELECT %(edition)s, wave_at, state, -count(*) FROM gone GROUP BY wave_at, state
"""

# After an item was dropped: what is still queued gets the variant that its subscriber's selection has now.
REPOINT = """
UPDATE delivery_delivery d
SET variant_id = m.variant_id
FROM audience_subscription b
JOIN digests_editionselection m ON m.edition_id = %(edition)s AND m.selection_id = b.selection_id
WHERE d.edition_id = %(edition)s AND d.state = 'queued'
  AND b.digest_id = %(digest)s AND b.subscriber_id = d.subscriber_id AND d.variant_id <> m.variant_id
"""

CANCEL_UNMATCHED = """
UPDATE delivery_delivery d
SET state = 'cancelled', settled_at = %(now)s, reason = %(unmatched)s
WHERE d.edition_id = %(edition)s AND d.state = 'queued' AND d.purpose = 'reader'
  AND NOT EXISTS (
      SELECT 1 FROM audience_subscription b
      JOIN digests_editionselection m ON m.edition_id = %(edition)s AND m.selection_id = b.selection_id
      WHERE b.digest_id = %(digest)s AND b.subscriber_id = d.subscriber_id
  )
"""


# An item may be dropped while the variants are rendered or the rows written, and another run may have mapped selections to a
# variant that is not rendered yet: then nothing may be sent from this mapping. One look over the edition's variants.
OUTDATED = (
    """
SELECT EXISTS (
    SELECT 1 FROM digests_variant v
    WHERE v.edition_id = %(edition)s AND v.selections > 0 AND (v.retired OR v.message IS NULL OR """  # noqa: S608 - text of ours
    + HOLDS_DROPPED
    + "))"
)


def assemble(edition_id: int, *, now: datetime) -> Edition:
    """Bring a due edition to `sending` (or `waiting`, `paused`, `empty`, `blocked`). Safe to repeat and to run twice at once:
    a second run leaves it to the first.
    """
    with alone(EDITION + edition_id) as mine:
        edition = Edition.objects.get(pk=edition_id)
        return _assemble(edition, now) if mine else edition


def _assemble(edition: Edition, now: datetime) -> Edition:
    edition_id = edition.pk
    with trace.bound(edition.trace_id):
        if choose_items(edition_id, now=now) and _readers_are_known(edition_id, now):
            group_selections(edition_id)
            try:
                adjust = links.rewriter(Edition.objects.select_related("digest").get(pk=edition_id))
                render_variants(edition_id, now=now, serialise=serialise, adjust=adjust)
            except (TemplateFailure, BadHeader, BadAddress) as error:
                _block(edition_id, str(error))
        enqueue(edition_id, now=now)
    edition.refresh_from_db()
    if edition.state in preflighting.BEFORE_SENDING:
        preflighting.look(edition_id, now=now)
    return edition


def _readers_are_known(edition_id: int, now: datetime) -> bool:
    """Whether it can be told who gets it; else it is blocked, and says why."""
    try:
        readers.write_down(edition_id, now=now)
    except UserError as error:
        _block(edition_id, f"{error.message} {error.hint}".strip())
        return False
    return True


def enqueue(edition_id: int, *, now: datetime) -> int:
    """Write the deliveries of an assembled edition and let it go; how many rows were new.

    In several transactions, before the last of which nothing is sent. What changes meanwhile is found by the last one, and
    the next run mends what was written.
    """
    if not _begin(edition_id, now):
        return 0
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    added = _write_all(edition, now)
    _let_go(edition_id, added, now)
    return added


@transaction.atomic
def _begin(edition_id: int, now: datetime) -> bool:
    """Mend what an earlier run wrote, and write the copies for the office; whether there is more to do."""
    edition = Edition.objects.select_for_update().select_related("digest").get(pk=edition_id)
    values: dict[str, Any] = {"edition": edition.pk, "digest": edition.digest_id, "now": now}
    with connection.cursor() as cursor:
        if edition.state in (S.EMPTY, S.CANCELLED):
            cursor.execute(CANCEL_QUEUED, {**values, "reason": IS_OVER[edition.state]})
            _end_if_begun(edition)
            return False
        if edition.state != S.ASSEMBLING or _is_outdated(edition):
            return False
        cursor.execute(WORK_MEMORY)
        if edition.segment is not None:
            cursor.execute(TAKE_BACK, values)
        cursor.execute(CANCEL_UNMATCHED, {**values, "unmatched": claim.UNMATCHED})
        cursor.execute(REPOINT, values)
    copies.write_seeds(edition, now=now)
    return True


def _write_all(edition: Edition, now: datetime) -> int:
    """Write every portion, several at a time; how many rows were new. Inside a caller's transaction, whose rows no other
    session sees, one after the other."""
    portions = list(_portions(edition))
    begun = edition.delivery_set.filter(purpose="reader").exists()
    statement = ADD_DELIVERIES.format(
        readers="" if edition.segment is None else readers.IS_ONE, existing=LEAVE_EXISTING if begun else ""
    )
    if connection.in_atomic_block or len(portions) == 1:
        return sum(_write(edition, statement, portion, now) for portion in portions)

    def write(portion: tuple[int, int]) -> int:
        try:
            return _write(edition, statement, portion, now)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS, thread_name_prefix="deliveries") as pool:
        return sum(pool.map(write, portions))


def _portions(edition: Edition) -> Iterator[tuple[int, int]]:
    """Ranges of variants, by id, with about AT_ONCE subscribers each."""
    needed = edition.variants.filter(selections__gt=0).order_by("pk").values_list("pk", "recipients")
    first = last = waiting = 0
    for variant_id, recipients in needed:
        first, last, waiting = first or variant_id, variant_id, waiting + recipients
        if waiting >= AT_ONCE:
            yield first, last
            first = waiting = 0
    if first:
        yield first, last


def _write(edition: Edition, statement: str, portion: tuple[int, int], now: datetime) -> int:
    """Write the deliveries of these variants; how many were new."""
    due: dict[str, datetime] = {}
    if edition.local_day and edition.local_at:
        due = {name.lower(): at for name, at in waves.by_zone(edition.local_day, edition.local_at).items()}
    values: dict[str, Any] = {
        "edition": edition.pk,
        "digest": edition.digest_id,
        "now": now,
        "due_at": edition.due_at if due else now,
        "zones": list(due),
        "dues": list(due.values()),
        "wave_at": edition.due_at if due else None,
        "first": portion[0],
        "last": portion[1],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WORK_MEMORY)
        cursor.execute(statement, values)
        return int(cursor.rowcount)


@transaction.atomic
def _let_go(edition_id: int, added: int, now: datetime) -> None:
    """End assembling, unless something changed since it began."""
    edition = Edition.objects.select_for_update(of=("self",)).select_related("digest").get(pk=edition_id)
    if edition.state != S.ASSEMBLING or _is_outdated(edition):
        return
    erasing.erase_orphans(edition, now=now)
    edition.state = edition.after_assembly
    edition.assembled_at = now
    if edition.state == S.SENDING and edition.digest.approvals:  # nobody has seen this assembling yet
        edition.state, edition.approved_by = S.WAITING, ""
        edition.problem = editions.CHANGED_SINCE if edition.let_go_at else edition.problem
    elif edition.state == S.SENDING:
        edition.let_go_at = edition.let_go_at or now
    edition.save(update_fields=["state", "assembled_at", "problem", "let_go_at", "approved_by"])
    events.emit("delivery.due")
    log.info(
        "edition.assembled", extra={"edition_id": edition.pk, "deliveries": added, "next": edition.state}
    )


def _is_outdated(edition: Edition) -> bool:
    """Whether it has to be grouped and rendered again first; then somebody is told to."""
    with connection.cursor() as cursor:
        cursor.execute(OUTDATED, {"edition": edition.pk})
        outdated = bool(cursor.fetchone()[0])
    if outdated:
        log.info("edition.outdated", extra={"edition_id": edition.pk})
        events.emit("edition.ready", edition_id=edition.pk)
    return outdated


def _end_if_begun(edition: Edition) -> None:
    """An edition that lost all of its items on its way is not called “nothing new” when some of it went out."""
    left = edition.delivery_set.filter(state__in=LEFT_US, purpose="reader")
    if edition.state == S.EMPTY and left.exists():
        edition.state = S.CANCELLED
        edition.problem = gettext_noop("Everything that it still held was retracted while it was going out.")
        edition.save(update_fields=["state", "problem"])


def _block(edition_id: int, problem: str) -> None:
    log.error("edition.blocked", extra={"edition_id": edition_id, "problem": problem})
    Edition.objects.filter(pk=edition_id, state=S.ASSEMBLING).update(state=S.BLOCKED, problem=problem)
