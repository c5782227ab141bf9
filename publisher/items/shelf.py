"""The items that a batch of entries speaks of: as they stand, and as they become while the entries are gone through.

Deciding only, in memory; `store.py` loads the shelf and writes what became of it. So two entries of one item in one
batch are dealt with in their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from publisher.items.content import FIELDS, Content
from publisher.items.envelope import Accepted, Retracted
from publisher.items.memory import Memory
from publisher.items.models import Item, Origin, Revision, Source
from publisher.items.recognition import (
    New,
    Retract,
    Revised,
    Snapshot,
    Unchanged,
    Withdrawal,
    recognise,
    recognise_retraction,
    same_item,
)
from publisher.items.refusals import Refused, refuse

ITEM_FIELDS: Final = tuple(name for name in FIELDS if name != "topics")
"""The fields of `Content` that an `Item` has under the same name."""
_LISTING: Final = frozenset({Origin.FEED.value, Origin.PAGE.value})

Result = Literal["new", "revised", "unchanged", "elsewhere", "retracted", "rejected"]
"""`elsewhere`: the address is an item of another source, which was left as it is."""


@dataclass(frozen=True)
class Reading:
    """One entry, read and cleaned: what it says, of which source. `content` belongs to `Accepted` answers only."""

    entry_id: str
    origin: str
    trace_id: str
    payload: bytes
    source_name: str
    answer: Accepted | Retracted | Refused
    source: Source | None = None
    content: Content | None = None


@dataclass(eq=False)
class Known:
    """An item on the shelf. `content` is that of the newest revision that this batch made, if it made one."""

    item: Item
    snapshot: Snapshot
    is_new: bool = False
    retracted: bool = False
    touched: bool = False
    content: Content | None = None
    revisions: list[Revision] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What became of one entry. `note`: why it changed nothing, where that is more than being the same as before."""

    reading: Reading
    result: Result
    known: Known | None = None
    refusal: Refused | None = None
    note: str = ""


