"""What is erased by tasks of its own, since it is too much for a night or too short-lived for one. For people to read."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.delivery.exports import writing
from publisher.hooks.asking import KEPT as HOOKS_KEPT


@dataclass(frozen=True)
class Elsewhere:
    """`days` after what; `setting` is empty where it is fixed."""

    label: Promise
    since: Promise
    days: int
    setting: str


def elsewhere() -> list[Elsewhere]:
    """Each with its time."""
    return [
        Elsewhere(
            _("Deliveries of mail, with their attempts"),
            _("after their edition ended"),
            settings.KEEP_DELIVERIES_DAYS,
            "PUBLISHER_KEEP_DELIVERIES_DAYS",
        ),
        Elsewhere(_("What webhooks were told"), _("after it was written"), HOOKS_KEPT.days, ""),
        Elsewhere(_("Exported files"), _("after they were asked for"), writing.KEEP.days, ""),
    ]
