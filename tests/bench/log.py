"""Pages of the delivery log at ten million deliveries, through the real views, for each filter; on a database of its own.

`BENCH_DELIVERIES=200000` in the environment makes it smaller. Each figure is that of a whole answer: session, permissions,
queries, template. Beside them, in the same run, the page of the login, which asks the database for nothing; and the processor
time of a page, in this process and in its session of the database, which a busy machine does not change much.
"""

from __future__ import annotations

import html
import os
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psutil
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from publisher.core import clock
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest, Edition
from publisher.social.models import Channel
from tests.bench.progress import say
from tests.builders import a_channel, a_digest, an_item
from tests.desk.builders import a_post, an_edition

ROWS = int(os.environ.get("BENCH_DELIVERIES", "10000000"))
EDITIONS = 10
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "30"))
PAGES_DEEP = 30
NEXT = re.compile(r'rel="next" href="\?([^"]*)"')

# An edition of weeks ago to a million: one in a hundred failed, a few came back or were not sent, of some nobody can tell.
FILL = """
INSERT INTO delivery_delivery
    (edition_id, purpose, address, state, held, due_at, fence, attempts, idempotency_key, remote_id, remote_url,
     code, enhanced, reason, created_at, sent_at, settled_at)
SELECT %(edition)s, 'reader', 'Reader' || n || '@' || (%(domains)s::varchar[])[1 + n %% 4], state, false, %(at)s, n / 400, 1, '',
       CASE WHEN state = 'sent' THEN n || '.' || %(edition)s || '@office.example.org' ELSE '' END, '',
       CASE WHEN state IN ('sent', 'bounced') THEN 250 WHEN state = 'failed' THEN (%(codes)s::int[])[1 + n / 100 %% 7] END,
       CASE WHEN state = 'sent' THEN '2.0.0'
            WHEN state = 'failed' THEN (%(enhanced)s::varchar[])[1 + n / 100 %% 7] ELSE '' END,
       CASE state WHEN 'failed' THEN 'The mailbox is not available' WHEN 'unknown' THEN 'No answer came back' ELSE '' END,
       %(at)s, CASE WHEN state IN ('sent', 'bounced') THEN %(at)s + n / 5000 * interval '1 second' END,
       %(at)s + n / 5000 * interval '1 second'
FROM (
    SELECT n, CASE WHEN n %% 100 = 17 THEN 'failed' WHEN n %% 250 = 3 THEN 'bounced'
                   WHEN n %% 500 = 5 THEN 'suppressed' WHEN n %% 1000 = 8 THEN 'cancelled'
                   WHEN n %% 100000 = 9 THEN 'unknown'
                   WHEN n %% 200000 = 10 AND %(old)s THEN 'complained' ELSE 'sent' END AS state
    FROM generate_series(1, %(count)s) AS n
) AS mails
"""
MIX: dict[str, Any] = {
    "domains": ["gmail.example", "outlook.example", "qq.example", "office.example.org"],
    "codes": [550, 550, 550, 552, 554, 421, 451],
    "enhanced": ["5.1.1", "5.1.1", "5.7.1", "5.2.2", "5.7.26", "4.7.28", "4.3.0"],
}
POSTS = """
INSERT INTO delivery_delivery
    (post_id, channel_id, part, purpose, address, state, held, due_at, fence, attempts, idempotency_key, remote_id,
     remote_url, code, enhanced, reason, created_at, sent_at, settled_at)
SELECT %(post)s, %(channel)s, n, 'reader', %(name)s, CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'sent' END, false, %(at)s, n, 1,
       '', n::text, '', CASE WHEN n %% 50 = 0 THEN 422 ELSE 201 END, '', '', %(at)s, %(at)s, %(at)s
FROM generate_series(1, %(count)s) AS n
"""
TRIES = """
INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, code, enhanced, text)
SELECT id, 1, 'worker:1', created_at, 1.5, state, code, enhanced, 'said'
FROM delivery_delivery WHERE state = 'failed' AND edition_id = %s
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'delivery_delivery' AND indexname <> 'delivery_delivery_pkey'
"""


