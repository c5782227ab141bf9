"""The items that a batch of entries speaks of: as they stand, and as they become while the entries are gone through.

Deciding only, in memory; `store.py` loads the shelf and writes what became of it. So two entries of one item in one
batch are dealt with in their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from publisher.items.content import FIELDS, Content
from publisher.items.envelope import Accepted, Retracted
from publisher.items.models import Item, Origin, Revision, Source
from publisher.items.recognition import (
    New,
    Retract,
    Revised,
    Snapshot,
    Unchanged,
    recognise,
    recognise_retraction,
    same_item,
)
from publisher.items.refusals import Refused, refuse

ITEM_FIELDS: Final = tuple(name for name in FIELDS if name != "topics")
"""The fields of `Content` that an `Item` has under the same name."""
_LISTING: Final = frozenset({Origin.FEED.value, Origin.PAGE.value})

Result = Literal["new", "revised", "unchanged", "retracted", "rejected"]


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
    content: Content | None = None
    revisions: list[Revision] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What became of one entry. `elsewhere`: its address is an item of another source, which was left as it is."""

    reading: Reading
    result: Result
    known: Known | None = None
    refusal: Refused | None = None
    elsewhere: bool = False


class Shelf:
    """Items by their source and producer's id, and by address."""

    def __init__(self, known: Iterable[Known]) -> None:
        self.by_id: dict[tuple[int, str], Known] = {}
        self.by_url: dict[str, Known] = {}
        for each in known:
            self._put(each)

    def take(self, reading: Reading, now: datetime) -> Outcome:
        """Deal with one entry: the shelf is afterwards as it left things."""
        if isinstance(reading.answer, Refused):
            return Outcome(reading, "rejected", refusal=reading.answer)
        if reading.source is None or not reading.source.enabled:
            return Outcome(reading, "rejected", refusal=refuse("source_disabled", name=reading.source_name))
        if isinstance(reading.answer, Retracted):
            return self._retract(reading, reading.source, reading.answer, now)
        return self._accept(reading, reading.source, reading.answer, now)

    def changed(self) -> list[Known]:
        """The items that must be written."""
        return [known for known in dict.fromkeys(self.by_id.values()) if known.revisions or known.retracted]

    def _put(self, known: Known) -> None:
        self.by_id[known.item.source_id, known.item.producer_id] = known
        if known.item.url_key:
            self.by_url[known.item.url_key] = known

    def _retract(self, reading: Reading, source: Source, answer: Retracted, now: datetime) -> Outcome:
        known = self.by_id.get((source.pk, answer.id))
        decision = recognise_retraction(
            known.snapshot if known else None, producer_id=answer.id, reason=answer.reason
        )
        if isinstance(decision, Refused):
            return Outcome(reading, "rejected", refusal=decision)
        if known is None or not isinstance(decision, Retract):
            return Outcome(reading, "unchanged", known)
        known.item.retracted_at = now
        known.item.retraction_reason = decision.reason
        known.retracted = True
        known.snapshot = _snapshot(known.item, known.snapshot.content)
        return Outcome(reading, "retracted", known)

    def _accept(self, reading: Reading, source: Source, answer: Accepted, now: datetime) -> Outcome:
        content = reading.content
        if content is None:
            raise ValueError("an accepted entry comes with its content")
        known = same_item(
            self.by_id.get((source.pk, answer.item.id)),
            self.by_url.get(content.url_key) if content.url_key else None,
            producer_id=answer.item.id,
            url=content.url,
        )
        if isinstance(known, Refused):
            return Outcome(reading, "rejected", refusal=known)
        if known is not None and known.item.source_id != source.pk:
            return Outcome(reading, "unchanged", known, elsewhere=True)
        decision = recognise(
            known.snapshot if known else None,
            content,
            answer.event_type,
            producer_id=answer.item.id,
            received_at=now,
            explicit=reading.origin not in _LISTING,
        )
        match decision:
            case New():
                return Outcome(reading, "new", self._begin(reading, source, answer.item.id, decision, now))
            case Revised() if known is not None:
                self._revise(known, reading, decision, now)
                return Outcome(reading, "revised", known)
            case Refused():
                return Outcome(reading, "rejected", refusal=decision)
            case Unchanged() | Revised() | Retract():
                return Outcome(reading, "unchanged", known)

    def _begin(
        self, reading: Reading, source: Source, producer_id: str, decision: New, now: datetime
    ) -> Known:
        item = Item(source=source, producer_id=producer_id, origin=reading.origin, first_received_at=now)
        known = Known(item, Snapshot({}, b"", 0, now), is_new=True)
        self._say(known, reading, decision, now)
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


def _snapshot(item: Item, content: Any) -> Snapshot:
    return Snapshot(
        content=content,
        content_hash=bytes(item.content_hash),
        revision=item.revision,
        published_at=item.published_at,
        retracted=item.retracted_at is not None,
    )
