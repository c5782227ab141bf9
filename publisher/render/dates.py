"""Writes a date the way each language of the mails does. Pure; no locale of the machine is involved."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from publisher.render.words import base

_MONTHS: Final[dict[str, str]] = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}

_FORMS: Final[dict[str, str]] = {
    "en": "{day} {month} {year}",
    "zh": "{year}年{number}月{day}日",
    "fr": "{ordinal} {month} {year}",
    "es": "{day} de {month} de {year}",
    "ar": "{day} {month} {year}",
}


def long_date(moment: datetime, language: str, zone: str = "UTC") -> str:
    """The day of `moment` (aware) in `zone`: “10 August 2023”, “2023年8月10日”; English by default."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    code = base(language)
    form = _FORMS.get(code, _FORMS["en"])
    months = _MONTHS.get(code, _MONTHS["en"]).split()
    return form.format(
        day=day.day,
        ordinal="1er" if day.day == 1 else day.day,
        month=months[day.month - 1],
        number=day.month,
        year=day.year,
    )