def measure() -> dict[str, float]:
    """Milliseconds of a page by filter (p50, p95, the slowest of all rounds), and their ratio to a trivial page."""
    world = _World()
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("mira", "", "a long enough password"))
    figures = {"log_rows": float(ROWS)}
    nobody = Client(SERVER_NAME="localhost")
    trivial = [_timed(nobody, reverse("desk:login")) for _ in range(ROUNDS)]
    figures |= _told("login (trivial)", trivial)
    everything: list[Spent] = []
    for name, query in world.filters():
        spent = [_timed(client, f"{reverse('desk:deliveries')}?{query}") for _ in range(ROUNDS)]
        everything += spent
        figures |= _told(name, spent)
    for name, query in (
        ("everything", ""),
        ("a state", "state=sent"),
        ("a digest", f"digest={world.weekly.pk}"),
    ):
        spent = list(_deep(client, query))
        everything += spent
        figures |= _told(f"{PAGES_DEEP} pages on, {name}", spent)
    ids = Delivery.objects.filter(state="failed").order_by("pk").values_list("pk", flat=True)[:ROUNDS]
    figures |= _told("one delivery", [_timed(client, reverse("desk:delivery", args=[pk])) for pk in ids])
    walls = [each.wall for each in everything]
    figures |= {
        "log_page_p50_ms": _part(walls, 0.5),
        "log_page_p95_ms": _part(walls, 0.95),
        "log_page_max_ms": max(walls),
    }
    figures["log_page_p95_cpu_ms"] = _part([each.cpu for each in everything], 0.95)
    figures["log_page_p50_to_trivial"] = _part(walls, 0.5) / _part([each.wall for each in trivial], 0.5)
    return figures


