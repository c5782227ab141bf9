"""What comes back from the networks: what became of posts that may have been published, and whether accounts work."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery.posts import reconcile_unknown
from publisher.social import health
from tasks.edge import apart, stage

CHECK_SECONDS = 20.0
"""How long one task asks; the next tick goes on."""


@stage("tasks.feedback.reconcile")
def reconcile(*, now: datetime) -> int:
    """Resolve unknown posts where the network can tell."""
    return reconcile_unknown(now=now, apart=apart)


@stage("tasks.feedback.check_channels")
def check_channels(*, now: datetime, **_ids: int) -> dict[str, int]:
    """Ask the networks about accounts whose check is due, and warn of accesses that end."""
    done = {"checked": 0, "ends": 0}
    with apart("ends"):
        done["ends"] = health.tell_of_ends(now=now)
    with apart("checks"):
        done["checked"] = health.check_due(now=now, seconds=CHECK_SECONDS)
    return done if any(done.values()) else {}
