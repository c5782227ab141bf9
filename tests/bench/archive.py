"""The sitemap of a digest with many editions in the public archive: made whole, and asked for again by who has it.

Each edition holds `ITEMS` items of its own in each of three languages. BENCH_ARCHIVE_EDITIONS makes it smaller.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tests.bench.progress import say
from tests.builders import NOON, a_digest, an_item
from tests.desk.builders import an_edition
from tests.site.archive_steps import body_of

EDITIONS = int(os.environ.get("BENCH_ARCHIVE_EDITIONS", "10000"))
LANGUAGES = ["en", "zh-Hans", "ar"]
ITEMS = 4
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "10"))

HELD = """
INSERT INTO digests_editionitem (edition_id, item_id, revision, position, topics)
SELECT e.id, i.id, 1, i.n %% %(each)s, '{}'
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM items_item WHERE id <> %(own)s) AS i
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM digests_edition) AS e ON e.n = i.n / %(each)s
"""


def measure() -> dict[str, float]:
    """How long the whole answer takes, and how long one to who has it already: half of them, in milliseconds."""
    _fill()
    say(f"the sitemap of {EDITIONS:,} editions")
    path = reverse("site:archive-sitemap", args=["weekly"])
    whole, answer = _median(path)
    again, short = _median(path, **{"If-None-Match": answer["ETag"]})
    index, _answer = _median(reverse("site:sitemap"))
    if short.status_code != 304:
        raise AssertionError(f"answered with {short.status_code} to who has it")
    return {
        "sitemap_editions": float(EDITIONS),
        "sitemap_mb": len(body_of(answer)) / 1e6,
        "sitemap_ms": whole,
        "sitemap_again_ms": again,
        "sitemap_index_ms": index,
    }


def _fill() -> None:
    digest = a_digest(slug="weekly", languages=LANGUAGES, archived=True)
    item = an_item(body_text="Forty families of the valley met to compare notes. " * 50)
    edition = an_edition(digest, items=[], number=0, state="sent", finished_at=NOON)
    say(f"{EDITIONS * ITEMS * len(LANGUAGES):,} items are written")
    after = "t.{} + n * interval '1 day'"
    times = {name: after.format(name) for name in ("due_at", "finished_at")}
    place = "'bench-' || n"
    _copy(edition, EDITIONS, {"number": "n", **times})
    language = f"(ARRAY{LANGUAGES})[1 + n %% {len(LANGUAGES)}]"
    own = {"producer_id": place, "url": f"t.url || {place}", "url_key": place, "language": language}
    _copy(item, EDITIONS * ITEMS * len(LANGUAGES), own)
    edition.delete()
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"each": ITEMS * len(LANGUAGES), "own": item.pk})
        cursor.execute("ANALYZE digests_edition, digests_editionitem, items_item")


def _copy(row: Model, count: int, own: Mapping[str, str]) -> None:
    """Write it `count` times more, the same but for the columns that `own` says in SQL, by the number `n` of the copy."""
    fields = [each.column or "" for each in row._meta.concrete_fields if not each.primary_key]
    table, columns = row._meta.db_table, ", ".join(fields)
    values = ", ".join(own.get(name, f"t.{name}") for name in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {values} "  # noqa: S608 - of our own names
            f"FROM {table} t, generate_series(1, %s) AS n WHERE t.id = %s",
            [count, row.pk],
        )


def _median(path: str, **headers: str) -> tuple[float, Any]:
    client, seconds = Client(headers={"host": "localhost"}), []
    for _n in range(ROUNDS):
        started = time.perf_counter()
        answer = client.get(path, headers=headers)
        body_of(answer)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1e3, client.get(path, headers=headers)
