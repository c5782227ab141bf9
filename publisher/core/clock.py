"""The one clock. Only edges (tasks, views, commands) read it; everything that decides takes `now` as a parameter."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language

# Goes on while the machine sleeps, where the system has such a clock, and is never set.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def database_now() -> datetime:
    """The database's time: the same for all hosts that share it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


class Anchored:
    """A clock that began at `moment` just now and that nobody can set."""

    def __init__(self, moment: datetime) -> None:
        self._beginning = moment.timestamp() - time.clock_gettime(_STEADY)

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.stamp(), UTC)

    def stamp(self) -> float:
        """The same in seconds since 1970, which costs a third: for what is asked at every message."""
        return self._beginning + time.clock_gettime(_STEADY)


def stamps(clock: Callable[[], datetime]) -> Callable[[], float]:
    """The times of a clock in seconds since 1970."""
    return clock.stamp if isinstance(clock, Anchored) else lambda: clock().timestamp()


def told(moment: datetime) -> str:
    """A moment for people, in the zone of whoever asks (the viewer's in the desk, else UTC): `3 June, 08:00 (Asia/Shanghai)`."""
    return f"{told_plainly(timezone.localtime(moment))} ({timezone.get_current_timezone_name()})"


def told_plainly(local: datetime) -> str:
    """A moment in its own zone, in the reader's language: `3 June, 08:00`, `6月3日 08:00`."""
    day = format_skeleton("MMMMd", local.date(), locale=_locale())
    return f"{day}, {local:%H:%M}" if _locale().startswith("en") else f"{day} {local:%H:%M}"


def written(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as clocks in `zone` show it, in the reader's language: `3 June 2026, 08:00 (Asia/Shanghai)`."""
    local = moment.astimezone(zone)
    return f"{written_day(local.date())}, {local:%H:%M} ({zone.key})"


def written_day(day: date) -> str:
    """A day in the reader's language: `3 June 2026`, `2026年6月3日`."""
    return format_date(day, "long", locale=_locale())


def written_weekday(day: date) -> str:
    """The same with its weekday, without the year: `Wednesday 3 June`, `6月3日星期三`."""
    return format_skeleton("MMMMEEEEd", day, locale=_locale())


def written_month(day: date) -> str:
    """The month of a day in the reader's language: `June 2026`, `2026年6月`."""
    return format_skeleton("yMMMM", day, locale=_locale())


def short_weekday(day: date) -> str:
    """`Wed`, `周三`."""
    return format_date(day, "EEE", locale=_locale())


def short_day(day: date) -> str:
    """`3 Jun`, `6月3日`."""
    return format_skeleton("MMMd", day, locale=_locale())


def _locale() -> str:
    language = get_language() or "en"
    return "en_GB" if language.startswith("en") else language.replace("-", "_")
