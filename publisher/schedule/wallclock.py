"""From a time on the wall to an instant, over daylight saving changes. `slots.py` and `windows.py` use it.

A wall time that a zone skips stands for the first instant after the skipped stretch; one that occurs twice stands for its first
occurrence. So whatever is planned for a wall time happens once, on every day, and the order of wall times is kept (PEP 495).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant_of(zone: ZoneInfo, day: date, at: time) -> datetime:
    """The instant, in UTC, at which clocks in `zone` show `at` on `day`."""
    wall = datetime.combine(day, at).replace(fold=0)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(zone, wall)


def _end_of_gap(zone: ZoneInfo, wall: datetime) -> datetime:
    """Halve the stretch between the two readings of a skipped wall time: the change lies between them, on a whole second."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC).replace(microsecond=0)
    new_offset = after.astimezone(zone).utcoffset()
    while (seconds := int((after - before).total_seconds())) > 1:
        middle = before + timedelta(seconds=seconds // 2)
        if middle.astimezone(zone).utcoffset() == new_offset:
            after = middle
        else:
            before = middle
    return after
