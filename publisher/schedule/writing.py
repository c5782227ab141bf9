"""Schedules as people write them in a form, read into the JSON that `rules.py` checks, and back. Pure.

Times of a day stand in one line (“9:00, 14:30”), blackout dates one a line with what they are (“2026-12-25 Christmas”).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

DAYS = 7
LONGEST_NAME = 60
_GAP = re.compile(r"[\s,;，、；]+")
_TIME = re.compile(r"([0-9]{1,2})[:：.]([0-9]{2})")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[\s,;:，：]+(.*))?")


@dataclass(frozen=True)
class QuietRow:
    """One line of quiet hours as it was typed; `days` are weekdays from 0 (Monday), none: every day."""

    start: str = ""
    end: str = ""
    days: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody wrote anything into it."""
        return not self.start and not self.end


@dataclass(frozen=True)
class Written:
    """A schedule as its form holds it. `days` are the seven lines of times, Monday first."""

    name: str = ""
    zone: str = ""
    days: tuple[str, ...] = ("",) * DAYS
    quiet: tuple[QuietRow, ...] = ()
    blackouts: str = ""
    countries: str = ""
    least_gap: str = "30"
    most_per_day: str = ""


@dataclass(frozen=True)
class Read:
    """What `rules_from_json` takes, the names of blackout dates, and what is wrong by the form's field."""

    data: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


def read(written: Written) -> Read:
    """Read every field; what one cannot be read is in `wrong`, and the others are read all the same."""
    wrong: dict[str, str] = {}
    slots: list[dict[str, Any]] = []
    for day, line in enumerate(written.days):
        times, bad = times_in(line)
        slots += [{"weekday": day, "at": at} for at in times]
        if bad:
            wrong[f"day-{day}"] = _("%(text)s is no time of day: write 09:00.") % {"text": f"“{bad}”"}
    quiet = []
    for number, row in enumerate(written.quiet):
        if row.is_empty:
            continue
        start, end = time_of(row.start), time_of(row.end)
        if not start or not end:
            wrong[f"quiet-{number}"] = _("Quiet hours need a beginning and an end, such as 21:00 and 08:00.")
            continue
        quiet.append({"start": start, "end": end, **({"weekdays": list(row.days)} if row.days else {})})
    dates, names, bad = dates_in(written.blackouts)
    if bad:
        wrong["blackouts"] = _("%(text)s is no date: write 2026-12-25 and what it is.") % {"text": f"“{bad}”"}
    data: dict[str, Any] = {
        "zone": written.zone.strip(),
        "slots": slots,
        "quiet": list({str(each): each for each in quiet}.values()),
        "blackouts": dates,
        "holiday_countries": list(dict.fromkeys(_parts(written.countries.upper()))),
    }
    for name, text in (("least_gap_minutes", written.least_gap), ("most_per_day", written.most_per_day)):
        number_in(data, wrong, name, text)
    return Read(data, names, wrong)


def number_in(data: dict[str, Any], wrong: dict[str, str], name: str, text: str) -> None:
    """Put a whole number into `data`, None for an empty text; or say what is wrong with it."""
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 8):
        wrong[name] = _("Write a whole number.")
        return
    data[name] = int(text) if text else (0 if name == "least_gap_minutes" else None)


def times_in(line: str) -> tuple[list[str], str]:
    """The times of a line, sorted, each once; and the first word that is none, else ""."""
    found, bad = set(), ""
    for word in _parts(line):
        if at := time_of(word):
            found.add(at)
        else:
            bad = bad or word[:20]
    return sorted(found), bad


def time_of(text: str) -> str:
    """`9:5` is none, `9:05` is `09:05`; "" for what is no time of day. Seconds that a file gave stay."""
    match = _TIME.fullmatch(text.strip()) or re.fullmatch(r"([0-9]{1,2}):([0-9]{2}):[0-9]{2}", text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return ""
    seconds = text.strip()[-3:] if text.count(":") == 2 else ""
    return f"{int(match[1]):02}:{match[2]}{seconds}" if not seconds or int(seconds[1:]) < 60 else ""


def dates_in(text: str) -> tuple[list[str], dict[str, str], str]:
    """The dates, sorted, each once; the names of those that have one; the first line that is none, else ""."""
    names: dict[str, str] = {}
    dates, bad = set(), ""
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _DATE.fullmatch(line)
        if match is None:
            bad = bad or line[:40]
            continue
        dates.add(match[1])
        if name := (match[2] or "").strip():
            names[match[1]] = name[:LONGEST_NAME]
    return sorted(dates), names, bad


def written_of(name: str, data: Mapping[str, Any], names: Mapping[str, str]) -> Written:
    """What is stored, as the form holds it."""
    return Written(
        name=name,
        zone=str(data["zone"]),
        days=tuple(_line(data.get("slots") or [], day) for day in range(DAYS)),
        quiet=tuple(
            QuietRow(each["start"], each["end"], _some(each.get("weekdays") or ()))
            for each in data.get("quiet") or []
        ),
        blackouts="\n".join(
            f"{day} {names.get(day, '')}".strip() for day in sorted(data.get("blackouts") or [])
        ),
        countries=", ".join(data.get("holiday_countries") or []),
        least_gap=str(data.get("least_gap_minutes") or 0),
        most_per_day=str(data.get("most_per_day") or ""),
    )


def field_of(rules_field: str) -> str:
    """The form's field for one of `RulesError`: `slots[3].at` → `slots`, `zone` → `zone`."""
    return re.split(r"[\[.]", rules_field)[0]


def _line(slots: Sequence[Mapping[str, Any]], day: int) -> str:
    return ", ".join(sorted(str(slot["at"]) for slot in slots if slot["weekday"] == day))


def _some(days: Sequence[int]) -> tuple[int, ...]:
    """All seven are none: every day."""
    return tuple(days) if len(set(days)) < DAYS else ()


def _parts(text: str) -> Iterable[str]:
    return filter(None, _GAP.split(text))