class _World:
    """Ten editions of two digests, a week apart, and posts on two channels."""

    def __init__(self) -> None:
        self.weekly, self.alert = a_digest(), a_digest(on_unknown="hold")
        self.items = [an_item() for _ in range(EDITIONS)]
        self.now = clock.now()
        self.channels: list[Channel] = [a_channel(), a_channel()]
        self.editions: list[Edition] = []
        tuned = _Unindexed()
        with tuned, connection.cursor() as cursor:
            for week in range(EDITIONS):
                self._fill(cursor, week)
        say("analysing")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) delivery_delivery")

    def _fill(self, cursor: Any, week: int) -> None:
        digest: Digest = self.alert if week % 5 == 4 else self.weekly
        at = self.now - timedelta(weeks=EDITIONS - week)
        edition = an_edition(
            digest, items=[self.items[week]], state="sent", due_at=at, created_at=at, finished_at=at
        )
        self.editions.append(edition)
        say(f"writing {ROWS // EDITIONS:,} deliveries of {edition}")
        values = {"edition": edition.pk, "at": at, "count": ROWS // EDITIONS, "old": week == 0, **MIX}
        cursor.execute(FILL, values)
        cursor.execute(TRIES, [edition.pk])
        for channel in self.channels:
            post = a_post(self.items[week], channel)
            given = {"post": post.pk, "channel": channel.pk, "name": channel.name, "at": at, "count": 500}
            cursor.execute(POSTS, given)

    def filters(self) -> Iterator[tuple[str, str]]:
        """Frequent and rare values, recent and long ago, alone and together, and what is not there at all."""
        old, new, day = self.editions[0].pk, self.editions[-1].pk, timedelta(days=1)
        long_ago = self.now - timedelta(weeks=EDITIONS)
        given: dict[str, dict[str, Any]] = {
            "no filter": {},
            "sent": {"state": "sent"},
            "failed": {"state": "failed"},
            "rare and long ago (complained)": {"state": "complained"},
            "nothing at all (expired)": {"state": "expired"},
            "three states": {"state": ["failed", "bounced", "unknown"]},
            "needs a person": {"person": "yes"},
            "an old edition": {"edition": old},
            "an edition, failed": {"edition": old, "state": "failed"},
            "a digest": {"digest": self.weekly.pk},
            "a digest, complained": {"digest": self.weekly.pk, "state": "complained"},
            "an item": {"item": self.items[2].pk},
            "a channel": {"channel": self.channels[0].pk},
            "a channel, failed": {"channel": self.channels[0].pk, "state": "failed"},
            "an address": {"address": "reader77777@gmail.example", "exact": "yes"},
            "the beginning of an address": {"address": "reader7777"},
            "a common beginning, complained": {"address": "reader1", "state": "complained"},
            "an address that is not there": {"address": "nobody@nowhere.example", "exact": "yes"},
            "code 550": {"code": "550"},
            "code 250": {"code": "250"},
            "a code that is not there": {"code": "599"},
            "enhanced 5.7.26": {"code": "5.7.26"},
            "an edition, code 550": {"edition": old, "code": "550"},
            "a digest, code 552": {"digest": self.alert.pk, "code": "552"},
            "code 550, sent (never)": {"code": "550", "state": "sent"},
            "code 250, failed (never)": {"code": "250", "state": "failed"},
            "tests": {"purpose": "test"},
            "posts": {"purpose": "post"},
            "readers": {"purpose": "reader"},
            "an hour long ago": {"from": _local(long_ago), "to": _local(long_ago + day / 24)},
            "a day on which nothing was sent": {
                "from": _local(long_ago + 2 * day),
                "to": _local(long_ago + 3 * day),
            },
            "since the middle": {"from": _local(self.now - timedelta(weeks=EDITIONS // 2))},
            "failed, a week long ago": {
                "state": "failed",
                "from": _local(long_ago),
                "to": _local(long_ago + 7 * day),
            },
            "new edition, code, state, time": {
                "edition": new,
                "code": "451",
                "state": "failed",
                "from": _local(long_ago),
            },
        }
        yield from ((name, urlencode(fields, doseq=True)) for name, fields in given.items())


class _Unindexed:
    """While it is open the table has its primary key only, and no triggers: ten million rows are written in minutes."""

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(INDEXES)
            self.indexes = cursor.fetchall()
            for name, _definition in self.indexes:
                cursor.execute(f"DROP INDEX {name}")
            cursor.execute("ALTER TABLE delivery_delivery DISABLE TRIGGER USER")

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE delivery_delivery ENABLE TRIGGER USER")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            for name, definition in self.indexes:
                say(f"building {name}")
                cursor.execute(definition)


class Spent(NamedTuple):
    """Milliseconds of one page: on the clock, and of processors."""

    wall: float
    cpu: float


def _told(name: str, spent: list[Spent]) -> dict[str, float]:
    walls, cpus = [each.wall for each in spent], [each.cpu for each in spent]
    return {
        f"log, {name}: p50 ms": _part(walls, 0.5),
        f"log, {name}: p95 ms": _part(walls, 0.95),
        f"log, {name}: max ms": max(walls),
        f"log, {name}: mean cpu ms": sum(cpus) / len(cpus),
    }


def _part(values: list[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def _deep(client: Client, query: str) -> Iterator[Spent]:
    """Page after page, by the link to the next one."""
    for _ in range(PAGES_DEEP):
        answers: list[HttpResponse] = []
        yield _timed(client, f"{reverse('desk:deliveries')}?{query}", answers)
        found = NEXT.search(answers[0].content.decode())
        assert found, query
        query = html.unescape(found[1])


def _timed(client: Client, address: str, answers: list[HttpResponse] | None = None) -> Spent:
    busy, started = _processor(), time.perf_counter()
    response = client.get(address)
    spent = Spent((time.perf_counter() - started) * 1000, (_processor() - busy) * 1000)
    assert isinstance(response, HttpResponse)
    assert response.status_code == 200, (address, response.status_code)
    if answers is not None:
        answers.append(response)
    return spent


def _processor() -> float:
    """Seconds of processor time that this process and its session of the database have used (the latter in hundredths)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        times = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + times.user + times.system


def _local(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")
