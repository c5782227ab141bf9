"""Sending a mail of an edition once more to a reader who asks for it: a delivery of its own, marked as asked for by a person.

It counts as no recipient of the edition, leaves whatever the edition's state is, and its links are the reader's own. It holds
what the first one held; what was corrected or taken back since is not sent again.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.delivery import reachable
from publisher.delivery.claim import OUTDATED_VARIANTS
from publisher.delivery.models import Delivery
from publisher.delivery.states import LEFT_US, State
from publisher.digests import uncleared
from publisher.digests.models import Edition, Variant
from publisher.digests.paused import of_editions

SENDABLE = LEFT_US - {State.COMPLAINED}
OVER = (Edition.State.CANCELLED, Edition.State.EMPTY)


def why_not(row: Delivery, *, now: datetime) -> UserError | None:
    """Why this mail cannot be sent once more; None when it can. `row` with its edition, digest and subscriber."""
    edition = row.edition
    if edition is None or row.purpose != Delivery.Purpose.READER:
        return UserError(_("Only a mail to a reader is sent again like this."))
    if row.state not in SENDABLE:
        return UserError(
            _("It is “%(state)s”: only what has left is sent once more.") % {"state": State(row.state).label}
        )
    if edition.state in OVER or edition.forgotten_at:
        return UserError(_("Its edition is over, so nothing of it is sent any more."))
    if refusal := _held_up(edition):
        return refusal
    if _is_outdated(row):
        return UserError(
            _("What it shows was corrected or taken back since it was sent."),
            _("Send the reader the corrected items instead."),
        )
    return reachable.why_not(row.subscriber, edition.digest_id, now=now)


def _held_up(edition: Edition) -> UserError | None:
    if of_editions([edition.pk]):
        return UserError(_("A pause covers what the edition holds."), _("Release the pause first."))
    if open_tags := uncleared.of_editions([edition.pk]).get(edition.pk):
        return UserError(
            _("It holds what waits for a clearance: %(waits)s.") % {"waits": "; ".join(map(str, open_tags))},
            _("It can be sent once that is cleared."),
        )
    return None


def copies_of(row: Delivery) -> int:
    """How often it was sent again so far: the version that a form carries."""
    return Delivery.objects.filter(copy_of=row).count()


@transaction.atomic
def resend(delivery_id: int, *, user: Actor, copies: int, now: datetime) -> Delivery:
    """Queue the mail once more, to the reader's address of today; the new delivery. `copies`: how many the person saw, so that
    two presses send one. Raises `UserError`."""
    locked = Delivery.objects.select_for_update(of=("self",)).select_related("edition__digest", "subscriber")
    row = locked.filter(pk=delivery_id).first()
    if row is None:
        raise UserError(_("There is no such delivery."), _("Load the list again."))
    if refusal := why_not(row, now=now):
        raise refusal
    if copies_of(row) != copies:
        raise UserError(
            _("Somebody sent it again since you opened this page."),
            _("Look at that one before you send another."),
        )
    copy = Delivery.objects.create(
        copy_of=row,
        edition=row.edition,
        variant_id=row.variant_id,
        purpose=Delivery.Purpose.RESEND,
        address=row.subscriber.email if row.subscriber else row.address,
        idempotency_key=f"copy {copies + 1}",
        due_at=now,
        created_at=now,
    )
    audit.record(user, "delivery.sent_again", row, after={"delivery": copy.pk})
    events.emit("delivery.due")
    return copy


def _is_outdated(row: Delivery) -> bool:
    if (
        row.variant_id is None
        or not Variant.objects.filter(pk=row.variant_id, message__isnull=False).exists()
    ):
        return True
    with connection.cursor() as cursor:
        cursor.execute(OUTDATED_VARIANTS, {"variants": [row.variant_id], "edition": row.edition_id})
        return cursor.fetchone() is not None
