"""The Jinja2 environment of the desk's and site's pages, and the filters that write times, numbers and states."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, ngettext, npgettext, pgettext, to_locale
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from publisher.core import clock
from publisher.core.told import told
from publisher.desk import trail
from publisher.desk.badges import LONG_NAMES, badge_of
from publisher.desk.language_names import language_name
from publisher.social.networks import registry

_CODE: Final = re.compile("`([^`\n]{1,80})`")


def environment(**options: Any) -> Environment:
    """Autoescaped (Django's backend turns it on), with strict names: a misspelt variable is an error, not a blank."""
    form: dict[str, Any] = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    env = Environment(**{**options, **form}, extensions=["jinja2.ext.i18n"])  # noqa: S701 - `options` holds autoescape
    env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(
        static=static,
        url=_url,
        now=clock.now,
        badge_of=badge_of,
        long_names=LONG_NAMES,
        trail=trail,
    )
    env.filters.update(
        when=when,
        in_zone=in_zone,
        ago=ago,
        number=number,
        duration=duration,
        span=span,
        percent=percent,
        day=day,
        network=registry.label,
        coded=coded,
        told=told,
        language_name=language_name,
    )
    return env


def when(value: datetime | None) -> Markup:
    """A time in the viewer's zone (UTC unless a view activated another); the machine's form beside it."""
    return _time(value, timezone.get_current_timezone()) if value else Markup("–")


def in_zone(value: datetime | None, zone: str | ZoneInfo, *, to_second: bool = False) -> Markup:
    """A planned time as the clocks of `zone` show it; `to_second` where a plan may lie between two minutes."""
    if value is None:
        return Markup("–")
    return _time(value, ZoneInfo(zone) if isinstance(zone, str) else zone, to_second=to_second)


def ago(value: datetime | None) -> str:
    """How far a time is from now, in its largest unit: “in 3 h”, “2 d ago”."""
    if value is None:
        return ""
    away = value - clock.now()
    distance = _largest_unit(abs(away))
    if not distance:
        return gettext("now")
    form = gettext("in %(distance)s") if away > timedelta() else gettext("%(distance)s ago")
    return form % {"distance": distance}


def number(value: float) -> str:
    """With thousands parted, as the viewer's language does it: 12,345."""
    return format_decimal(value, locale=_locale())


def percent(share: float) -> str:
    """A share of one: 0.003 is 0.3 %."""
    return format_percent(share, format="#,##0.##%", locale=_locale())


def day(value: date, pattern: str = "") -> str:
    """A day with its year, as the viewer's language writes it; or by a translated pattern of Unicode's CLDR."""
    return format_date(value, pattern or gettext("d MMM y"), locale=_locale())


def span(seconds: float) -> str:
    """A time that people waited, in its largest unit: “2.4 s”, “3 h”, “5 d”."""
    if seconds < 60:
        return gettext("%(n)s s") % {"n": format_decimal(round(seconds, 1), locale=_locale())}
    return _largest_unit(timedelta(seconds=seconds))


def coded(text: str) -> Markup:
    """A message in which `names` stand between backticks, as the command line shows them: the desk shows them as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped in the same line


def duration(milliseconds: float) -> str:
    """Milliseconds in a unit that reads well: “4.2 ms”, “1.3 s”, “2 min 5 s”."""
    if milliseconds < 1000:
        return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    parts = {"minutes": f"{seconds // 60:.0f}", "seconds": f"{seconds % 60:.0f}"}
    return gettext("%(minutes)s min %(seconds)s s") % parts


def _locale() -> Locale:
    """Babel's locale of the language that is active."""
    return Locale.parse(to_locale(get_language() or "en"))


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)


def _time(value: datetime, zone: tzinfo, *, to_second: bool = False) -> Markup:
    local = value.astimezone(zone)
    this_year = local.year == clock.now().astimezone(zone).year
    exactly = to_second and local.second
    # Translators: patterns of Unicode's CLDR, as Babel reads them: Mon 1 Jun, 14:30 and 1 Jun 2026, 14:30.
    pattern = gettext("EEE d MMM, HH:mm") if this_year else gettext("d MMM y, HH:mm")
    written = format_datetime(local, pattern + (":ss" if exactly else ""), locale=_locale())
    exact = value.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.strftime("%Y-%m-%dT%H:%M:%SZ"), exact.strftime("%Y-%m-%d %H:%M:%S UTC"), written
    )


def _largest_unit(span: timedelta) -> str:
    units = (
        (timedelta(days=365), gettext("%(n)s y")),
        (timedelta(days=1), gettext("%(n)s d")),
        (timedelta(hours=1), gettext("%(n)s h")),
        (timedelta(minutes=1), gettext("%(n)s min")),
    )
    return next((form % {"n": span // size} for size, form in units if span >= size), "")
