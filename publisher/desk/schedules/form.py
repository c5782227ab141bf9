"""The form of a schedule: what was sent, and the rules that it means with what is wrong in which field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from django.http.request import QueryDict
from django.utils.translation import gettext_lazy as _

from publisher.schedule import writing
from publisher.schedule.models import Schedule
from publisher.schedule.rules import MOST_QUIET, RulesError, ScheduleRules, rules_from_json, rules_to_json
from publisher.schedule.writing import DAYS, QuietRow, Read, Written

WEEKDAYS: Final = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
EMPTY_ROWS: Final = 2
"""Lines of quiet hours that are there to be filled."""
LONGEST_LINE, LONGEST_TEXT = 4000, 60_000


@dataclass(frozen=True)
class Meant:
    """What a form says: the rules, None when something is `wrong`."""

    written: Written
    read: Read
    rules: ScheduleRules | None = None
    wrong: dict[str, str] = field(default_factory=dict)


def sent(data: QueryDict) -> Written:
    """The form as it was sent."""
    rows = []
    for number in range(MOST_QUIET + EMPTY_ROWS):
        if f"quiet-{number}-start" not in data:
            break
        days = sorted({int(day) for day in data.getlist(f"quiet-{number}-days") if day in set("0123456")})
        start, end = (_line(data, f"quiet-{number}-{name}") for name in ("start", "end"))
        rows.append(QuietRow(start, end, tuple(days) if len(days) < DAYS else ()))
    return Written(
        name=_line(data, "name"),
        zone=_line(data, "zone"),
        days=tuple(_line(data, f"day-{day}") for day in range(DAYS)),
        quiet=tuple(rows),
        blackouts=data.get("blackouts", "").replace("\0", "")[:LONGEST_TEXT],
        countries=_line(data, "holiday_countries"),
        least_gap=_line(data, "least_gap_minutes"),
        most_per_day=_line(data, "most_per_day"),
    )


def stored(schedule: Schedule) -> Written:
    """The form of a schedule that is there."""
    data = rules_to_json(schedule.rules())
    return writing.written_of(schedule.name, data, schedule.blackout_names)


def meant(written: Written) -> Meant:
    """What the form says."""
    read = writing.read(written)
    wrong = dict(read.wrong)
    if not wrong:
        try:
            return Meant(written, read, rules_from_json(read.data))
        except RulesError as error:
            wrong[writing.field_of(error.field)] = error.message
    return Meant(written, read, None, wrong)


def rows_of(written: Written) -> list[QuietRow]:
    """The lines of quiet hours that the page shows: those there are, and some to be filled."""
    full = [row for row in written.quiet if not row.is_empty]
    return [*full, *[QuietRow()] * EMPTY_ROWS]


def _line(data: QueryDict, name: str) -> str:
    return data.get(name, "").replace("\0", "").strip()[:LONGEST_LINE]
