"""From the stream to the database: read, check, clean, recognise, store, acknowledge. One drain works at a time.

The lock belongs to the database session that also writes, so it ends with its holder: whoever holds it knows that every
entry which another has read and not finished was left by a dead worker, and deals with it first. Entries are thus dealt
with in the order of the stream. Called by `tasks.intake` and by imports.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from django.db import DatabaseError, DataError, IntegrityError
from django.utils.translation import gettext_noop as _

from publisher.core import trace
from publisher.core.alone import INTAKE, alone
from publisher.items import memory, sources, stream
from publisher.items.cleaning import MarkupError
from publisher.items.content import build_content
from publisher.items.envelope import Accepted, Retracted, read_entry
from publisher.items.models import Source
from publisher.items.refusals import Problem, Refused, refuse
from publisher.items.shelf import Outcome, Reading, Result
from publisher.items.store import store
from publisher.items.stream import CONSUMER, Entry

log = logging.getLogger(__name__)

BATCH: Final = 100
"""Entries stored in one transaction."""
MOST_DELIVERIES: Final = 5
"""An entry whose worker died so often is refused unread."""
EVENTS: Final[dict[Result, str]] = {
    "new": "item.accepted",
    "revised": "item.revised",
    "unchanged": "item.unchanged",
    "elsewhere": "item.elsewhere",
    "retracted": "item.retracted",
    "rejected": "entry.rejected",
}
"""How the log calls what became of an entry."""


@dataclass(frozen=True)
class Counts:
    """What became of entries. `accepted` are all that were not rejected; `elsewhere` those whose address another source holds."""

    accepted: int = 0
    rejected: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    elsewhere: int = 0
    retracted: int = 0

    def __add__(self, other: Counts) -> Counts:
        mine, others = asdict(self), asdict(other)
        return Counts(**{name: mine[name] + others[name] for name in mine})

    def __bool__(self) -> bool:
        return bool(self.accepted or self.rejected)

    def __str__(self) -> str:
        parts = {name: n for name, n in asdict(self).items() if n or name in ("accepted", "rejected")}
        return ", ".join(f"{n} {name}" for name, n in parts.items())


def drain(
    consumer: str = CONSUMER, *, now: datetime, limit: int = BATCH, block_ms: int = 0, wait_seconds: float = 0
) -> Counts:
    """Deal with up to about `limit` entries; what became of them. Nothing when another drain is at work.

    `now` (aware) is when they count as received. `block_ms` waits for an entry, `wait_seconds` for the other drain.
    Raises StreamAwayError and Django's OperationalError; what was not stored by then is dealt with next time.
    """
    with alone(INTAKE, wait_seconds=wait_seconds) as mine:
        return count(drain_alone(consumer, now=now, limit=limit, block_ms=block_ms)) if mine else Counts()


def drain_alone(
    consumer: str = CONSUMER, *, now: datetime, limit: int = BATCH, block_ms: int = 0
) -> list[Outcome]:
    """As `drain`, entry by entry, for whoever holds the lock."""
    outcomes: list[Outcome] = []
    while len(outcomes) < limit:
        size = min(BATCH, limit - len(outcomes))
        entries = stream.take_over(consumer, count=size)
        if not entries:
            entries = stream.read(consumer, count=size, block_ms=0 if outcomes else block_ms)
            memory.forget_entries()
        if not entries:
            break
        outcomes += _deal_with(entries, consumer, now)
    return outcomes


def count(outcomes: Sequence[Outcome]) -> Counts:
    """Outcomes by result."""
    by_result: Counter[str] = Counter(outcome.result for outcome in outcomes)
    return Counts(accepted=len(outcomes) - by_result["rejected"], **by_result)


def _deal_with(entries: Sequence[Entry], consumer: str, now: datetime) -> list[Outcome]:
    try:
        outcomes = _stored(_clean(entries, now), now)
    except DatabaseError:
        stream.hand_back(entries, consumer)
        raise
    stream.ack([entry.id for entry in entries])
    for outcome in outcomes:
        _tell(outcome)
    return outcomes


def _stored(readings: Sequence[Reading], now: datetime) -> list[Outcome]:
    """Store them together, or where the database refuses one of them, each by itself, so that only that one is refused."""
    try:
        return store(readings, now=now)
    except (DataError, IntegrityError) as error:
        if len(readings) > 1:
            return [outcome for reading in readings for outcome in _stored([reading], now)]
        refused = refuse("storage", detail=str(error).strip().splitlines()[0])
        return store([replace(readings[0], answer=refused, content=None)], now=now)


def _clean(entries: Sequence[Entry], now: datetime) -> list[Reading]:
    """Read the entries; find or make the sources that they name; clean what is accepted."""
    readings = [_read(entry, now) for entry in entries]
    named = {reading.source_name for reading in readings if not isinstance(reading.answer, Refused)}
    known = sources.by_name(named, now=now)
    return [_with_content(reading, known.get(reading.source_name)) for reading in readings]


def _read(entry: Entry, now: datetime) -> Reading:
    payload = entry.payload if entry.payload is not None else entry.raw
    answer: Accepted | Retracted | Refused
    if entry.payload is None:
        answer = refuse("no_event", fields_found=", ".join(entry.fields) or "none")
    elif entry.deliveries > MOST_DELIVERIES:
        answer = refuse("crashes", times=entry.deliveries - 1)
    else:
        answer = read_entry(payload, now=now)
    said = "" if isinstance(answer, Refused) else answer.source
    return Reading(
        entry_id=entry.id,
        origin=entry.origin,
        trace_id=entry.trace_id,
        payload=payload,
        source_name=entry.source or said or ("" if isinstance(answer, Refused) else sources.UNNAMED),
        answer=answer,
    )


def _with_content(reading: Reading, source: Source | None) -> Reading:
    if source is None or not isinstance(reading.answer, Accepted):
        return replace(reading, source=source)
    try:
        content = build_content(reading.answer.item, default_language=source.language)
    except MarkupError as error:
        refused = refuse("bad_markup", [Problem("body", str(error), _("simple markup"))], detail=str(error))
        return replace(reading, answer=refused)
    return replace(reading, source=source, content=content)


def _tell(outcome: Outcome) -> None:
    """One line an entry, under its trace id. What changed nothing is told to those who look for it."""
    reading = outcome.reading
    extra: dict[str, object] = {"entry_id": reading.entry_id, "source": reading.source_name}
    if outcome.known:
        extra |= {"item_id": outcome.known.item.pk, "revision": outcome.known.item.revision}
    if outcome.refusal:
        extra |= {"code": outcome.refusal.code, "reason": outcome.refusal.reason}
    if outcome.note:
        extra["note"] = outcome.note
    if isinstance(reading.answer, Accepted) and reading.answer.ignored:
        extra["ignored_fields"] = list(reading.answer.ignored)
    quiet = outcome.result == "unchanged" and not outcome.note
    with trace.bound(reading.trace_id):
        log.log(logging.DEBUG if quiet else logging.INFO, EVENTS[outcome.result], extra=extra)
