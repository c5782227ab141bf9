"""Dates as listing pages write them, in four languages; a line that is a date and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from publisher.items.pages.words import MONTHS, folded

_LONGEST = 50
_WEEKDAY = re.compile(
    r"^(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo|(?:星期|周)[一二三四五六日天])[.,，]?\s+",
    re.IGNORECASE,
)
_ISO = re.compile(r"(?P<year>\d{4})[-./](?P<month>\d{1,2})[-./](?P<day>\d{1,2})")
_CHINESE = re.compile(r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号號]?")
_DAY_FIRST = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|°)?[\s.-]*(?:de\s+|of\s+)?(?P<name>[^\W\d_]+)[.,]?[\s-]*(?:de\s+|del\s+)?(?P<year>\d{4})",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"(?P<name>[^\W\d_]+)\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})", re.IGNORECASE
)
_FORMS: Final = (_ISO, _CHINESE, _DAY_FIRST, _MONTH_FIRST)


@dataclass(frozen=True)
class PageDate:
    """A line that has the form of a date. `instant` is midnight UTC of that day, or None if there is no such day.

    `languages` are those whose name of a month was used; empty for dates in digits. Chinese counts as a name.
    """

    written: str
    instant: datetime | None
    languages: frozenset[str]


def read_date(line: str) -> PageDate | None:
    """The date that this line consists of, or None if it is something else."""
    if len(line) > _LONGEST:
        return None
    text = _WEEKDAY.sub("", line.strip()).strip()
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            return _date(line, found, form)
    return None


def _date(line: str, found: re.Match[str], form: re.Pattern[str]) -> PageDate | None:
    parts = found.groupdict()
    languages = frozenset({"zh"}) if form is _CHINESE else frozenset()
    if "name" in parts:
        named = MONTHS.get(folded(parts["name"]))
        if named is None:
            return None
        languages, month = frozenset(named), next(iter(named.values()))
    else:
        month = int(parts["month"])
    return PageDate(line, _midnight(int(parts["year"]), month, int(parts["day"])), languages)


def _midnight(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
