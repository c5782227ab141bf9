"""Mail of which nobody can tell whether it arrived: no server can be asked afterwards, so a person says. Called by the desk
and by `publisher edition settle`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.delivery.unclear import RESENDS
from publisher.digests.models import Edition

ARRIVED = gettext_noop("A person says that it arrived, or that it shall not be sent again.")
AGAIN = gettext_noop("A person says that it shall be sent again.")

# By the partial index of unknown rows, of which there are few. What was decided is written as a try of each.
CONFIRM = """
WITH decided AS (
    UPDATE delivery_delivery
    SET state = %(state)s, reason = %(said)s, due_at = %(now)s, held = false,
        sent_at = CASE WHEN %(state)s = 'sent' THEN %(now)s ELSE sent_at END,
        settled_at = CASE WHEN %(state)s = 'sent' THEN %(now)s END
    WHERE state = 'unknown' AND edition_id = %(edition)s
      AND CASE WHEN %(id)s::bigint IS NULL THEN purpose NOT IN ('test', 'resend') ELSE id = %(id)s END
    RETURNING id, fence
)
INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, enhanced, text)
SELECT id, fence, %(by)s, %(now)s, 0, %(state)s, '', %(said)s FROM decided
"""


def may(edition: Edition, *, arrived: bool) -> bool:
    """Whether that word can be given of an edition's mails: of one that is over none is sent again. Pure."""
    return arrived or edition.state in RESENDS


def confirm(delivery_id: int, *, user: Actor, arrived: bool, now: datetime) -> None:
    """A person's word on one mail: it counts as sent, or it is sent again with the same Message-ID. Raises `UserError`."""
    row = Delivery.objects.select_related("edition__digest").get(pk=delivery_id, edition__isnull=False)
    assert row.edition is not None  # noqa: S101 - for the type checker: the line above asked for it
    _confirm(row.edition, row.pk, user, arrived=arrived, now=now)


def confirm_edition(edition_id: int, *, user: Actor, arrived: bool, now: datetime) -> int:
    """The same word on every unclear mail of an edition but its tests; how many. Raises `UserError`."""
    return _confirm(Edition.objects.get(pk=edition_id), None, user, arrived=arrived, now=now)


@transaction.atomic
def _confirm(edition: Edition, delivery_id: int | None, user: Actor, *, arrived: bool, now: datetime) -> int:
    values: dict[str, Any] = {
        "edition": edition.pk,
        "id": delivery_id,
        "state": State.SENT.value if arrived else State.QUEUED.value,
        "said": ARRIVED if arrived else AGAIN,
        "by": audit.name_of(user)[:100] if isinstance(user, AbstractBaseUser | str) else "",
        "now": now,
    }
    if not may(edition, arrived=arrived):
        raise UserError(
            _("%(edition)s is “%(state)s”: nothing of it is sent any more.")
            % {"edition": edition, "state": edition.get_state_display()},
            _("Say that they count as sent, or leave them as they are."),
        )
    with connection.cursor() as cursor:
        cursor.execute(CONFIRM, values)
        count = int(cursor.rowcount)
    if not count:
        raise UserError(
            _("Nothing is unclear here any more."), _("Somebody may have been quicker: look again.")
        )
    audit.record(
        user,
        "edition.confirmed",
        edition,
        after={"arrived": arrived, "mails": count, "delivery": delivery_id},
    )
    events.emit("delivery.due")
    return count
