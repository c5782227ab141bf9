"""Whether a post whose slot has come may leave now. Pure; `leaving.py` reads the rows, asks here, and writes.

After an outage nothing floods out: the least gap is kept, nothing leaves in quiet time, and what is too late asks a person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from publisher.schedule.quiet import why_not
from publisher.schedule.rules import ScheduleRules
from publisher.social.slots import ON_TIME

OVERRIDE_HOLDS = timedelta(minutes=10)
"""A post whose time a person chose against the rules leaves against them if it is late by this at most; then they apply again."""


class Step(Enum):
    """What to do with a post whose slot has come."""

    LEAVE = "leave"
    WAIT = "wait"  # it keeps its slot, and is asked about again at the next tick
    NEW_SLOT = "new slot"  # it is still approved, and gets another slot
    EXPIRE = "expire"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Due:
    """A scheduled post at its slot. `tolerance`: how late it may leave. `ready`: nothing stops its channel. `overridden`: a
    person chose the time against the channel's rules."""

    slot_at: datetime
    tolerance: timedelta
    ready: bool = True
    embargoed: bool = False
    retracted: bool = False
    overridden: bool = False


def next_step(
    due: Due,
    rules: ScheduleRules,
    *,
    left: Sequence[datetime],
    now: datetime,
    left_overridden: Collection[datetime] = (),
) -> Step:
    """Decide. `left` are the times at which the channel's posts of the last days left. Those of `left_overridden` went against
    the rules: they do not hold up a post that keeps its slot, since whoever chose them accepted that it follows so soon."""
    late = now - due.slot_at > (OVERRIDE_HOLDS if due.overridden else ON_TIME)
    holding_up = left if late else [at for at in left if at not in left_overridden]
    asked: tuple[tuple[bool, Step], ...] = (
        (due.retracted, Step.CANCEL),
        (is_too_late(due.slot_at, due.tolerance, now), Step.EXPIRE),
        (due.embargoed, Step.NEW_SLOT),
        (not due.ready, Step.WAIT),
        (late and _unfit(rules, left, now), Step.NEW_SLOT),
        (due.overridden and not late, Step.LEAVE),
        (any(now < at + rules.least_gap for at in holding_up), Step.WAIT),
    )
    return next((step for applies, step in asked if applies), Step.LEAVE)


@dataclass
class Departures:
    """When posts of a channel left lately, and which of them went against its rules."""

    times: list[datetime] = field(default_factory=list)
    overridden: set[datetime] = field(default_factory=set)

    def add(self, at: datetime, *, overridden: bool) -> None:
        """One more that left at `at`."""
        self.times.append(at)
        if overridden:
            self.overridden.add(at)

    def next_step(self, due: Due, rules: ScheduleRules, now: datetime) -> Step:
        """What to do with a post that is due after these."""
        return next_step(due, rules, left=self.times, now=now, left_overridden=self.overridden)


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
