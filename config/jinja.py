"""The Jinja2 environment of the desk's and site's pages, and the filters that write times, numbers and states."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from publisher.core import clock
from publisher.desk import trail
from publisher.desk.badges import LONG_NAMES, badge_of
from publisher.social.networks import registry

_CODE: Final = re.compile("`([^`\n]{1,80})`")


def environment(**options: Any) -> Environment:
    """Autoescaped (Django's backend turns it on), with strict names: a misspelt variable is an error, not a blank."""
    form: dict[str, Any] = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    env = Environment(**{**options, **form})  # noqa: S701 - `options` holds autoescape
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
        network=registry.label,
        coded=coded,
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
        return "now"
    return f"in {distance}" if away > timedelta() else f"{distance} ago"


def number(value: float) -> str:
    """With thousands parted: 12,345."""
    return f"{value:,}"


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
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)


def _time(value: datetime, zone: tzinfo, *, to_second: bool = False) -> Markup:
    local = value.astimezone(zone)
    form = "%a %-d %b, %H:%M" if local.year == clock.now().astimezone(zone).year else "%-d %b %Y, %H:%M"
    form += ":%S" if to_second and local.second else ""
    exact = value.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.strftime("%Y-%m-%dT%H:%M:%SZ"), exact.strftime("%Y-%m-%d %H:%M:%S UTC"), local.strftime(form)
    )


def _largest_unit(span: timedelta) -> str:
    units = (
        (timedelta(days=365), "y"),
        (timedelta(days=1), "d"),
        (timedelta(hours=1), "h"),
        (timedelta(minutes=1), "min"),
    )
    return next((f"{span // size} {name}" for size, name in units if span >= size), "")
