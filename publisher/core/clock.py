"""The one clock. Only edges (tasks, views, commands) read it; everything that decides takes `now` as a parameter."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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


def anchored(moment: datetime) -> Callable[[], datetime]:
    """A clock that began at `moment` just now and that nobody can set."""
    began = time.clock_gettime(_STEADY)
    return lambda: moment + timedelta(seconds=time.clock_gettime(_STEADY) - began)


def told(moment: datetime) -> str:
    """A moment for people, in the zone of whoever asks (the viewer's in the desk, else UTC): `3 June, 08:00 (Asia/Shanghai)`."""
    return f"{timezone.localtime(moment):%-d %B, %H:%M} ({timezone.get_current_timezone_name()})"
