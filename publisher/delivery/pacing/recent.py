"""The newest results of each edition, in Redis for all workers. Lost with it: then counting begins anew.

The tally of deliveries has exact counts, but no order: a server that turns against us in the middle would show too late.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from publisher.core.redis import client
from publisher.delivery.pacing.backoff import Answer
from publisher.delivery.pacing.errors import LOOKS_BACK, Batch

KEPT_SECONDS = 7 * 24 * 3600


def batch_of(at: datetime, sent: int, refusals: Iterable[Answer]) -> Batch:
    """The final results of some messages in one."""
    counts: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for answer in refusals:
        code = " ".join(part for part in (str(answer.code or ""), answer.enhanced) if part)
        counts[code] += 1
        texts.setdefault(code, answer.text[:200])
    return Batch(at, sent, counts.total(), {code: (n, texts[code]) for code, n in counts.items()})


def add(edition_id: int, batches: Sequence[Batch]) -> list[Batch]:
    """Keep batches, the oldest first. When one holds refusals: all that is kept, the newest first. May raise
    `redis.RedisError`."""
    key = f"publisher:pacing:results:{edition_id}"
    pipeline = client().pipeline(transaction=False)
    pipeline.lpush(key, *[_dumped(each) for each in batches])
    pipeline.ltrim(key, 0, LOOKS_BACK - 1)
    pipeline.expire(key, KEPT_SECONDS)
    if not any(each.refused for each in batches):
        pipeline.execute()
        return []
    pipeline.lrange(key, 0, LOOKS_BACK - 1)
    return [_loaded(text) for text in pipeline.execute()[-1]]


def _dumped(batch: Batch) -> str:
    return json.dumps([batch.at.timestamp(), batch.sent, batch.refused, batch.replies])


def _loaded(text: bytes) -> Batch:
    at, sent, refused, replies = json.loads(text)
    return Batch(
        datetime.fromtimestamp(at, UTC),
        sent,
        refused,
        {code: (n, said) for code, (n, said) in replies.items()},
    )
