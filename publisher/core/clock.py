"""The one clock. Only edges (tasks, views, commands) read it; everything that decides takes `now` as a parameter."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

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
    return f"{timezone.localtime(moment):%-d %B, %H:%M} ({timezone.get_current_timezone_name()})"
