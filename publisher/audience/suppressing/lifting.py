"""Taking many addresses off the list at once: those that a provider called unknown on a day when it was broken.

It happens to the largest: for hours a server says of everybody that there is no such mailbox. Only hard bounces are lifted, and
only those that a mailbox or a server reported; who complained, refused, or was put here by a person or a list stays.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from publisher.audience.bulk.asking import Moved
from publisher.audience.models import Suppression
from publisher.audience.suppressing.searching import REPORTED
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError


def bounced_between(since: datetime, until: datetime, domain: str = "") -> QuerySet[Suppression]:
    """Hard bounces that were reported in that time, of one domain if it is named."""
    rows = Suppression.objects.filter(
        reason=Suppression.Reason.BOUNCED, evidence__startswith=REPORTED, at__gte=since, at__lt=until
    )
    return rows.filter(email_key__endswith=f"@{domain.lower().lstrip('@')}") if domain else rows


@transaction.atomic
def lift_bounced(
    since: datetime, until: datetime, domain: str, *, because: str, user: Actor, expected: int | None = None
) -> int:
    """Let them be written to again; how many. `expected`: only if they are so many. Raises `Moved`, and `UserError` without a
    reason."""
    if not because.strip():
        raise UserError(_("Say why these addresses may be written to again."), _("Others will ask."))
    count, _kinds = bounced_between(since, until, domain).delete()
    if expected is not None and count != expected:
        raise Moved(count)  # which takes it back
    told = {"read": count, "domain": domain, "since": since.isoformat(), "until": until.isoformat()}
    audit.record_of(
        user, "suppressions.lifted", "suppression", "", after={**told, "because": because.strip()[:500]}
    )
    return count
