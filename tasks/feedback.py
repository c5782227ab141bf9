"""What comes back: refusals of mail, what became of posts that may have been published, and whether accounts work."""

from __future__ import annotations

from datetime import datetime

from publisher.delivery.posts import reconcile_unknown
from publisher.feedback import owed, refused
from publisher.feedback.webhooks import calls
from publisher.social import health
from tasks.edge import apart, stage

CHECK_SECONDS = 20.0
"""How long one task asks; the next tick goes on."""
CALL_SECONDS = 10.0
"""How long one task takes events of providers."""


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


@stage("tasks.feedback.judge")
def judge(*, now: datetime) -> dict[str, int]:
    """Refusals while sending, by the rules of what comes back; and reports that came before their mail was settled."""
    done = {"refused": 0, "owed": 0}
    with apart("refused"):
        done["refused"] = refused.judge(now=now)
    with apart("owed"):
        done["owed"] = owed.settle_all(now=now)
    return done if any(done.values()) else {}


@stage("tasks.feedback.take_calls")
def take_calls(*, now: datetime, **_ids: int) -> dict[str, int]:
    """What mail providers told: the events of their calls, by the same rules."""
    return dict(calls.take_due(now=now, seconds=CALL_SECONDS))
