"""When a figure of the service is good, wants attention, or is bad, and what to do then. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.delivery.pulse.jobs import called


class Health(StrEnum):
    """How a part is."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Part:
    """One part of the service: `says` is what was seen, `todo` what to do when it is not good."""

    name: str
    health: Health
    says: str
    todo: str = ""


SIGN_OF_LIFE: Final = timedelta(seconds=45)
JOB_LATE: Final = {
    "intake.drain": 60,
    "intake.poll_feeds": 120,
    "schedule.tick": 30,
    "upkeep.fold": 180,
    "upkeep.count": 900,
}
"""Seconds after which a job that beat starts should have come round again. Others may take ten minutes."""
ANY_JOB_LATE: Final = 600
QUEUE_LONG: Final = 200
STREAM_LATE: Final = timedelta(minutes=1)
STREAM_STUCK: Final = timedelta(minutes=10)
DUE_LATE: Final = timedelta(minutes=1)
DUE_STUCK: Final = timedelta(minutes=10)
DISK_NEAR: Final = 0.85
DISK_FULL: Final = 0.95


def workers(alive: int) -> Part:
    """`alive`: processes that gave a sign of life within `SIGN_OF_LIFE`."""
    said = ngettext("%(num)s worker works.", "%(num)s workers work.", alive) % {"num": alive}
    if alive:
        return Part(_("Workers"), Health.GOOD, said)
    todo = _(
        "Nothing is read and nothing leaves. Start one with `publisher worker`, and read its log for why it ended."
    )
    return Part(_("Workers"), Health.BAD, _("No worker gives a sign of life."), todo)


def beat(since: timedelta | None) -> Part:
    """`since` the last tick; None when there never was one."""
    name, todo = _("Beat"), _("Nothing that is due is begun. Start exactly one with `publisher beat`.")
    if since is None:
        return Part(name, Health.BAD, _("It has never ticked."), todo)
    said = _("Its last tick was %(seconds)s s ago.") % {"seconds": round(since.total_seconds())}
    return Part(name, Health.GOOD, said) if since < SIGN_OF_LIFE else Part(name, Health.BAD, said, todo)


def job(name: str, since: timedelta) -> Part:
    """A recurring job, and how long ago it last ran to its end."""
    said = _("It ended %(seconds)s s ago.") % {"seconds": round(since.total_seconds())}
    if since.total_seconds() < JOB_LATE.get(name, ANY_JOB_LATE):
        return Part(called(name), Health.GOOD, said)
    todo = _(
        "It fails or does not come to its turn: look for `task.failed` with `%(job)s` in the log, and how long the queues are."
    ) % {"job": name}
    return Part(called(name), Health.WARN, said, todo)


def queue(stage: str, length: int) -> Part:
    """Nudges of a stage that wait for a worker."""
    said = ngettext("%(num)s nudge waits.", "%(num)s nudges wait.", length) % {"num": length}
    if length < QUEUE_LONG:
        return Part(stage, Health.GOOD, said)
    todo = _("Nudges come faster than workers take them. Nothing is lost; start another worker if it lasts.")
    return Part(stage, Health.WARN, said, todo)


def stream(waiting: int, pending: int, oldest: timedelta | None) -> Part:
    """Entries that intake has not read or not finished, and the age of the oldest."""
    said = _("%(waiting)s not read, %(pending)s read and not finished.") % {
        "waiting": waiting,
        "pending": pending,
    }
    age = oldest or timedelta()
    todo = _(
        "Items wait in Redis, none is lost. See whether a worker runs, and what its log says about `intake`."
    )
    return Part(
        _("Stream of items"),
        _by_age(age, STREAM_LATE, STREAM_STUCK),
        said,
        todo if age >= STREAM_LATE else "",
    )


def oldest_due(what: str, waited: timedelta, *, stopped: bool) -> Part:
    """How long the oldest message that may leave has waited. `stopped`: somebody stopped all sending."""
    seconds = round(waited.total_seconds())
    said = (
        _("The oldest has waited %(seconds)s s.") % {"seconds": seconds} if seconds else _("Nothing waits.")
    )
    if stopped:
        return Part(
            what,
            Health.WARN,
            said,
            _("All sending stands still. The page Sending says why, and lets it go on."),
        )
    health = _by_age(waited, DUE_LATE, DUE_STUCK)
    todo = _(
        "Look at the page Sending: a pause, a rate, or a mail server that cannot be used holds it up. Else no worker sends."
    )
    return Part(what, health, said, "" if health is Health.GOOD else todo)


def disk(what: str, free: int, total: int) -> Part:
    """Bytes of the disk on which a folder lies."""
    used = 1 - free / total if total else 1.0
    said = _("%(percent)s%% used, %(free)s GB free.") % {
        "percent": round(used * 100),
        "free": round(free / 1e9, 1),
    }
    if used < DISK_NEAR:
        return Part(what, Health.GOOD, said)
    todo = _(
        "A full disk stops the database. Make room, or keep deliveries for fewer days (PUBLISHER_KEEP_DELIVERIES_DAYS)."
    )
    return Part(what, Health.BAD if used >= DISK_FULL else Health.WARN, said, todo)


def _by_age(age: timedelta, late: timedelta, stuck: timedelta) -> Health:
    if age >= stuck:
        return Health.BAD
    return Health.WARN if age >= late else Health.GOOD
