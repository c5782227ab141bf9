"""Why mail of an edition does not leave though its time has come: the mail server cannot be used, or takes no more just now.

Read where it is shown, and never copied onto editions: so one that begins to wait later says it too, and none says it when
it is over. That an edition waits for its hours is in `progress.py`.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from publisher.delivery import holding, outage
from publisher.delivery.models import Delivery
from publisher.delivery.outage import Outage
from publisher.delivery.states import State
from publisher.digests.models import Edition


def pace(now: datetime) -> str:
    """Why nothing may leave through a mail server that works, and until when; empty when mail may leave, at its pace."""
    held = holding.of_pace(now) if settings.MAIL else None
    return _("Mail waits: %(why)s") % {"why": held} if held else ""


def outage_of(edition: Edition) -> Outage | None:
    """The outage of the mail server, if mail of this edition waits for it: readers', or tests."""
    found = outage.current()
    return found if found and _waiting(edition) else None


def pace_of(edition: Edition, now: datetime) -> str:
    """Why mail of this edition waits for its turn, though the mail server works."""
    return pace(now) if edition.state == Edition.State.SENDING and _waiting(edition) else ""


def _waiting(edition: Edition) -> bool:
    """Whether it has mail that would leave: of an edition that is not being sent only what leaves in any state."""
    rows = Delivery.objects.filter(edition=edition, state=State.QUEUED)
    if edition.state != Edition.State.SENDING:
        rows = rows.filter(purpose__in=Delivery.ALONE)
    return rows.exists()
