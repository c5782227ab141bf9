"""Dates as listing pages write them, in four languages; a line that is a date and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from publisher.items.pages.words import MONTHS, folded

_LONGEST = 60
_MARKS = " \t\u00a0,，·•|"
_WEEKDAYS = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo|(?:星期|周|週|礼拜)[一二三四五六日天]"
)
_BEFORE = re.compile(
    rf"^(?:(?:published|posted|publié|publicado|发布|发表)(?:\s+(?:on|le|el)\b|于|时间)?\s*[:：]?\s*|(?:on|le|el)\s+|(?:{_WEEKDAYS})[.,，]?\s*)+",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"(?:[\s,，(（]*(?:{_WEEKDAYS})[)）]?|[\s,，T]*(?:[-–—|·]\s*)?(?:at\s+|à\s+|a\s+las\s+)?\d{{1,2}}\s?[:h：]\s?\d{{2}}(?::\d{{2}})?"
    r"(?:\s?[ap]\.?m\.?)?(?:\s?\(?(?:h|hrs|UTC|GMT|CST|CET|CEST|EST|EDT|BST|Z)?(?:\s?[+-]\d{1,2}(?::?\d{2})?)?\)?)?)+$",
    re.IGNORECASE,
)
_ISO = re.compile(r"(?P<year>\d{4})[-./](?P<month>\d{1,2})[-./](?P<day>\d{1,2})")
_CHINESE = re.compile(r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月(?:\s*(?P<day>\d{1,2})\s*[日号號]?)?")
_DAY_FIRST = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|°)?[\s.-]*(?:de\s+|of\s+)?(?P<name>[^\W\d_]+)[.,]?[\s-]*(?:de\s+|del\s+)?(?P<year>\d{4})",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"(?P<name>[^\W\d_]+)\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})", re.IGNORECASE
)
_MONTH = re.compile(r"(?P<name>[^\W\d_]+)[.,]?\s+(?:de\s+|del\s+)?(?P<year>\d{4})", re.IGNORECASE)
_DIGITS = re.compile(r"(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4})")
_NAMED: Final = (_ISO, _CHINESE, _DAY_FIRST, _MONTH_FIRST, _MONTH)

_CHINESE_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_CHINESE_NUMBER = re.compile(r"[二三]?十[一二三四五六七八九]?|[〇零○一二三四五六七八九]+")
_CHINESE_DATE = re.compile(r"[〇零○一二三四五六七八九十\s]+年[〇零○一二三四五六七八九十\s]+月.*")

_RELATIVE = re.compile(
    r"(?:today|yesterday|just\s+now|last\s+(?:week|month|year)|(?:\d+|an?|one|two|three)\s+(?:minute|hour|day|week|month|year)s?\s+ago"
    r"|aujourd['’]hui|hier|avant-hier|il\s+y\s+a\s+\S+\s+\w+|hoy|ayer|anteayer|hace\s+\S+\s+\w+"
    r"|今天|昨天|前天|刚刚|\d+\s*(?:分钟|小时|天|周|星期|个?月|年)前)",
    re.IGNORECASE,
)
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_LIKE = re.compile(
    r"(?:19|20)\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2}|[〇零○一二三四五六七八九]{4}\s*年|\d\s*月\s*\d"
)
_WORD = re.compile(r"[^\W\d_]+")
_LITTLE_WORDS = frozenset(
    ["st", "nd", "rd", "th", "er", "of", "de", "del", "le", "el", "the", "at", "à", "am", "pm", "on"]
)


@dataclass(frozen=True)
class PageDate:
    """A line that has the form of a date.

    `instant` is midnight UTC of that day, or of the first of a month alone. It is None if there is no such day, or if
    it cannot be known which number is the day (`ambiguous`). `languages` are those whose name of a month was used; empty
    for dates in digits. Chinese counts as a name.
    """

    written: str
    instant: datetime | None
    languages: frozenset[str]
    ambiguous: bool = False


def read_date(line: str, *, day_first: bool | None = None) -> PageDate | None:
    """The date that this line consists of, or None if it is something else. `day_first` is for dates such as 10/08/2023."""
    if len(line) > _LONGEST:
        return None
    text = _BEHIND.sub("", _BEFORE.sub("", line.strip(_MARKS))).strip(_MARKS)
    if _CHINESE_DATE.fullmatch(text):
        text = _CHINESE_NUMBER.sub(_arabic, text)
    for form in _NAMED:
        found = form.fullmatch(text)
        if found is not None:
            return _date(line, found, form)
    found = _DIGITS.fullmatch(text)
    return _from_digits(line, found, day_first) if found else None


def order_of(lines: Iterable[str]) -> bool | None:
    """Whether dates such as 25/08/2023 on this page put the day first: told by those that can be read in one way only."""
    orders = set()
    for line in lines:
        found = _DIGITS.fullmatch(line.strip()) if len(line) <= _LONGEST else None
        if found is None or found["mark"] == ".":
            continue
        first, second = int(found["first"]), int(found["second"])
        if (first > 12) != (second > 12):
            orders.add(first > 12)
    return orders.pop() if len(orders) == 1 else None


def looks_like_date(line: str) -> bool:
    """A date that cannot be read: numbers of a day or year, and no words but months, weekdays and those that stand in
    dates; or words such as “2 days ago”."""
    if len(line) > _LONGEST:
        return False
    if _RELATIVE.fullmatch(line.strip()):
        return True
    words = _WORD.findall(_BEHIND.sub("", _BEFORE.sub("", line)).casefold())
    day_of_month = any(word in MONTHS for word in words) and _DAY.search(line) is not None
    if not day_of_month and not _LIKE.search(line):
        return False
    return all(word in MONTHS or word in _LITTLE_WORDS or word in "年月日号" for word in words)


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
    return PageDate(line, _midnight(int(parts["year"]), month, int(parts.get("day") or 1)), languages)


def _from_digits(line: str, found: re.Match[str], day_first: bool | None) -> PageDate:
    """With dots the day is first everywhere. Else a number above 12 tells, or the page; or nobody."""
    first, second, year = int(found["first"]), int(found["second"]), int(found["year"])
    if found["mark"] == "." or first > 12 or first == second:
        day_first = True
    elif second > 12:
        day_first = False
    if day_first is None:
        return PageDate(line, None, frozenset(), ambiguous=True)
    day, month = (first, second) if day_first else (second, first)
    return PageDate(line, _midnight(year, month, day), frozenset())


def _arabic(found: re.Match[str]) -> str:
    """二〇二四 to 2024, 十 to 10, 二十三 to 23."""
    tens, ten, ones = found.group().partition("十")
    if not ten:
        return found.group().translate(_CHINESE_DIGITS)
    return (tens.translate(_CHINESE_DIGITS) or "1") + (ones.translate(_CHINESE_DIGITS) or "0")


def _midnight(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
