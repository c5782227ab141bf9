"""Refused entries, kept with a reason that their producer can act on. Intake, feeds and pages write them here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Substr

from publisher.items.models import Rejection
from publisher.items.refusals import Refused

KEPT_BYTES: Final = 65_536
KEPT: Final = timedelta(days=180)
"""How long an entry is kept after it was last refused."""
_SHOWN_BYTES: Final = 400
_SHOWN: Final = 100  # characters


@dataclass(frozen=True)
class RefusedEntry:
    """What came, from whom and by which way, and why it was refused. `entry_id` is "" for what never was in the stream."""

    source: str
    origin: str
    payload: bytes
    refusal: Refused
    trace_id: str
    entry_id: str = ""

    @property
    def digest(self) -> bytes:
        """The same thing from the same source by the same way is one row."""
        parts = (self.origin.encode(), self.source.encode("utf-8", "replace"), self.payload)
        return hashlib.sha256(b"\0".join(parts)).digest()


# One statement for any number of rows. The unique digest is its arbiter: two writers add up, neither fails.
KEEP = """
INSERT INTO items_rejection (source_name, origin, entry_id, code, reason, hint, fields, payload, payload_size,
                             digest, times, first_at, last_at, trace_id)
VALUES {rows}
ON CONFLICT (digest) DO UPDATE SET
    times = items_rejection.times + EXCLUDED.times, last_at = EXCLUDED.last_at, entry_id = EXCLUDED.entry_id,
    code = EXCLUDED.code, reason = EXCLUDED.reason, hint = EXCLUDED.hint, fields = EXCLUDED.fields,
    trace_id = EXCLUDED.trace_id
"""
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def keep(entries: Iterable[RefusedEntry], *, now: datetime) -> None:
    """Write them in the caller's transaction. An entry refused before only counts up."""
    newest: dict[bytes, tuple[RefusedEntry, int]] = {}
    for entry in entries:
        digest = entry.digest
        newest[digest] = (entry, newest[digest][1] + 1 if digest in newest else 1)
    if not newest:
        return
    values: list[Any] = []
    for digest, (entry, times) in newest.items():
        values += _values(entry, digest, times, now)
    with connection.cursor() as cursor:
        cursor.execute(KEEP.format(rows=", ".join([_ROW] * len(newest))), values)


def latest(*, source: str = "", most: int = 100) -> list[Rejection]:
    """The refused entries that came last, of one source or of all; of their payloads `beginning` only."""
    rows = with_beginning(Rejection.objects.order_by("-last_at", "-id"))
    return list((rows.filter(source_name=source) if source else rows)[:most])


def forget(*, now: datetime) -> int:
    """Delete what was last refused longer than `KEPT` ago; how many."""
    return Rejection.objects.filter(last_at__lt=now - KEPT).delete()[0]


def with_beginning(rows: QuerySet[Rejection]) -> QuerySet[Rejection]:
    """The rows without their payloads, of which only what `beginning` shows is read."""
    return rows.defer("payload").annotate(head=Substr("payload", 1, _SHOWN_BYTES))


def beginning(row: Rejection) -> str:
    """How the entry begins, on one line, for whoever has to find it again. `row` was read `with_beginning`."""
    head = bytes(getattr(row, "head", b""))
    text = "".join(c if c.isprintable() else " " for c in head.decode("utf-8", "replace"))
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN and row.payload_size <= len(head) else text[:_SHOWN].rstrip() + "…"


def _values(entry: RefusedEntry, digest: bytes, times: int, now: datetime) -> list[Any]:
    refusal = entry.refusal
    return [
        entry.source,
        entry.origin,
        entry.entry_id,
        refusal.code,
        refusal.reason,
        refusal.hint,
        json.dumps(refusal.fields_json()),
        entry.payload[:KEPT_BYTES],
        len(entry.payload),
        digest,
        times,
        now,
        now,
        entry.trace_id,
    ]
