"""One entry handed in by a producer who waits for an answer: added once for each `Idempotency-Key`. The API calls this."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from publisher.core import events
from publisher.items import stream
from publisher.items.models import Origin, Source, Submission

KEPT: Final = timedelta(days=7)
"""How long a key is remembered."""


class KeyReusedError(Exception):
    """The key came before with another body."""


@dataclass(frozen=True)
class Submitted:
    """Where the entry stands. `replayed`: the same key and body came before, and this is that entry."""

    entry_id: str
    trace_id: str
    replayed: bool = False


def submit(payload: bytes, *, source: Source, key: str, trace_id: str, now: datetime) -> Submitted:
    """Add a checked entry to the stream; it is on disk when this returns. `key` may be "".

    The key's row is inserted first and committed last: a second request with it waits for the first, and one that failed
    leaves no trace. Raises KeyReusedError, NotDurableError and StreamAwayError.
    """
    with transaction.atomic():
        events.emit("entry.added")
        if not key:
            return Submitted(_add(payload, source, trace_id), trace_id)
        digest = hashlib.sha256(payload).digest()
        Submission.objects.bulk_create(
            [Submission(source=source, key=key, body_hash=digest, trace_id=trace_id, at=now)],
            ignore_conflicts=True,
        )
        row = Submission.objects.select_for_update().get(source=source, key=key)
        if bytes(row.body_hash) != digest:
            raise KeyReusedError
        if row.entry_id:
            return Submitted(row.entry_id, row.trace_id, replayed=True)
        row.entry_id = _add(payload, source, trace_id)
        row.save(update_fields=["entry_id"])
        return Submitted(row.entry_id, trace_id)


def forget(*, now: datetime) -> int:
    """Delete keys older than `KEPT`; how many."""
    return Submission.objects.filter(at__lt=now - KEPT).delete()[0]


def _add(payload: bytes, source: Source, trace_id: str) -> str:
    return stream.add_durably(payload, source=source.name, origin=Origin.API, trace_id=trace_id)