class Shelf:
    """Items by their source and producer's id, and by address."""

    def __init__(self, known: Iterable[Known], memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
        self.by_id: dict[tuple[int, str], Known] = {}
        self.by_url: dict[str, Known] = {}
        by_key = {each.item.pk: each for each in known}
        for each in by_key.values():
            self._put(each)
        for name, item_id in self.memory.names.items():
            if item_id in by_key:
                self.by_id.setdefault(name, by_key[item_id])

    def take(self, reading: Reading, now: datetime) -> Outcome:
        """Deal with one entry: the shelf is afterwards as it left things."""
        answer = reading.answer
        if reading.entry_id in self.memory.stored:
            return Outcome(reading, "unchanged", note="stored before its worker could acknowledge it")
        if isinstance(answer, Refused):
            return Outcome(reading, "rejected", refusal=answer)
        if reading.source is None or not reading.source.enabled:
            return Outcome(reading, "rejected", refusal=refuse("source_disabled", name=reading.source_name))
        key = memory_key(reading)
        if isinstance(answer, Retracted):
            # Never taken for a repetition: stopping what is public once more is the lesser harm.
            outcome = self._retract(reading, reading.source, answer, now)
        elif key in self.memory.events:
            return Outcome(reading, "unchanged", note="the same event came before")
        else:
            outcome = self._accept(reading, reading.source, answer, now)
        if outcome.result != "rejected":
            self.memory.hear(key)
        if outcome.known and outcome.result != "elsewhere" and answer.time is not None:
            _heard(outcome.known, answer.time, now)
        return outcome

    def changed(self) -> list[Known]:
        """The items that must be written."""
        return [
            known
            for known in dict.fromkeys(self.by_id.values())
            if known.revisions or known.retracted or known.touched
        ]

    def _put(self, known: Known) -> None:
        self.by_id[known.item.source_id, known.item.producer_id] = known
        if known.item.url_key:
            self.by_url[known.item.url_key] = known

    def _find(self, source: Source, producer_id: str, url_key: str, shown_url: str) -> Known | Refused | None:
        """The item of this id or address.

        An id under which another source's item is known does not make it ours. A second id with an address of its own is
        an item renumbered and moved, unless its first id was heard from since.
        """
        by_id = self.by_id.get((source.pk, producer_id)) if producer_id else None
        by_url = self.by_url.get(url_key) if url_key else None
        if by_id is not None and by_id.item.source_id != source.pk:
            by_id = None
        parted = (source.pk, producer_id) in self.memory.parted
        second = by_id is not None and by_id.item.producer_id != producer_id
        if second and parted and url_key and by_url is not by_id:
            by_id = None
        return same_item(by_id, by_url, producer_id=producer_id, url=shown_url)

    def _retract(self, reading: Reading, source: Source, answer: Retracted, now: datetime) -> Outcome:
        known = self._find(source, answer.id, answer.url_key, answer.url_key)
        known = known or self.by_id.get((source.pk, answer.id))
        if isinstance(known, Refused):
            return Outcome(reading, "rejected", refusal=known)
        said = Withdrawal(answer.reason, answer.time)
        if known is None or (known.item.source_id, known.item.producer_id) != (source.pk, answer.id):
            self.memory.withdraw(source, (answer.id, answer.url_key), said, now)
        if known is not None and known.item.source_id != source.pk:
            refusal = refuse("held_elsewhere", id=answer.name, holder=known.item.source.name)
            return Outcome(reading, "rejected", refusal=refusal)
        decision = recognise_retraction(
            known.snapshot if known else None,
            producer_id=answer.name,
            received_at=now,
            reason=answer.reason,
            event_time=answer.time,
        )
        if isinstance(decision, Refused):
            return Outcome(reading, "rejected", refusal=decision)
        if known is None or not isinstance(decision, Retract):
            return Outcome(reading, "unchanged", known, note=_why(decision))
        _take_back(known, decision.reason, now)
        return Outcome(reading, "retracted", known)

    def _accept(self, reading: Reading, source: Source, answer: Accepted, now: datetime) -> Outcome:
        content = reading.content
        if content is None:
            raise ValueError("an accepted entry comes with its content")
        producer_id = answer.item.id
        known = self._find(source, producer_id, content.url_key, content.url)
        if isinstance(known, Refused):
            return Outcome(reading, "rejected", refusal=known)
        if known is not None and (known.item.source_id, known.item.producer_id) != (source.pk, producer_id):
            self.memory.call(known.item, source, producer_id)
            self.by_id[source.pk, producer_id] = known
        elif known is not None:
            self.memory.hear_own_id(known.item)
        if known is not None and known.item.source_id != source.pk:
            return Outcome(reading, "elsewhere", known, note=f"held by {known.item.source.name}")
        decision = recognise(
            known.snapshot if known else None,
            content,
            answer.event_type,
            producer_id=producer_id,
            received_at=now,
            event_time=answer.time,
            explicit=reading.origin not in _LISTING,
            withdrawn=self.memory.withdrawn(source, producer_id, content.url_key),
        )
        match decision:
            case New():
                return Outcome(reading, "new", self._begin(reading, source, producer_id, decision, now))
            case Revised() if known is not None:
                self._revise(known, reading, decision, now)
                return Outcome(reading, "revised", known)
            case Refused():
                return Outcome(reading, "rejected", refusal=decision)
            case Unchanged() | Revised() | Retract():
                return Outcome(reading, "unchanged", known, note=_why(decision))

    def _begin(
        self, reading: Reading, source: Source, producer_id: str, decision: New, now: datetime
    ) -> Known:
        item = Item(source=source, producer_id=producer_id, origin=reading.origin, first_received_at=now)
        known = Known(item, Snapshot({}, b"", 0, now), is_new=True)
        self.memory.call_no_more(source, producer_id)
        self._say(known, reading, decision, now)
        if decision.retracted:
            _take_back(known, decision.retracted.reason, now)
            if decision.retracted.time is not None:
                _heard(known, decision.retracted.time, now)
        return known

    def _revise(self, known: Known, reading: Reading, decision: Revised, now: datetime) -> None:
        if self.by_url.get(known.item.url_key) is known:
            del self.by_url[known.item.url_key]
        known.item.revision = decision.revision
        if decision.restores:
            known.item.retracted_at = None
            known.item.retraction_reason = ""
        self._say(known, reading, decision, now)

    def _say(self, known: Known, reading: Reading, decision: New | Revised, now: datetime) -> None:
        """Put the content into the item, and keep it as a revision."""
        item, content = known.item, decision.content
        for name in ITEM_FIELDS:
            value: Any = getattr(content, name)
            setattr(item, name, list(value) if isinstance(value, tuple) else value)
        item.content_hash = decision.content_hash
        item.received_at = now
        item.trace_id = reading.trace_id
        plain = content.as_json()
        known.content = content
        known.revisions.append(
            Revision(
                item=item,
                number=item.revision,
                content=plain,
                changed=list(decision.changed) if isinstance(decision, Revised) else [],
                content_hash=decision.content_hash,
                entry_id=reading.entry_id,
                received_at=now,
                trace_id=reading.trace_id,
            )
        )
        known.snapshot = _snapshot(item, plain)
        self._put(known)


def known_from(item: Item, content: dict[str, Any]) -> Known:
    """An item out of the database with the content of its newest revision."""
    return Known(item, _snapshot(item, content))


def _take_back(known: Known, reason: str, now: datetime) -> None:
    known.item.retracted_at = now
    known.item.retraction_reason = reason
    known.retracted = True
    known.snapshot = _snapshot(known.item, known.snapshot.content)


def memory_key(reading: Reading) -> bytes:
    """By which the event of an entry is remembered, b"" for what has none: one of another source is another event."""
    if isinstance(reading.answer, Refused) or reading.source is None or not reading.answer.event_key:
        return b""
    return hashlib.sha256(b"%d:" % reading.source.pk + reading.answer.event_key).digest()


def _heard(known: Known, said: datetime, now: datetime) -> None:
    """The latest event about the item was this one. A producer's clock that runs ahead counts as now."""
    item = known.item
    event_time = _latest(item.event_time, min(said, now))
    event_time_said = _latest(item.event_time_said, said)
    if (event_time, event_time_said) != (item.event_time, item.event_time_said):
        item.event_time, item.event_time_said = event_time, event_time_said
        known.touched = True
        known.snapshot = _snapshot(item, known.snapshot.content)


def _latest(before: datetime | None, said: datetime) -> datetime:
    return said if before is None else max(before, said)


def _why(decision: object) -> str:
    return (
        "its event is older than what is known" if isinstance(decision, Unchanged) and decision.late else ""
    )


def _snapshot(item: Item, content: Any) -> Snapshot:
    return Snapshot(
        content=content,
        content_hash=bytes(item.content_hash),
        revision=item.revision,
        published_at=item.published_at,
        retracted=item.retracted_at is not None,
        event_time=item.event_time,
        event_time_said=item.event_time_said,
    )
