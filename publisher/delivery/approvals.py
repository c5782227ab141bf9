"""Who let a message go: one place to ask, whatever the ways of approving become."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from publisher.delivery.models import Delivery


@dataclass(frozen=True)
class Approval:
    """`who` is a login or the rule that needed nobody; `at` is None when it was not written down."""

    who: str
    at: datetime | None = None


def approval_of(row: Delivery) -> Approval:
    """Of a delivery that was read with its edition, digest and post."""
    if row.post:
        if row.post.approved_by:
            return Approval(row.post.approved_by.get_username(), row.post.approved_at)
        return Approval(_("Nobody had to: the channel approves by itself"), row.post.approved_at)
    if row.edition and row.edition.approved_by:
        return Approval(row.edition.approved_by)
    if row.purpose in Delivery.ALONE:
        return Approval(_("Whoever asked for it: see what was done with it"))
    return Approval(_("Nobody had to: the digest goes out by itself"))
