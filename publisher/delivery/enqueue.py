"""One delivery per subscriber of an edition, written by one INSERT … SELECT before anything is sent.

`assemble` is the whole way from a due edition to its deliveries; each step may be repeated after a crash.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from publisher.core import events, trace
from publisher.core.alone import EDITION, alone
from publisher.delivery import claim
from publisher.delivery.closing import CANCEL_QUEUED
from publisher.delivery.email.address import BadAddress
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.states import LEFT_US
from publisher.delivery.variants import serialise_variants
from publisher.digests.assembling import HOLDS_DROPPED, choose_items, group_selections
from publisher.digests.models import Edition
from publisher.digests.rendering import render_variants
from publisher.render.failure import TemplateFailure

log = logging.getLogger(__name__)

# Subscribers of one selection share a variant, so the join is: active subscriptions of the digest (partial index) to
# their selection's variant, less the suppression list (small, hashed). A row that exists already stays as it is. In the
# order of the variants, which is the order of sending: so each variant is read and parsed once.
ADD_DELIVERIES = """
INSERT INTO delivery_delivery
    (edition_id, subscriber_id, variant_id, address, state, due_at, fence, attempts, idempotency_key,
     remote_id, remote_url, enhanced, reason, created_at, settled_at)
SELECT %(edition)s, s.id, m.variant_id, s.email,
       CASE WHEN p.id IS NULL THEN 'queued' ELSE 'suppressed' END,
       %(now)s, 0, 0, '', '', '', '',
       CASE WHEN p.id IS NULL THEN '' ELSE 'On the suppression list (' || p.reason || ').' END,
       %(now)s, CASE WHEN p.id IS NULL THEN NULL ELSE %(now)s END
FROM digests_editionselection m
JOIN audience_subscription b ON b.digest_id = %(digest)s AND b.selection_id = m.selection_id AND b.state = 'active'
JOIN audience_subscriber s ON s.id = b.subscriber_id AND s.state = 'active'
LEFT JOIN audience_suppression p ON p.email_key = s.email_key AND (p.until IS NULL OR p.until > %(now)s)
WHERE m.edition_id = %(edition)s
ORDER BY m.variant_id
ON CONFLICT (edition_id, subscriber_id) WHERE edition_id IS NOT NULL DO NOTHING
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
WHERE d.edition_id = %(edition)s AND d.state = 'queued'
  AND NOT EXISTS (
      SELECT 1 FROM audience_subscription b
      JOIN digests_editionselection m ON m.edition_id = %(edition)s AND m.selection_id = b.selection_id
      WHERE b.digest_id = %(digest)s AND b.subscriber_id = d.subscriber_id
  )
"""


# An item may be dropped while the variants are rendered, and another run may have mapped selections to a variant that is not
# rendered yet: then nothing may be sent from this mapping. Two look-ups over the edition's selections.
OUTDATED = (
    """
SELECT EXISTS (
    SELECT 1 FROM digests_editionselection m JOIN digests_variant v ON v.id = m.variant_id
    WHERE m.edition_id = %(edition)s AND (v.message IS NULL OR """  # noqa: S608 - text of ours
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
        if choose_items(edition_id, now=now):
            group_selections(edition_id)
            try:
                render_variants(edition_id, now=now)
                serialise_variants(edition_id)
            except (TemplateFailure, BadHeader, BadAddress) as error:
                _block(edition_id, str(error))
        enqueue(edition_id, now=now)
    edition.refresh_from_db()
    return edition


@transaction.atomic
def enqueue(edition_id: int, *, now: datetime) -> int:
    """Write the deliveries of an assembled edition and let it go; how many rows were new."""
    edition = Edition.objects.select_for_update().get(pk=edition_id)
    values: dict[str, Any] = {
        "edition": edition.pk,
        "digest": edition.digest_id,
        "now": now,
        "unmatched": claim.UNMATCHED,
    }
    with connection.cursor() as cursor:
        if edition.state in (Edition.State.EMPTY, Edition.State.CANCELLED):
            cursor.execute(CANCEL_QUEUED, {**values, "reason": f"The edition is {edition.state}."})
            _end_if_begun(edition)
            return 0
        if edition.state != Edition.State.ASSEMBLING:
            return 0
        cursor.execute(OUTDATED, values)
        if cursor.fetchone()[0]:
            log.info("edition.outdated", extra={"edition_id": edition.pk})
            events.emit("edition.ready", edition_id=edition.pk)
            return 0
        cursor.execute(CANCEL_UNMATCHED, values)
        cursor.execute(REPOINT, values)
        cursor.execute(ADD_DELIVERIES, values)
        added = int(cursor.rowcount)
    edition.state = edition.after_assembly
    edition.assembled_at = now
    edition.save(update_fields=["state", "assembled_at"])
    events.emit("delivery.due")
    log.info(
        "edition.assembled", extra={"edition_id": edition.pk, "deliveries": added, "next": edition.state}
    )
    return added


def _end_if_begun(edition: Edition) -> None:
    """An edition that lost all of its items on its way is not called “nothing new” when some of it went out."""
    if edition.state == Edition.State.EMPTY and edition.delivery_set.filter(state__in=LEFT_US).exists():
        edition.state = Edition.State.CANCELLED
        edition.problem = "Everything that it still held was retracted while it was going out."
        edition.save(update_fields=["state", "problem"])


def _block(edition_id: int, problem: str) -> None:
    log.error("edition.blocked", extra={"edition_id": edition_id, "problem": problem})
    Edition.objects.filter(pk=edition_id, state=Edition.State.ASSEMBLING).update(
        state=Edition.State.BLOCKED, problem=problem
    )
