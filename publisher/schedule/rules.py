"""The rules of a channel's schedule, and how they are read from and written as JSON. `models.py` stores them; `slots.py` and
`quiet.py` apply them. Whatever is wrong with the JSON is said by field, with what is allowed.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.schedule.calendar_days import is_known_country

T = TypeVar("T")
Json = dict[str, Any]

EVERY_DAY = frozenset(range(7))
MOST_SLOTS, MOST_QUIET, MOST_BLACKOUTS, MOST_COUNTRIES = 1000, 50, 2000, 20
LONGEST_GAP_MINUTES, MOST_PER_DAY = 31 * 24 * 60, 1000
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


@dataclass(frozen=True, order=True)
class WeeklySlot:
    """A time of the week at which one post may go out; `weekday` 0 is Monday, `at` is local to the schedule's zone."""

    weekday: int
    at: time


@dataclass(frozen=True)
class QuietHours:
    """From `start` up to but not including `end`, local time, on nights or days that begin on `weekdays`.

    An `end` before `start` is on the next day. Equal ones are a whole day and night.
    """

    start: time
    end: time
    weekdays: frozenset[int] = EVERY_DAY


@dataclass(frozen=True)
class ScheduleRules:
    """When a channel may post. `least_gap` lies between any two posts, `most_per_day` counts by local dates (None: no limit)."""

    zone: ZoneInfo
    slots: tuple[WeeklySlot, ...] = ()
    quiet: tuple[QuietHours, ...] = ()
    blackouts: frozenset[date] = frozenset()
    holiday_countries: tuple[str, ...] = ()
    least_gap: timedelta = timedelta(0)
    most_per_day: int | None = None

    @cached_property
    def times_by_weekday(self) -> tuple[tuple[time, ...], ...]:
        """The slots' times of each weekday, Monday first, sorted, none twice."""
        return tuple(
            tuple(sorted({slot.at for slot in self.slots if slot.weekday == day})) for day in range(7)
        )


class RulesError(UserError):
    """`field` (`slots[2].at`) of a schedule holds what it may not."""

    def __init__(self, field: str, problem: str, allowed: str) -> None:
        said = {"field": field, "problem": problem, "allowed": allowed}
        super().__init__(_("%(field)s: %(problem)s. Allowed: %(allowed)s.") % said)
        self.field = field


def rules_from_json(data: object) -> ScheduleRules:
    """Read the rules from decoded JSON. `zone` is required, anything else may be left out or null. Raises `RulesError`.

    {"zone": "Asia/Shanghai", "slots": [{"weekday": 0, "at": "09:00"}], "quiet": [{"start": "22:00", "end": "07:00"}],
     "blackouts": ["2026-12-25"], "holiday_countries": ["CN", "GB-SCT"], "least_gap_minutes": 30, "most_per_day": 4}
    """
    fields = _object("schedule", data, required={"zone"}, optional=_OPTIONAL)
    return ScheduleRules(
        zone=_zone("zone", fields["zone"]),
        slots=tuple(sorted(_list("slots", fields.get("slots"), _slot, MOST_SLOTS))),
        quiet=tuple(_list("quiet", fields.get("quiet"), _quiet, MOST_QUIET)),
        blackouts=frozenset(_list("blackouts", fields.get("blackouts"), _date, MOST_BLACKOUTS)),
        holiday_countries=tuple(
            _list("holiday_countries", fields.get("holiday_countries"), _country, MOST_COUNTRIES)
        ),
        least_gap=timedelta(
            minutes=_whole("least_gap_minutes", fields.get("least_gap_minutes") or 0, 0, LONGEST_GAP_MINUTES)
        ),
        most_per_day=_most_per_day(fields.get("most_per_day")),
    )


def rules_to_json(rules: ScheduleRules) -> Json:
    """The opposite of `rules_from_json`; every field is there."""
    return {
        "zone": rules.zone.key,
        "slots": [{"weekday": slot.weekday, "at": _written(slot.at)} for slot in sorted(rules.slots)],
        "quiet": [
            {"start": _written(hours.start), "end": _written(hours.end), "weekdays": sorted(hours.weekdays)}
            for hours in rules.quiet
        ],
        "blackouts": [day.isoformat() for day in sorted(rules.blackouts)],
        "holiday_countries": list(rules.holiday_countries),
        "least_gap_minutes": int(rules.least_gap / timedelta(minutes=1)),
        "most_per_day": rules.most_per_day,
    }


_OPTIONAL = {"slots", "quiet", "blackouts", "holiday_countries", "least_gap_minutes", "most_per_day"}


