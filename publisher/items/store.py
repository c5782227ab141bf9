"""Writing a batch of read entries: items, revisions, topics, translations and refusals, in one transaction.

Called by `intake` only, which holds the lock that lets one intake write at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F
from django.dispatch import Signal

from publisher.core import events
from publisher.items import bulk, item_topics, rejections, translations
from publisher.items import memory as remembering
from publisher.items.envelope import Retracted
from publisher.items.memory import Asked, Memory
from publisher.items.models import Item, Revision
from publisher.items.refusals import Refused
from publisher.items.rejections import RefusedEntry
from publisher.items.shelf import ITEM_FIELDS, Known, Outcome, Reading, Shelf, known_from, memory_key

SINGLY: Final = 5
"""Up to so many accepted items of a batch are named to the editorial stage; of more it is told once to look."""

stored: Final = Signal()
"""Sent in the transaction that stores them, with `items` (new ones, and those with another revision) and `now`: for what must
never be without its item's newest content. Whoever hears it is in a higher room; what it raises, the batch raises."""

_WRITTEN: Final = (
    *ITEM_FIELDS,
    "content_hash",
    "revision",
    "received_at",
    "retracted_at",
    "retraction_reason",
    "event_time",
    "event_time_said",
    "trace_id",
)


@transaction.atomic
def store(readings: Sequence[Reading], *, now: datetime) -> list[Outcome]:
    """Deal with these entries in their order. Raises DataError or IntegrityError when one of them cannot be stored."""
    memory, known = _load(readings)
    shelf = Shelf(known, memory)
    outcomes = [shelf.take(reading, now) for reading in readings]
    changed = shelf.changed()
    _write(changed)
    remembering.write(memory, [reading.entry_id for reading in readings], now=now)
    spoken = [known.item for known in changed if known.content]
    orphans = translations.named(memory.lost_names)
    if spoken:
        stored.send(sender=Item, items=spoken, now=now)
    translations.link(list(dict.fromkeys([*spoken, *memory.new_names.values(), *orphans])))
    rejections.keep((_refused(outcome) for outcome in outcomes if outcome.refusal), now=now)
    _emit(changed)
    return outcomes


def _load(readings: Sequence[Reading]) -> tuple[Memory, list[Known]]:
    """What is known of these entries: items by id, other id and address, and what is remembered beside them."""
    memory = remembering.load(_asked(readings))
    ids = {name for reading in readings if (name := _name(reading))}
    urls = {key for reading in readings if (key := _url_key(reading))}
    by_id = Item.objects.filter(
        source_id__in={source for source, _ in ids}, producer_id__in={producer_id for _, producer_id in ids}
    )
    by_url = Item.objects.filter(url_key__in=urls).exclude(url_key="")
    by_other_id = Item.objects.filter(pk__in=set(memory.names.values()))
    items = {item.pk: item for each in (by_id, by_url, by_other_id) for item in each.select_related("source")}
    newest = Revision.objects.filter(item__in=items, number=F("item__revision"))
    contents = dict(newest.values_list("item_id", "content"))
    return memory, [known_from(item, contents.get(item.pk, {})) for item in items.values()]


def _asked(readings: Sequence[Reading]) -> Asked:
    return Asked(
        entries=frozenset(reading.entry_id for reading in readings),
        events=frozenset(filter(None, map(memory_key, readings))),
        names=frozenset(name for reading in readings for name in _names(reading)),
    )


def _names(reading: Reading) -> Iterator[tuple[int, str]]:
    """All that its item may be called: source and id, source and address."""
    name, key = _name(reading), _url_key(reading)
    if name and name[1]:
        yield name
    if reading.source is not None and key:
        yield reading.source.pk, key


def _name(reading: Reading) -> tuple[int, str] | None:
    if reading.source is None or isinstance(reading.answer, Refused):
        return None
    answer = reading.answer
    return reading.source.pk, answer.id if isinstance(answer, Retracted) else answer.item.id


def _url_key(reading: Reading) -> str:
    if isinstance(reading.answer, Retracted):
        return reading.answer.url_key
    return reading.content.url_key if reading.content else ""


def _write(changed: Sequence[Known]) -> None:
    bulk.insert([known.item for known in changed if known.is_new])
    bulk.update([known.item for known in changed if not known.is_new], _WRITTEN)
    revisions = [revision for known in changed for revision in known.revisions]
    for revision in revisions:
        revision.item_id = revision.item.pk
    bulk.insert(revisions)
    spoken = [(known.item, known.content) for known in changed if known.content]
    revised = frozenset(known.item.pk for known in changed if known.content and not known.is_new)
    item_topics.store(spoken, revised=revised)


def _refused(outcome: Outcome) -> RefusedEntry:
    reading = outcome.reading
    assert outcome.refusal is not None  # noqa: S101 - for the type checker: the caller chose those with one
    return RefusedEntry(
        source=reading.source_name,
        origin=reading.origin,
        payload=reading.payload,
        refusal=outcome.refusal,
        trace_id=reading.trace_id,
        entry_id=reading.entry_id,
    )


def _emit(changed: Sequence[Known]) -> None:
    accepted = [known.item.pk for known in changed if known.content and known.item.retracted_at is None]
    if len(accepted) > SINGLY:
        events.emit("items.accepted")
    else:
        for item_id in accepted:
            events.emit("item.accepted", item_id=item_id)
    for known in changed:
        if known.retracted and known.item.retracted_at is not None:
            events.emit("item.retracted", item_id=known.item.pk)
