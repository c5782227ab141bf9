"""What comes back after sending: here, asking the networks about posts that may have been published."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery.posts import reconcile_unknown
from tasks.edge import stage


@stage("tasks.feedback.reconcile")
def reconcile(*, now: datetime) -> int:
    """Resolve unknown posts where the network can tell."""
    return reconcile_unknown(now=now)
