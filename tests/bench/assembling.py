"""From a due edition to its queued deliveries, at 10,000, 100,000 and 1,000,000 subscribers who chose at random."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from publisher.core import clock
from publisher.delivery.enqueue import assemble
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item, ItemTopic, Topic
from tests.builders import a_digest, an_item

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
TOPICS, KINDS, LANGUAGES = 17, ("story", "press_release", "speech", "video"), ("en", "zh")
ITEMS_IN_A_LANGUAGE = 12

# Each of the topics and kinds is ticked or not by the toss of a coin, none ticked meaning all: nearly a million choices.
FILL = """
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
SELECT n, (random() * (power(2, %(topics)s) - 1))::int AS topic_bits, (random() * 15)::int AS kind_bits,
       (%(languages)s::text[])[1 + (random() * 0.9999 * 2)::int %% 2] AS language,
       (%(zones)s::text[])[1 + floor(random() * array_length(%(zones)s::text[], 1))::int] AS zone
FROM generate_series(1, %(count)s) AS n;

INSERT INTO audience_selection (key, topics, kinds, language, region)
SELECT sha256(convert_to(concat_ws(',', topic_bits, kind_bits, language), 'UTF8')),
       ARRAY(SELECT id FROM unnest(%(topic_ids)s::bigint[]) WITH ORDINALITY AS t (id, place)
             WHERE topic_bits >> (place - 1)::int & 1 = 1 ORDER BY id),
       ARRAY(SELECT name FROM unnest(%(kinds)s::text[]) WITH ORDINALITY AS k (name, place)
             WHERE kind_bits >> (place - 1)::int & 1 = 1 ORDER BY name),
       language, ''
FROM (SELECT DISTINCT topic_bits, kind_bits, language FROM chosen) AS distinct_ones
ON CONFLICT (key) DO NOTHING;

INSERT INTO audience_subscriber (email, email_key, name, state, zone, created_at)
SELECT 'reader' || n || '@bench' || n %% 997 || '.example', 'reader' || n || '@bench' || n %% 997 || '.example',
       'Reader ' || n, 'active', zone, %(at)s FROM chosen
ON CONFLICT (email_key) DO NOTHING;

INSERT INTO audience_subscription (digest_id, subscriber_id, selection_id, state, since)
SELECT %(digest)s, s.id, l.id, 'active', %(at)s
FROM chosen c
JOIN audience_subscriber s ON s.email_key = 'reader' || c.n || '@bench' || c.n %% 997 || '.example'
JOIN audience_selection l ON l.key = sha256(convert_to(concat_ws(',', c.topic_bits, c.kind_bits, c.language), 'UTF8'));
"""


def fill(count: int) -> Digest:
    now = clock.now()
    digest = a_digest(created_at=now - timedelta(days=30))
    topics = [
        Topic.objects.get_or_create(slug=f"bench-{n}", defaults={"kind": "sdg", "name_en": f"Goal number {n} of the bench", "name_zh": f"目标{n}"})[0]
        for n in range(TOPICS)
    ]
    for language in LANGUAGES:
        for n in range(ITEMS_IN_A_LANGUAGE):
            item = an_item(
                at=now - timedelta(hours=n + 1),
                language=language,
                kind=KINDS[n % 4],
                title=f"Terraced fields above the valley carry water again after twelve dry years, say {n} farmers",
                summary="Two hundred families rebuilt the stone channels of their grandparents, one metre a day, and found water. " * 4,
                image_url=f"https://office.example.org/pictures/{n}.jpg",
                image_alt="Two farmers lift a flat stone over a dry channel.",
            )
            for k in range(1 + n % 3):
                ItemTopic.objects.create(item=item, topic=topics[(n * 5 + k * 7) % TOPICS], state="accepted")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(FILL, {
            "count": count, "topics": TOPICS, "topic_ids": sorted(t.pk for t in topics), "kinds": list(KINDS),
            "languages": list(LANGUAGES), "zones": ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "", "Nowhere/At_All"],
            "digest": digest.pk, "at": now,
        })
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return digest


def edition_of(digest: Digest, now: datetime) -> Edition:
    return Edition.objects.create(digest=digest, due_at=now, window_from=now - timedelta(days=7), window_to=now, created_at=now, trace_id="e" * 32)
