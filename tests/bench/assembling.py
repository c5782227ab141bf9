"""From a due edition to its queued deliveries, at 10,000, 100,000 and 1,000,000 subscribers who chose at random; of the million
also to those in a segment: all of them, and half. Run by the benchmarks; no test asserts it.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from publisher.audience.models import Segment
from publisher.audience.segments import conditions
from publisher.audience.segments.conditions import Condition, Groups
from publisher.core import clock
from publisher.delivery.enqueue import assemble
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item, ItemTopic, Source, Topic
from tests.bench.progress import say
from tests.builders import a_digest, an_item

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
TOPICS, KINDS, LANGUAGES = 17, ("story", "press_release", "speech", "video"), ("en", "zh")
SEGMENTS: dict[str, Groups] = {
    "segment_all": ((Condition("state", value="active"),),),
    "segment_half": ((Condition("language", value="zh"),),),
}
ITEMS = 12
"""In each language, as many as a digest holds by default. Each has one kind and one to three topics."""
SUMMARY = "Two hundred families rebuilt the stone channels of their grandparents, one metre a day. "
PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "", "Nowhere/At_All"]

# Each topic and each kind is ticked or not by the toss of a coin (none ticked means all): nearly every reader chose otherwise.
FILL = """
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
SELECT n, floor(random() * power(2, %(topics)s))::int AS topic_bits, floor(random() * 16)::int AS kind_bits,
       (%(languages)s::text[])[1 + floor(random() * 2)::int] AS language,
       (%(zones)s::text[])[1 + floor(random() * 5)::int] AS zone,
       'reader' || n || '@bench' || n %% 997 || '.example' AS address
FROM generate_series(1, %(count)s) AS n;
ALTER TABLE chosen ADD key bytea GENERATED ALWAYS AS
    (sha256((topic_bits || ',' || kind_bits || ',' || language)::text::bytea)) STORED;

INSERT INTO audience_selection (key, topics, kinds, language, region)
SELECT key,
       ARRAY(SELECT id FROM unnest(%(topic_ids)s::bigint[]) WITH ORDINALITY AS t (id, place)
             WHERE topic_bits >> (place - 1)::int & 1 = 1 ORDER BY id),
       ARRAY(SELECT name FROM unnest(%(kinds)s::text[]) WITH ORDINALITY AS k (name, place)
             WHERE kind_bits >> (place - 1)::int & 1 = 1 ORDER BY name),
       language, ''
FROM (SELECT DISTINCT topic_bits, kind_bits, language, key FROM chosen) AS each_once;

INSERT INTO audience_subscriber (email, email_key, name, state, zone, created_at)
SELECT address, address, 'Reader ' || n, 'active', zone, %(at)s FROM chosen;

INSERT INTO audience_subscription (digest_id, subscriber_id, selection_id, state, since)
SELECT %(digest)s, s.id, l.id, 'active', %(at)s
FROM chosen c JOIN audience_subscriber s ON s.email_key = c.address JOIN audience_selection l ON l.key = c.key;
"""

EDITIONS = "delivery_delivery, digests_edition"
READERS = "audience_segment, audience_selection, audience_subscriber"
"""And, by CASCADE, all that belongs to them."""


def measure() -> dict[str, float]:
    """Seconds at each size, from the call to the last row, and how many variants and choices there were of a million."""
    figures: dict[str, float] = {}
    for name, count in SIZES.items():
        say(f"{count:,} subscribers are made")
        digest = _fill(count)
        figures[f"assemble_{name}_seconds"] = _measure(digest, count)
        if count == max(SIZES.values()):
            for segment, groups in SEGMENTS.items():
                figures[f"assemble_{name}_{segment}_seconds"] = _measure(digest, count, groups)
        _clear(digest)
    return figures


def _measure(digest: Digest, count: int, groups: Groups | None = None) -> float:
    now = clock.now()
    edition = Edition.objects.create(
        digest=digest,
        segment=None if groups is None else _segment(groups).pk,
        due_at=now,
        window_from=now - timedelta(days=7),
        window_to=now,
        created_at=now,
        trace_id="b" * 32,
    )
    say(f"an edition for {count:,} subscribers is assembled")
    started = time.perf_counter()
    assembled = assemble(edition.pk, now=now)
    seconds = time.perf_counter() - started
    written = edition.delivery_set.count()
    if assembled.state != Edition.State.SENDING or not written:
        raise AssertionError(
            f"the edition is {assembled.state} with {written} deliveries: {assembled.problem}"
        )
    say(f"{written:,} deliveries of {edition.variants.count():,} variants in {seconds:.1f} s")
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {EDITIONS} CASCADE")  # what went out already is in no other edition
    return seconds


def _segment(groups: Groups) -> Segment:
    now = clock.now()
    written = conditions.written(groups)
    name = f"Bench {Segment.objects.count()}"
    return Segment.objects.create(
        name=name, key=name.casefold(), groups=written, created_at=now, changed_at=now
    )


def _fill(count: int) -> Digest:
    """A digest with that many readers and its items."""
    now = clock.now()
    digest = a_digest(created_at=now - timedelta(days=30))
    topics = [
        Topic.objects.create(slug=f"bench-{n}", kind="sdg", name_en=f"Goal {n}", name_zh=f"目标{n}")
        for n in range(TOPICS)
    ]
    for language in LANGUAGES:
        for n in range(ITEMS):
            item = _item(n, language)
            for k in range(1 + n % 3):
                ItemTopic.objects.create(item=item, topic=topics[(n * 5 + k * 7) % TOPICS], state="accepted")
    values: dict[str, Any] = {
        "count": count,
        "topics": TOPICS,
        "topic_ids": [topic.pk for topic in topics],
        "kinds": list(KINDS),
        "languages": list(LANGUAGES),
        "zones": ZONES,
        "digest": digest.pk,
        "at": now,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(FILL, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as the database does by itself after an import
        cursor.execute("CHECKPOINT")
    return digest


def _item(n: int, language: str) -> Item:
    return an_item(
        at=clock.now() - timedelta(hours=n + 1),
        source="bench assembling",
        language=language,
        kind=KINDS[n % len(KINDS)],
        title=f"Terraced fields above the valley carry water again after twelve dry years, say {n} farmers",
        summary=SUMMARY * 4,
        image_url=PICTURE,  # in the item itself, so that nobody is asked whether it is there
        image_alt="Two farmers lift a flat stone over a dry channel.",
    )


def _clear(digest: Digest) -> None:
    """Leave nothing to the measurements that follow."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {EDITIONS}, {READERS} CASCADE")
    Item.objects.filter(source__name="bench assembling").delete()
    Source.objects.filter(name="bench assembling").delete()
    Topic.objects.filter(slug__startswith="bench-").delete()
    digest.delete()
