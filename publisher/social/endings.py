"""When staff are told that the access to an account ends. Pure: moments are given, and aware."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.core.marking import gettext_noop

STEPS = (1, 3, 7, 14)
"""Days before the end, each of them a warning of its own."""
FIRST = timedelta(days=STEPS[-1])


def step(ends: datetime | None, now: datetime) -> int | None:
    """The step that is reached: so many days are left at most. None: there is time, it has ended, or never ends."""
    if ends is None or ends <= now:
        return None
    return next((days for days in STEPS if ends - now <= timedelta(days=days)), None)


def warning(ends: datetime | None, now: datetime) -> str:
    """What staff read of an access that ends soon; "" while no step is reached, and when it has ended."""
    if ends is None or step(ends, now) is None:
        return ""
    day = f"{ends:%Y-%m-%d}"
    if (days := (ends - now).days) < 1:
        return gettext_noop(
            "The access to the account ends today, on %(day)s: make a new one, and store it with the channel."
        ) % {"day": day}
    if days == 1:
        return gettext_noop(
            "The access to the account ends in 1 day, on %(day)s: make a new one, and store it with the channel."
        ) % {"day": day}
    return gettext_noop(
        "The access to the account ends in %(days)s days, on %(day)s: make a new one, and store it with the channel."
    ) % {"days": days, "day": day}


def ended(ends: datetime) -> str:
    """Why a channel is stopped whose access has ended."""
    return gettext_noop(
        "The access to the account ended on %(day)s: make a new one, and store it with the channel."
    ) % {"day": f"{ends:%Y-%m-%d}"}
