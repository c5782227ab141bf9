"""Which rules of a channel's schedule a chosen time would break, for a person to read. Pure; `social/times.py` asks it.

It agrees with `slots.py`: a time that the schedule proposes breaks none of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.core import clock
from publisher.schedule.calendar_days import holiday_on
from publisher.schedule.quiet import quiet_hours_at
from publisher.schedule.rules import ScheduleRules


class Rule(Enum):
    """What a time may break."""

    PAST = "past"
    EMBARGO = "embargo"
    TAKEN = "taken"
    BLACKOUT = "blackout"
    HOLIDAY = "holiday"
    QUIET = "quiet"
    GAP = "gap"
    DAY = "day"


ABSOLUTE = frozenset({Rule.PAST, Rule.EMBARGO, Rule.TAKEN})
"""No reason makes these times possible."""


@dataclass(frozen=True)
class Breach:
    """One rule that a time breaks, with the sentence that says so."""

    rule: Rule
    words: str

    @property
    def may_be_overridden(self) -> bool:
        """Whether a person with a reason may choose the time even so."""
        return self.rule not in ABSOLUTE


def breaches(
    rules: ScheduleRules,
    at: datetime,
    *,
    others: Collection[datetime],
    now: datetime,
    embargo_until: datetime | None = None,
) -> list[Breach]:
    """Every rule that a post at `at` would break, what no reason can change first; empty when the time is free.

    `others`: when the channel's other posts go out or went out. All are aware.
    """
    return [
        *_absolute(rules, at, others, now, embargo_until),
        *silences(rules, at),
        *_too_near(rules, at, others),
        *_day_is_full(rules, at, others),
    ]


def _absolute(
    rules: ScheduleRules,
    at: datetime,
    others: Collection[datetime],
    now: datetime,
    embargo_until: datetime | None,
) -> Iterator[Breach]:
    if at <= now:
        yield Breach(Rule.PAST, _("That time has passed."))
    if embargo_until and at < embargo_until:
        until = clock.written(embargo_until, rules.zone)
        yield Breach(Rule.EMBARGO, _("The item is under embargo until %(until)s.") % {"until": until})
    if at in others:
        when = clock.written(at, rules.zone)
        words = _("Another post of this channel goes out at %(when)s: the time is taken.") % {"when": when}
        yield Breach(Rule.TAKEN, words)


def silences(rules: ScheduleRules, at: datetime) -> Iterator[Breach]:
    """Why the channel is silent at `at` (aware), whatever else it posts: blackout, public holiday, quiet hours."""
    day = at.astimezone(rules.zone).date()
    if day in rules.blackouts:
        yield Breach(
            Rule.BLACKOUT, _("The channel is silent then: blackout date %(day)s.") % {"day": day.isoformat()}
        )
    if rules.holiday_countries and (holiday := holiday_on(day, rules.holiday_countries)):
        yield Breach(
            Rule.HOLIDAY, _("The channel is silent then: public holiday: %(name)s.") % {"name": holiday}
        )
    if hours := quiet_hours_at(rules, at):
        span = f"{hours.start:%H:%M}–{hours.end:%H:%M} {rules.zone.key}"
        yield Breach(Rule.QUIET, _("The channel is silent then: quiet hours %(hours)s.") % {"hours": span})


def _too_near(rules: ScheduleRules, at: datetime, others: Collection[datetime]) -> Iterator[Breach]:
    near = [other for other in others if other != at and abs(other - at) < rules.least_gap]
    if near:
        closest = min(near, key=lambda other: (abs(other - at), other))
        minutes = int(rules.least_gap / timedelta(minutes=1))
        words = ngettext(
            "Another post of this channel goes out at %(when)s. At least %(num)s minute lies between two.",
            "Another post of this channel goes out at %(when)s. At least %(num)s minutes lie between two.",
            minutes,
        )
        yield Breach(Rule.GAP, words % {"when": clock.written(closest, rules.zone), "num": minutes})


def _day_is_full(rules: ScheduleRules, at: datetime, others: Collection[datetime]) -> Iterator[Breach]:
    if not rules.most_per_day:
        return
    day = at.astimezone(rules.zone).date()
    if sum(other.astimezone(rules.zone).date() == day for other in others) >= rules.most_per_day:
        words = _("The channel takes %(most)s a day at most, and %(day)s is full.")
        yield Breach(Rule.DAY, words % {"most": rules.most_per_day, "day": clock.written_day(day)})
