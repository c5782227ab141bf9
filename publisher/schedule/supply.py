"""Posts against the slots of the coming weeks: which slot each would get, which stay free. Pure; `delivery/forecast` asks it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.schedule.rules import ScheduleRules
from publisher.schedule.slots import Waiting, assign_slots, free_slots, next_free_slot


@dataclass(frozen=True)
class Wish:
    """A post that would like a slot; `not_before`: its embargo, if it has one."""

    waiting: Waiting
    not_before: datetime | None = None


@dataclass(frozen=True)
class Supply:
    """The slot (UTC) of each post by its id, None where there is none within a year; `free`: slots before the horizon that nobody
    gets."""

    given: dict[int, datetime | None]
    free: list[datetime]


def supply(
    rules: ScheduleRules,
    groups: Sequence[Sequence[Wish]],
    *,
    now: datetime,
    until: datetime,
    taken: Collection[datetime],
) -> Supply:
    """What becomes of the slots if the posts of the first group are served before those of the second, and so on. In a group the
    order is that of `assign_slots`; what is under embargo is served after the others of its group. All are aware."""
    occupied, given = list(taken), dict[int, datetime | None]()
    for group in groups:
        at_once = [wish.waiting for wish in group if not wish.not_before or wish.not_before <= now]
        for assignment in assign_slots(rules, at_once, now=now, taken=list(occupied)):
            given[assignment.id] = assignment.at
            occupied += [assignment.at] if assignment.at else []
        later = [
            (wish.not_before, wish.waiting.id) for wish in group if wish.not_before and wish.not_before > now
        ]
        for not_before, key in sorted(later):
            given[key] = at = next_free_slot(rules, now=not_before, taken=occupied)
            occupied += [at] if at else []
    return Supply(given, free_slots(rules, now=now, taken=occupied, until=until))
