"""What intake remembers beside the items: events and entries dealt with, other ids of items, retractions that came early.

Loaded for a batch, asked by the shelf, written with it in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from publisher.items.models import EarlyRetraction, Item, OtherName, SeenEvent, Source, StoredEntry
from publisher.items.recognition import Withdrawal, later

KEPT: Final = timedelta(days=90)
"""How long events and early retractions are remembered: longer than any queue holds back an event."""

Name = tuple[int, str]
"""Source's key, and producer's id or key of the address."""

REMEMBER_ENTRIES = "INSERT INTO items_storedentry (entry_id) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
REMEMBER_EVENTS = """
INSERT INTO items_seenevent (key, at) SELECT key, %s FROM unnest(%s::bytea[]) AS key ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Asked:
    """What a batch of entries speaks of."""

    entries: frozenset[str]
    events: frozenset[bytes]
    names: frozenset[Name]


@dataclass
class Memory:
    """As it stands, and what this batch adds to it."""

    stored: frozenset[str] = frozenset()
    events: set[bytes] = field(default_factory=set)
    names: dict[Name, int] = field(default_factory=dict)
    parted: set[Name] = field(default_factory=set)
    own_ids: set[int] = field(default_factory=set)
    withdrawals: dict[Name, Withdrawal] = field(default_factory=dict)
    new_events: list[bytes] = field(default_factory=list)
    new_names: dict[Name, Item] = field(default_factory=dict)
    lost_names: set[Name] = field(default_factory=set)
    new_withdrawals: dict[Name, EarlyRetraction] = field(default_factory=dict)

    def hear(self, event_key: bytes) -> None:
        """An event was dealt with; b"" for what had none."""
        if event_key:
            self.events.add(event_key)
            self.new_events.append(event_key)

    def call(self, item: Item, source: Source, producer_id: str) -> None:
        """The item goes by this id too."""
        if item.pk is None or self.names.get((source.pk, producer_id)) != item.pk:
            self.new_names[source.pk, producer_id] = item
            self.lost_names.discard((source.pk, producer_id))

    def hear_own_id(self, item: Item) -> None:
        """The item came under its own id: whoever goes by a second one is another, should he find another address."""
        if item.pk is not None:
            self.own_ids.add(item.pk)
            self.parted |= {name for name, item_id in self.names.items() if item_id == item.pk}
        self.parted |= {name for name, each in self.new_names.items() if each is item}

    def call_no_more(self, source: Source, producer_id: str) -> None:
        """What was a second id is the id of an item of its own now."""
        name = (source.pk, producer_id)
        self.new_names.pop(name, None)
        if name in self.names:
            self.lost_names.add(name)

    def withdraw(self, source: Source, names: Iterable[str], said: Withdrawal, now: datetime) -> None:
        """A retraction came before its item, or named it by what may become another's. The latest one counts."""
        for name in filter(None, names):
            if later(self.withdrawals.get((source.pk, name)), said) is said:
                self.withdrawals[source.pk, name] = said
                self.new_withdrawals[source.pk, name] = EarlyRetraction(
                    source=source, name=name, reason=said.reason, event_time=said.time, at=now
                )

    def withdrawn(self, source: Source, producer_id: str, url_key: str) -> Withdrawal | None:
        """The latest retraction of what goes by this id or address."""
        return later(
            self.withdrawals.get((source.pk, producer_id)), self.withdrawals.get((source.pk, url_key))
        )


def load(asked: Asked) -> Memory:
    """What is remembered of these. Each question is answered by a unique index."""
    sources = {source for source, _ in asked.names}
    names = {name for _, name in asked.names}
    called = OtherName.objects.filter(source_id__in=sources, producer_id__in=names)
    early = EarlyRetraction.objects.filter(source_id__in=sources, name__in=names)
    seen = SeenEvent.objects.filter(key__in=asked.events)
    rows = list(called.values_list("source_id", "producer_id", "item_id", "own_id_heard"))
    return Memory(
        stored=frozenset(
            StoredEntry.objects.filter(entry_id__in=asked.entries).values_list("entry_id", flat=True)
        ),
        events={bytes(key) for key in seen.values_list("key", flat=True)},
        names={(source, name): item for source, name, item, _heard in rows},
        parted={(source, name) for source, name, _item, heard in rows if heard},
        withdrawals={(row.source_id, row.name): Withdrawal(row.reason, row.event_time) for row in early},
    )


def write(memory: Memory, entries: Sequence[str], *, now: datetime) -> None:
    """Write what the batch added, and that these entries are stored; in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER_ENTRIES, [list(entries)])
        if memory.new_events:
            cursor.execute(REMEMBER_EVENTS, [now, memory.new_events])
    for source_id, name in memory.lost_names:
        OtherName.objects.filter(source_id=source_id, producer_id=name).delete()
    if memory.own_ids:
        OtherName.objects.filter(item_id__in=memory.own_ids, own_id_heard=False).update(own_id_heard=True)
    OtherName.objects.bulk_create(
        [
            OtherName(
                item_id=item.pk,
                source_id=name[0],
                producer_id=name[1],
                own_id_heard=name in memory.parted,
                at=now,
            )
            for name, item in memory.new_names.items()
        ],
        update_conflicts=True,
        unique_fields=["source", "producer_id"],
        update_fields=["item", "own_id_heard", "at"],
    )
    EarlyRetraction.objects.bulk_create(
        memory.new_withdrawals.values(),
        update_conflicts=True,
        unique_fields=["source", "name"],
        update_fields=["reason", "event_time", "at"],
    )


def forget_entries() -> None:
    """All entries are acknowledged: which of them were stored need not be known any more."""
    StoredEntry.objects.all().delete()


def forget(*, now: datetime) -> int:
    """Delete events and early retractions older than `KEPT`; how many."""
    old = now - KEPT
    return sum(model.objects.filter(at__lt=old).delete()[0] for model in (SeenEvent, EarlyRetraction))
