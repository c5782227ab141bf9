"""When staff are told that the access to an account ends. Pure: moments are given, and aware."""

from __future__ import annotations

from datetime import datetime, timedelta

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
    days = (ends - now).days
    left = "today" if days < 1 else "in 1 day" if days == 1 else f"in {days} days"
    return f"The access to the account ends {left}, on {ends:%Y-%m-%d}: make a new one, and store it with the channel."


def ended(ends: datetime) -> str:
    """Why a channel is stopped whose access has ended."""
    return (
        f"The access to the account ended on {ends:%Y-%m-%d}: make a new one, and store it with the channel."
    )
