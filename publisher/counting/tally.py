"""Counts in Redis, and from there into the database. A click costs one command; beat folds them every half minute.

What Redis holds is taken out before it is written, so that nothing is counted twice. If Redis is lost, or a worker dies in
between, some clicks are never counted: acceptable of figures that are rough anyhow. When the database refuses, they go back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, cast

import redis
from django.db import Error, connection, transaction

from publisher.core.redis import client
from publisher.counting import persons
from publisher.counting.models import OPENS
from publisher.counting.tokens import Reader

log = logging.getLogger(__name__)

TOTALS: Final = "publisher:counting:totals"
"""A hash: `edition:link:day` and how often."""
PERSONS: Final = "publisher:counting:persons"
"""A list of `subscriber:edition:link:seconds since 1970`."""
MOST_WAITING: Final = 100_000
"""Of what is kept by person while nobody folds; more is not."""
AT_ONCE: Final = 5_000

_TAKE: Final = "local all = redis.call('HGETALL', KEYS[1]) redis.call('DEL', KEYS[1]) return all"
_PUSH: Final = "if redis.call('LLEN', KEYS[1]) < tonumber(ARGV[2]) then redis.call('RPUSH', KEYS[1], ARGV[1]) end return 0"

ADD: Final = """
INSERT INTO counting_linkcount (edition_id, link_id, day, n)
SELECT given.edition_id, given.link_id, given.day, given.n
FROM unnest(%(editions)s::bigint[], %(links)s::bigint[], %(days)s::date[], %(n)s::bigint[])
     AS given (edition_id, link_id, day, n)
JOIN digests_edition e ON e.id = given.edition_id
ON CONFLICT (edition_id, link_id, day) DO UPDATE SET n = counting_linkcount.n + excluded.n
"""


def add(edition_id: int, *, link_id: int = OPENS, reader: Reader | None = None, now: datetime) -> None:
    """One click or open. Never raises: whoever clicked gets where they wanted."""
    try:
        client().hincrby(TOTALS, f"{edition_id}:{link_id}:{now.date().isoformat()}", 1)
        if reader and persons.agreed(reader.subscriber_id):
            entry = f"{reader.subscriber_id}:{edition_id}:{link_id}:{int(now.timestamp())}"
            client().eval(_PUSH, 1, PERSONS, entry, str(MOST_WAITING))
    except redis.RedisError as error:
        log.warning("counting.lost", extra={"edition_id": edition_id, "error": str(error)})


def fold() -> int:
    """Bring what was counted into the database; how many clicks and opens. Called by beat."""
    taken = _taken()
    if taken:
        try:
            _write(taken)
        except Error:
            _put_back(taken)
            raise
    while entries := cast(list[bytes], client().lpop(PERSONS, AT_ONCE) or []):
        try:
            persons.write(_read(entries))
        except Error:
            client().rpush(PERSONS, *entries)
            raise
    return sum(taken.values())


def _taken() -> dict[str, int]:
    flat = cast(list[bytes], client().eval(_TAKE, 1, TOTALS))
    return {flat[n].decode(): int(flat[n + 1]) for n in range(0, len(flat), 2)}


def _put_back(taken: Mapping[str, int]) -> None:
    pipe = client().pipeline(transaction=False)
    for name, n in taken.items():
        pipe.hincrby(TOTALS, name, n)
    pipe.execute()


@transaction.atomic
def _write(taken: Mapping[str, int]) -> None:
    rows = sorted((*_place(name), n) for name, n in taken.items())
    columns: dict[str, list[Any]] = {
        name: [row[at] for row in rows] for at, name in enumerate(("editions", "links", "days", "n"))
    }
    with connection.cursor() as cursor:
        cursor.execute(ADD, columns)


def _place(name: str) -> tuple[int, int, date]:
    edition, link, day = name.split(":")
    return int(edition), int(link), date.fromisoformat(day)


def _read(entries: Iterable[bytes]) -> list[tuple[int, int, int, int]]:
    found = []
    for entry in entries:
        subscriber, edition, link, at = map(int, entry.decode().split(":"))
        found.append((subscriber, edition, link, at))
    return found
