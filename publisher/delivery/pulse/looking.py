"""Looking at every part of the service, for the desk's page *System*. Each group says by itself when it cannot be looked at."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import psutil
import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.translation import gettext as _

from publisher.core import alive, standstill, workers
from publisher.core.applied import missing_migrations
from publisher.core.errors import UserError
from publisher.core.models import Heartbeat
from publisher.core.queues import queue_lengths, stream_state
from publisher.core.redis import client
from publisher.delivery import outage
from publisher.delivery.pulse import due, judging
from publisher.delivery.pulse.judging import Health, Part
from publisher.items import stream
from publisher.items.models import Source
from publisher.social.models import ChannelHealth

DURABLE = "always"


@dataclass(frozen=True)
class Group:
    """Parts that are looked at together."""

    title: str
    parts: list[Part]

    @property
    def health(self) -> Health:
        """That of its worst part."""
        order = list(Health)
        return max((part.health for part in self.parts), key=order.index, default=Health.GOOD)


def look(now: datetime) -> list[Group]:
    """Every group, in the order in which a person should look."""
    groups: tuple[tuple[str, Callable[[datetime], Iterator[Part]]], ...] = (
        (_("Servers"), _servers),
        (_("Processes"), _processes),
        (_("What waits"), _waiting),
        (_("Other sides"), _other_sides),
        (_("Queues of nudges"), _queues),
        (_("Recurring jobs"), _jobs),
        (_("Room"), _room),
    )
    return [Group(title, list(_safely(parts, now))) for title, parts in groups]


def versions() -> dict[str, str]:
    """Which version of what runs here."""
    return {
        "Publisher": version("publisher"),
        "Python": platform.python_version(),
        "Django": version("django"),
        "Celery": version("celery"),
        "PostgreSQL": _shown(lambda: _sql("SHOW server_version")),
        "Redis": _shown(_redis_version),
    }


def _safely(parts: Callable[[datetime], Iterator[Part]], now: datetime) -> Iterator[Part]:
    """A server that is away is a part that is bad; the error's own words name hosts and logins, so they are not told."""
    try:
        yield from parts(now)
    except OperationalError:
        yield Part(
            _("Database"),
            Health.BAD,
            _("It does not answer."),
            _("See whether PostgreSQL runs, and the log for why."),
        )
    except (redis.RedisError, stream.StreamAwayError):
        yield Part(
            _("Redis"),
            Health.BAD,
            _("It does not answer."),
            _("See whether Redis runs, and the log for why."),
        )


def _servers(_now: datetime) -> Iterator[Part]:
    size = int(_sql("SELECT pg_database_size(current_database())"))
    yield Part(
        _("Database"), Health.GOOD, _("It answers, and holds %(size)s GB.") % {"size": round(size / 1e9, 2)}
    )
    if missing := missing_migrations():
        said = _("%(num)s are missing.") % {"num": len(missing)}
        yield Part(_("Migrations"), Health.BAD, said, _("Run `publisher migrate`."))
    try:
        policy = stream.durability()
    except stream.StreamAwayError:
        raise
    except UserError as error:
        yield Part(_("Redis"), Health.WARN, error.message, error.hint)
        return
    if policy == DURABLE:
        yield Part(_("Redis"), Health.GOOD, _("It answers, and writes each entry to disk before it says so."))
    else:
        todo = _(
            "Entries may be lost when Redis dies, so the API takes none: set appendonly yes and appendfsync always."
        )
        yield Part(
            _("Redis"), Health.WARN, _("It answers; appendfsync is %(policy)s.") % {"policy": policy}, todo
        )


def _processes(now: datetime) -> Iterator[Part]:
    found = [each for each in workers.seen() if now - each.seen_at < judging.SIGN_OF_LIFE]
    yield judging.workers(sum(each.kind == "worker" for each in found))
    ticks = [now - each.seen_at for each in found if each.kind == "beat"]
    age = alive.age(settings.ENVIRONMENT.data_dir, "beat")
    here = [timedelta(seconds=age)] if age is not None else []
    yield judging.beat(min([*ticks, *here], default=None))
    for each in found:
        where = f"{each.kind} {each.host}:{each.pid}"
        said = _("Version %(version)s, seen %(seconds)s s ago.") % {
            "version": each.version,
            "seconds": max(round((now - each.seen_at).total_seconds()), 0),
        }
        yield Part(where, Health.GOOD, said)


def _waiting(now: datetime) -> Iterator[Part]:
    state = stream_state()
    yield judging.stream(state.waiting, state.pending, stream.oldest_age(now))
    stopped = standstill.is_on()
    yield judging.oldest_due(_("Mails that are due"), due.mail_waited(now), stopped=stopped)
    yield judging.oldest_due(_("Posts that are due"), due.post_waited(now), stopped=stopped)


def _other_sides(now: datetime) -> Iterator[Part]:
    down = outage.current()
    if down:
        yield Part(_("Mail server"), Health.BAD, down.text(now), down.todo)
    else:
        yield Part(_("Mail server"), Health.GOOD, _("Nothing is known against it."))
    channels = ChannelHealth.objects.filter(state=ChannelHealth.State.DOWN, channel__enabled=True)
    names = list(channels.order_by("channel__name").values_list("channel__name", flat=True))
    todo = _("Each says on the page Channels what its network answered.")
    said = _("Down: %(names)s.") % {"names": ", ".join(names)} if names else _("None is down.")
    yield Part(_("Channels"), Health.BAD if names else Health.GOOD, said, todo if names else "")
    failing = list(
        Source.objects.filter(failures__gt=0, enabled=True).order_by("name").values_list("name", flat=True)
    )
    said = (
        _("The last poll failed: %(names)s.") % {"names": ", ".join(failing)} if failing else _("All answer.")
    )
    todo = _("The page Today says what each answered. It is asked again, ever more seldom.")
    yield Part(_("Feeds"), Health.WARN if failing else Health.GOOD, said, todo if failing else "")


def _queues(_now: datetime) -> Iterator[Part]:
    for stage, length in queue_lengths().items():
        yield judging.queue(stage, length)


def _jobs(now: datetime) -> Iterator[Part]:
    for row in Heartbeat.objects.order_by("name"):
        yield judging.job(row.name, max(now - row.at, timedelta()))


def _room(_now: datetime) -> Iterator[Part]:
    folder = settings.ENVIRONMENT.data_dir
    usage = psutil.disk_usage(str(folder if folder.exists() else folder.parent))
    yield judging.disk(_("Data folder"), usage.free, usage.total)


def _redis_version() -> str:
    info: dict[str, Any] = client().info("server")
    return str(info.get("valkey_version") or info["redis_version"])


def _shown(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except (OperationalError, redis.RedisError):
        return _("does not answer")


def _sql(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return str(cursor.fetchone()[0])
