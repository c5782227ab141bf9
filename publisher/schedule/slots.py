"""Which slot a post gets. Pure: what is taken comes as a parameter, and `social/slots.py` stores the result.

A weekly slot is a wall time; over daylight saving changes it stands for one instant as `wallclock.py` says.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from publisher.core.marking import gettext_noop
from publisher.schedule.quiet import why_not
from publisher.schedule.rules import ScheduleRules
from publisher.schedule.wallclock import instant_of

HORIZON = timedelta(days=366)
"""How far ahead a slot is looked for."""

_ONE_DAY = timedelta(days=1)
_LONGEST_LOCAL_DAY = timedelta(hours=48)


@dataclass(frozen=True)
class Waiting:
    """An approved post without a slot. A higher `priority` goes first."""

    id: int
    priority: int
    approved_at: datetime


@dataclass(frozen=True)
class Assignment:
    """The slot (UTC) that the post `id` gets; None when there is none within a year."""

    id: int
    at: datetime | None


def next_free_slot(
    rules: ScheduleRules, *, now: datetime, taken: Collection[datetime], after: datetime | None = None
) -> datetime | None:
    """The first slot (UTC) not before `now` and later than `after` that the rules leave free beside `taken`.

    `taken` holds every post of the channel that is planned or was sent: the last day and the last `least_gap` of the past count
    too. All are aware. None when there is no such slot within a year; `why_no_slot` then says why.
    """
    return next(_free_slots(rules, _start(now, after), taken), None)


def assign_slots(
    rules: ScheduleRules, waiting: Sequence[Waiting], *, now: datetime, taken: Collection[datetime]
) -> list[Assignment]:
    """A slot for each, in the order in which they go out: by priority, then approval, then id.

    What is in `taken` stays where it is, also when a post of higher priority waits.
    """
    free = _free_slots(rules, _start(now, None), taken)
    ordered = sorted(waiting, key=lambda post: (-post.priority, post.approved_at, post.id))
    return [Assignment(post.id, next(free, None)) for post in ordered]


def free_slots(
    rules: ScheduleRules, *, now: datetime, taken: Collection[datetime], until: datetime
) -> list[datetime]:
    """The slots (UTC) from `now` to before `until` that could all be given beside `taken`, one after another."""
    return list(takewhile(lambda at: at < until, _free_slots(rules, _start(now, None), taken)))


def why_no_slot(
    rules: ScheduleRules, *, now: datetime, taken: Collection[datetime], after: datetime | None = None
) -> str | None:
    """What stood in the way, most frequent first, for the person whose post gets no slot; None if there is a slot."""
    start = _start(now, after)
    occupied = _Occupied(rules, taken, start)
    reasons: Counter[str] = Counter()
    for at in slot_times(rules, start):
        reason = why_not(rules, at) or occupied.why_not(at)
        if reason is None:
            return None
        reasons[reason] += 1
    if not reasons:
        return gettext_noop("The schedule has no weekly slots.")
    listed = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(5))
    return gettext_noop("None of %(total)s slots within a year is free: %(listed)s.") % {
        "total": reasons.total(),
        "listed": listed,
    }


def slot_times(rules: ScheduleRules, start: datetime) -> Iterator[datetime]:
    """Every slot from `start` (UTC) for a year, ascending, each instant once, whether free or not."""
    end = start + HORIZON
    previous = None
    # A slot of the day before may have been moved past midnight by a change of the clocks.
    day = start.astimezone(rules.zone).date() - _ONE_DAY
    for _ in range(HORIZON.days + 3):
        for at in _instants(rules.zone, day, rules.times_by_weekday[day.weekday()]):
            if at > end:
                return
            if at >= start and at != previous:
                yield at
                previous = at
        day += _ONE_DAY


def _free_slots(rules: ScheduleRules, start: datetime, taken: Collection[datetime]) -> Iterator[datetime]:
    """Free slots, ascending; each counts as taken once it is given. What was refused stays so: taking more frees nothing."""
    occupied = _Occupied(rules, taken, start)
    for at in slot_times(rules, start):
        if occupied.why_not(at) is None and why_not(rules, at) is None:
            occupied.add(at)
            yield at


class _Occupied:
    """The times at which the channel posts already, kept for questions about neighbours and days."""

    def __init__(self, rules: ScheduleRules, taken: Collection[datetime], start: datetime) -> None:
        self._zone = rules.zone
        self._most_per_day = rules.most_per_day
        self._gap = max(rules.least_gap, timedelta.resolution)
        oldest = start - max(self._gap, _LONGEST_LOCAL_DAY)
        self._times = sorted(at.astimezone(UTC) for at in taken if at > oldest)
        self._per_day = (
            Counter(self._day(at) for at in self._times) if self._most_per_day else Counter[date]()
        )

    def why_not(self, at: datetime) -> str | None:
        neighbour = bisect_right(self._times, at - self._gap)
        if neighbour < len(self._times) and self._times[neighbour] < at + self._gap:
            return gettext_noop("taken, or too close to another post")
        if self._most_per_day and self._per_day[self._day(at)] >= self._most_per_day:
            return gettext_noop("the day has its %(most_per_day)s") % {"most_per_day": self._most_per_day}
        return None

    def add(self, at: datetime) -> None:
        insort(self._times, at)
        if self._most_per_day:
            self._per_day[self._day(at)] += 1

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()


@lru_cache(maxsize=4096)
def _instants(zone: ZoneInfo, day: date, times: tuple[time, ...]) -> tuple[datetime, ...]:
    return tuple(instant_of(zone, day, at) for at in times)


def _start(now: datetime, after: datetime | None) -> datetime:
    if now.tzinfo is None or (after is not None and after.tzinfo is None):
        raise ValueError("slots are chosen from aware datetimes")
    start = now.astimezone(UTC)
    return start if after is None else max(start, after.astimezone(UTC) + timedelta.resolution)