def _object(field: str, value: object, *, required: set[str], optional: set[str]) -> Mapping[str, Any]:
    allowed = ", ".join(sorted(required | optional))
    if not isinstance(value, dict):
        raise RulesError(
            field,
            _("%(value)s is not an object") % {"value": reprlib.repr(value)},
            _("an object with %(names)s") % {"names": allowed},
        )
    if missing := sorted(required - value.keys()):
        raise RulesError(
            f"{field}.{missing[0]}", _("is missing"), _("an object with %(names)s") % {"names": allowed}
        )
    if unknown := sorted(str(key) for key in value.keys() - required - optional):
        raise RulesError(f"{field}.{unknown[0][:40]}", _("is not a field"), allowed)
    return value


def _list(field: str, value: object, read: Callable[[str, object], T], most: int) -> list[T]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RulesError(
            field,
            _("%(value)s is not a list") % {"value": reprlib.repr(value)},
            _("a list of up to %(most)s") % {"most": most},
        )
    if len(value) > most:
        raise RulesError(
            field,
            _("%(count)s are too many") % {"count": len(value)},
            _("a list of up to %(most)s") % {"most": most},
        )
    seen: dict[T, int] = {}
    for position, entry in enumerate(value):
        item = read(f"{field}[{position}]", entry)
        first = seen.setdefault(item, position)
        if first != position:
            raise RulesError(
                f"{field}[{position}]",
                _("is the same as %(field)s") % {"field": f"{field}[{first}]"},
                _("each one once"),
            )
    return list(seen)


def _slot(field: str, value: object) -> WeeklySlot:
    entry = _object(field, value, required={"weekday", "at"}, optional=set())
    return WeeklySlot(_weekday(f"{field}.weekday", entry["weekday"]), _time(f"{field}.at", entry["at"]))


def _quiet(field: str, value: object) -> QuietHours:
    entry = _object(field, value, required={"start", "end"}, optional={"weekdays"})
    weekdays = entry.get("weekdays")
    if weekdays == []:
        raise RulesError(
            f"{field}.weekdays", _("is empty"), _("weekdays 0 (Monday) to 6, or left out for every day")
        )
    return QuietHours(
        start=_time(f"{field}.start", entry["start"]),
        end=_time(f"{field}.end", entry["end"]),
        weekdays=frozenset(_list(f"{field}.weekdays", weekdays, _weekday, 7)) or EVERY_DAY,
    )


def _weekday(field: str, value: object) -> int:
    return _whole(field, value, 0, 6, _("0 (Monday) to 6 (Sunday)"))


def _time(field: str, value: object) -> time:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise RulesError(
            field,
            _("%(value)s is no time of day") % {"value": reprlib.repr(value)},
            _("HH:MM from 00:00 to 23:59 (seconds may follow)"),
        )
    return time.fromisoformat(value)


def _written(at: time) -> str:
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def _date(field: str, value: object) -> date:
    problem = RulesError(field, _("%(value)s is no date") % {"value": reprlib.repr(value)}, "YYYY-MM-DD")
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError as error:
        raise problem from error
    if day is None or day.isoformat() != value:
        raise problem
    return day


def _country(field: str, value: object) -> str:
    code = value.upper() if isinstance(value, str) else ""
    if not is_known_country(code):
        allowed = _("an ISO 3166 country code such as CN, or with its part such as GB-SCT")
        raise RulesError(
            field, _("no holidays are known for %(value)s") % {"value": reprlib.repr(value)}, allowed
        )
    return code


def _most_per_day(value: object) -> int | None:
    return None if value is None else _whole("most_per_day", value, 1, MOST_PER_DAY)


def _whole(field: str, value: object, least: int, most: int, allowed: str = "") -> int:
    if type(value) is not int or not least <= value <= most:
        problem = (
            _("%(value)s is out of range") % {"value": reprlib.repr(value)}
            if type(value) is int
            else _("%(value)s is no whole number") % {"value": reprlib.repr(value)}
        )
        raise RulesError(
            field, problem, allowed or _("%(least)s to %(most)s") % {"least": least, "most": most}
        )
    return value


def zone_called(name: str) -> ZoneInfo:
    """The zone of this name. Raises `RulesError`."""
    return _zone("zone", name)


def _zone(field: str, value: object) -> ZoneInfo:
    name = value if isinstance(value, str) else ""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        similar = [zone for zone in sorted(available_timezones()) if name and name.lower() in zone.lower()]
        allowed = _("an IANA time zone such as %(zone)s") % {
            "zone": similar[0] if similar else "Asia/Shanghai"
        }
        raise RulesError(
            field, _("%(value)s is no time zone") % {"value": reprlib.repr(value)}, allowed
        ) from error
