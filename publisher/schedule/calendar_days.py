"""Public holidays by country and year, from the packages `holidays` and `chinese_calendar`. `quiet.py` asks it day by day.

Ordinary weekends are no holidays here: whether a channel posts on a Sunday is for its weekly slots to say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Final

import chinese_calendar
import holidays

from publisher.core.marking import gettext_noop

NAMES: Final = (
    gettext_noop("New Year's Day"),
    gettext_noop("Spring Festival"),
    gettext_noop("Chinese New Year (Spring Festival)"),
    gettext_noop("Chinese New Year's Eve"),
    gettext_noop("Tomb-sweeping Day"),
    gettext_noop("Tomb-Sweeping Day"),
    gettext_noop("Labour Day"),
    gettext_noop("Labor Day"),
    gettext_noop("Dragon Boat Festival"),
    gettext_noop("Mid-autumn Festival"),
    gettext_noop("Mid-Autumn Festival"),
    gettext_noop("National Day"),
    gettext_noop("Good Friday"),
    gettext_noop("Easter Monday"),
    gettext_noop("Christmas Day"),
    gettext_noop("Boxing Day"),
)
"""What staff in China and with it meet most; `core.told` gives them in the reader's language, and leaves others in English."""


@dataclass(frozen=True)
class DaysOff:
    """The holidays of one country in one year, with their English names; `note` says what is not certain about them."""

    country: str
    year: int
    names: Mapping[date, str]
    note: str = ""


def holiday_on(day: date, countries: tuple[str, ...]) -> str | None:
    """`Spring Festival (CN)` if `day` is a public holiday in one of `countries`, with the note on it, else None."""
    for country in countries:
        known = days_off(country, day.year)
        if name := known.names.get(day):
            return f"{name} ({country}; {known.note})" if known.note else f"{name} ({country})"
    return None


@cache  # loads the calendars of all countries: 9 MB that workers do not need
def _parts_by_country() -> Mapping[str, Collection[str]]:
    return holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=1024)
def days_off(country: str, year: int) -> DaysOff:
    """The public holidays of `country` (ISO 3166-1 `CN`, or with its part by ISO 3166-2 `GB-SCT`) in `year`.

    For mainland China these are the days off that the State Council announced: a weekend day on which people work in exchange
    is none. The announcement comes in November of the year before; until the package has it, the statutory days stand in, and
    the note says so.
    """
    note = gettext_noop("no holidays of %(year)s are known") % {"year": year}
    if country == "CN":
        try:
            return DaysOff(country, year, _announced_in_china(year))
        except NotImplementedError:
            note = gettext_noop("days exchanged in %(year)s are not known yet") % {"year": year}
    names = _statutory(country, year)
    return DaysOff(country, year, names, note if country == "CN" or not names else "")


def is_known_country(code: str) -> bool:
    """Whether there is a calendar for `code`: `CN`, `GB`, `GB-SCT`."""
    country, dash, part = code.partition("-")
    known = _parts_by_country()
    return country in known and (not dash or part in known[country])


def _announced_in_china(year: int) -> dict[date, str]:
    days = chinese_calendar.get_holidays(date(year, 1, 1), date(year, 12, 31), include_weekends=False)
    return {day: str(chinese_calendar.get_holiday_detail(day)[1]) for day in days}


def _statutory(code: str, year: int) -> dict[date, str]:
    country, _, part = code.partition("-")
    return dict(holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US"))
