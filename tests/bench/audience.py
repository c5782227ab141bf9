"""The desk's audience at a million subscribers: pages of the list by filter, counts, bulk actions, an export.

`BENCH_READERS=100000` in the environment makes it smaller. A page's figure is that of the whole answer, through the real view;
a bulk action's, of all its batches in one process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from publisher.audience import attributes, tags
from publisher.audience.bulk import asking, working
from publisher.audience.bulk.asking import Wish
from publisher.audience.choices import Choice
from publisher.audience.models import Attribute, Subscriber
from publisher.audience.segments import matching
from publisher.audience.segments.conditions import Condition, Groups
from publisher.core import clock
from publisher.delivery.exports import asking as exports
from publisher.delivery.exports import writing
from tests.bench.progress import say
from tests.builders import a_digest, a_subscriber

READERS = int(os.environ.get("BENCH_READERS", "1000000"))
BULK = READERS // 10
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "10"))

# One in ten has a tag and a city, one in ten thousand a rare one; a third reads Chinese; a few left.
FILL = """
WITH people AS (
    INSERT INTO audience_subscriber (email, email_key, name, state, zone, attributes, created_at)
    SELECT 'Reader' || n || '@' || d, 'reader' || n || '@' || d, 'Reader ' || n,
           CASE WHEN n %% 50 = 3 THEN 'left' ELSE 'active' END, '',
           CASE WHEN n %% 10 = 0
                THEN jsonb_build_object('city', CASE WHEN n %% 10000 = 0 THEN 'Rare' ELSE 'Common' END, 'age', n %% 90)
                ELSE '{}' END,
           now() - (%(count)s - n) * interval '30 seconds'
    FROM generate_series(1, %(count)s) AS n
    CROSS JOIN LATERAL (SELECT (ARRAY['gmail.example', 'outlook.example', 'qq.example', 'office.example.org'])[1 + n %% 4] AS d) x
    RETURNING id
)
INSERT INTO audience_subscription (subscriber_id, digest_id, selection_id, state, since)
SELECT id, %(digest)s, (%(selections)s::bigint[])[1 + id %% 3], 'active', now() FROM people
"""
TAGS = """
INSERT INTO audience_subscriber_tags (subscriber_id, tag_id)
SELECT id, CASE WHEN id %% 10000 = 0 THEN %(rare)s ELSE %(common)s END FROM audience_subscriber WHERE id %% 10 = 0
"""
MAILS = """
INSERT INTO delivery_delivery (edition_id, purpose, address, state, held, due_at, fence, attempts, idempotency_key, remote_id,
    remote_url, enhanced, reason, created_at, sent_at, settled_at, subscriber_id)
