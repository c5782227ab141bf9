"""When an edition of a digest that goes out with each item begins. Pure; `digests/each.py` asks the database.

Not with the first item at once: a site publishes a story, its picture and its translation within minutes, and a reader wants
one mail of them. So it waits until nothing has come for a while, but no item waits for ever while others keep coming.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from publisher.schedule.hours import SendingHours, next_open
from publisher.schedule.wallclock import instant_of

PATIENCE: Final = 6
"""How many times `quiet` the first item waits at most while others keep coming."""


@dataclass(frozen=True)
class EachTiming:
    """`hours`: the digest's, whose zone also says what a day is. At most `most_a_day` editions begin in one."""

    hours: SendingHours
    quiet: timedelta
    most_a_day: int

    def __post_init__(self) -> None:
        if self.most_a_day < 1:
            raise ValueError(f"most_a_day {self.most_a_day}: at least one")


def each_due(timing: EachTiming, arrivals: Sequence[datetime], begun: Sequence[datetime]) -> datetime | None:
    """When the edition of these items is due: once nothing has come for `quiet`, in the sending hours, on a day that has room.

    `arrivals`: when each item that it would hold became visible (aware), in any order; none: None. `begun`: when earlier editions
    were due, after the last of which it comes no sooner than `quiet`. What comes on a day without room waits for the next one.
    """
    if not arrivals:
        return None
    zone = timing.hours.zone
    of_day = Counter(at.astimezone(zone).date() for at in begun)
    due = min(max(arrivals) + timing.quiet, min(arrivals) + PATIENCE * timing.quiet)
    due = max([due, *(at + timing.quiet for at in begun)])
    while True:
        due = next_open(timing.hours, due)
        day = due.astimezone(zone).date()
        if of_day[day] < timing.most_a_day:
            return due
        due = instant_of(zone, day + timedelta(days=1), time(0))
