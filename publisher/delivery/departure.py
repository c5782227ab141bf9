"""Whether a post whose slot has come may leave now. Pure; `leaving.py` reads the rows, asks here, and writes.

After an outage nothing floods out: the least gap is kept, nothing leaves in quiet time, and what is too late asks a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from publisher.schedule.quiet import why_not
from publisher.schedule.rules import ScheduleRules
from publisher.social.slots import ON_TIME


class Step(Enum):
    """What to do with a post whose slot has come."""

    LEAVE = "leave"
    WAIT = "wait"  # it keeps its slot, and is asked about again at the next tick
    NEW_SLOT = "new slot"  # it is still approved, and gets another slot
    EXPIRE = "expire"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Due:
    """A scheduled post at its slot. `tolerance`: how late it may leave. `ready`: nothing stops its channel."""

    slot_at: datetime
    tolerance: timedelta
    ready: bool = True
    embargoed: bool = False
    retracted: bool = False


def next_step(due: Due, rules: ScheduleRules, *, left: Sequence[datetime], now: datetime) -> Step:
    """Decide. `left` are the times at which the channel's posts of the last days left."""
    late = now - due.slot_at > ON_TIME
    asked: tuple[tuple[bool, Step], ...] = (
        (due.retracted, Step.CANCEL),
        (is_too_late(due.slot_at, due.tolerance, now), Step.EXPIRE),
        (due.embargoed, Step.NEW_SLOT),
        (not due.ready, Step.WAIT),
        (late and _unfit(rules, left, now), Step.NEW_SLOT),
        (any(now < at + rules.least_gap for at in left), Step.WAIT),
    )
    return next((step for applies, step in asked if applies), Step.LEAVE)


def is_too_late(slot_at: datetime, tolerance: timedelta, now: datetime) -> bool:
    """Whether a post that has not left yet should not leave at all without being asked about."""
    return now - slot_at > tolerance


def departed_at(slot_at: datetime, left_at: datetime) -> datetime:
    """The time that counts for the least gap: the slot when it was kept, so that a second's delay does not add up."""
    return slot_at if left_at - slot_at <= ON_TIME else left_at


def _unfit(rules: ScheduleRules, left: Sequence[datetime], now: datetime) -> bool:
    """Whether the schedule would not have given this moment: a slot is kept even so, a late post is not."""
    if why_not(rules, now):
        return True
    if rules.most_per_day is None:
        return False
    today = now.astimezone(rules.zone).date()
    return sum(at.astimezone(rules.zone).date() == today for at in left) >= rules.most_per_day