SELECT %(edition)s, 'reader', email, 'sent', false, now(), 1, 1, '', '', '', '', '', now(), now(), now(), id
FROM audience_subscriber WHERE id %% 5 <> 0
"""


def measure() -> dict[str, float]:
    """Milliseconds of pages and counts, seconds and rows a second of deeds on many."""
    world = _World()
    figures = {"audience_subscribers": float(READERS)}
    for name, query in world.filters().items():
        address = f"{reverse('desk:subscribers')}?{urlencode(query)}"
        took = sorted(_timed(lambda address=address: world.client.get(address)) for _ in range(ROUNDS))
        figures[f"list, {name}: p50 ms"] = took[len(took) // 2]
        figures[f"list, {name}: max ms"] = took[-1]
    deep = f"{reverse('desk:subscribers')}?after={Subscriber.objects.order_by('pk')[READERS // 2].pk}"
    figures["list, half a million rows on: ms"] = _timed(lambda: world.client.get(deep))
    for name, groups in world.segments().items():
        counted = matching.count(groups, now=clock.now())
        figures[f"count, {name}: ms"] = _timed(lambda groups=groups: matching.count(groups, now=clock.now()))
        figures[f"count, {name}: exact"] = float(counted.exact)
        figures[f"count, {name}: n"] = float(-1 if counted.number is None else counted.number)
    return figures | _deeds(world)


def _deeds(world: _World) -> dict[str, float]:
    figures: dict[str, float] = {}
    some = _some(BULK)
    how = "the list was wrong"
    wishes = {
        "tag": Wish("tag", tag="Bulk"),
        "set an attribute": Wish("set", attribute="city", value="Somewhere"),
        "unsubscribe": Wish("unsubscribe", how=how),
        "subscribe": Wish("subscribe", digest_id=world.other.pk, choice=Choice.of(language="en"), how=how),
        "suppress": Wish("suppress", how=how),
    }
    for name, wish in wishes.items():
        for direction, seconds, rows in _there_and_back(world.user, wish, some):
            figures[f"bulk, {name}, {direction}: s for {rows:,}"] = seconds
    everybody: Groups = ((Condition("state", value="active"),),)
    for direction, seconds, rows in _there_and_back(world.user, wishes["tag"], everybody):
        figures[f"bulk, tag on everybody, {direction}: s for {rows:,}"] = seconds
    export = exports.ask_readers((), form="csv", user=world.user, now=clock.now())
    took = _timed(lambda: writing.write_due(now=clock.now(), seconds=3600))
    export.refresh_from_db()
    return figures | {f"export of {export.rows:,}: s": took / 1000}


def _there_and_back(user: User, wish: Wish, groups: Groups) -> list[tuple[str, float, int]]:
    say(f"{wish.action}")
    expected = matching.exactly(groups, now=clock.now())
    bulk = asking.ask(groups, wish, expected=expected, user=user, now=clock.now())
    done = _timed(lambda: working.work(now=clock.now(), seconds=3600)) / 1000
    bulk.refresh_from_db()
    assert bulk.state == "done", bulk.problem
    asking.undo(bulk.pk, user=user, now=clock.now())
    undone = _timed(lambda: working.work(now=clock.now(), seconds=3600)) / 1000
    return [("doing", done, bulk.total), ("undoing", undone, bulk.changed)]


def _some(count: int) -> Groups:
    """About the newest so many."""
    first = Subscriber.objects.order_by("-pk")[count - 1].created_at
    return ((Condition("joined", "from", first.date().isoformat()),),)


class _World:
    """A million of whom some are known by tags and attributes; four fifths have had an edition."""

    def __init__(self) -> None:
        from tests.desk.builders import an_edition

        self.user = User.objects.create_superuser("mira", "", "a long enough password")
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(self.user)
        now = clock.now()
        self.digest, self.other = a_digest(), a_digest()
        chosen: list[dict[str, Any]] = [{}, {"language": "zh"}, {"topics": [3]}]
        selections = [a_subscriber(self.digest, **choice).selection_id for choice in chosen]
        attributes.define("city", "City", Attribute.Kind.TEXT, user=None, now=now)
        attributes.define("age", "Age", Attribute.Kind.NUMBER, user=None, now=now)
        self.common, self.rare, _bulk = (
            tags.made(name, user=None, now=now) for name in ("Common", "Rare", "Bulk")
        )
        edition = an_edition(self.digest, state="sent")
        with connection.cursor() as cursor:
            say(f"writing {READERS:,} subscribers")
            cursor.execute(FILL, {"count": READERS, "digest": self.digest.pk, "selections": selections})
            cursor.execute(TAGS, {"common": self.common.pk, "rare": self.rare.pk})
            say("writing their mail")
            cursor.execute(MAILS, {"edition": edition.pk})
            say("analysing")
            cursor.execute(
                "VACUUM (ANALYZE) audience_subscriber, audience_subscription, audience_subscriber_tags, delivery_delivery"
            )

    def filters(self) -> dict[str, dict[str, Any]]:
        return {
            "no filter": {},
            "state": {"state": "left"},
            "nobody (pending)": {"state": "pending"},
            "digest": {"digest": self.digest.pk},
            "digest that nobody has": {"digest": self.other.pk},
            "language": {"language": "zh"},
            "topic": {"topic": "3"},
            "common tag": {"tag": self.common.pk},
            "rare tag": {"tag": self.rare.pk},
            "common value": {"attr": "city", "value": "Common"},
            "rare value": {"attr": "city", "value": "Rare"},
            "number": {"attr": "age", "value": "77"},
            "address": {"q": "reader77777@qq.example"},
            "beginning of an address": {"q": "reader7777"},
            "domain": {"q": "@qq.example"},
            "domain that nobody has": {"q": "@nowhere.example"},
            "name": {"q": "Reader 424242"},
            "not suppressed": {"suppressed": "no"},
            "suppressed": {"suppressed": "yes"},
            "rare tag, language, state": {"tag": self.rare.pk, "language": "zh", "state": "active"},
        }

    def segments(self) -> dict[str, Groups]:
        press = Condition("tag", value=str(self.common.pk))
        chinese = Condition("language", value="zh")
        return {
            "everybody": (),
            "state": ((Condition("state", value="active"),),),
            "tag": ((press,),),
            "tag and language": ((press, chinese),),
            "tag or language": ((press,), (chinese,)),
            "not the tag": ((Condition("tag", value=str(self.common.pk), negated=True),),),
            "number at least": ((Condition("attribute:age", "at_least", "50"),),),
            "silent for 4 weeks": ((Condition("silent", value="4"),),),
            "received 2 editions": ((Condition("received", "at_least", "2"),),),
        }


def _timed(work: Callable[[], Any]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
