"""Links between an item and its original, whichever of them came first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from publisher.items import bulk
from publisher.items.models import Item, OtherName
from publisher.items.urls import url_key


def link(items: Sequence[Item]) -> None:
    """Link items that were just stored to their originals, and translations that waited for them.

    An original is known at the same source by its producer's id, a second id of it, or its address. A translation of a
    translation hangs on the original, so that no item with an original is one itself, and there are no circles.
    """
    if not items:
        return
    family = {item.pk: item for item in (*_relatives(items), *items)}
    before = {pk: item.original_id for pk, item in family.items()}
    by_name = _names(family)
    stored = {item.pk for item in items}
    for item in family.values():
        if item.pk in stored and not item.translation_of:
            item.original_id = None
        elif item.translation_of and (item.pk in stored or item.original_id is None):
            _hang(item, _original(item, by_name), family.values())
    bulk.update([item for pk, item in family.items() if item.original_id != before[pk]], ["original"])


def named(lost: Iterable[tuple[int, str]]) -> list[Item]:
    """Translations of what is called so (source and id), whatever they hang on now."""
    rows = [Item.objects.filter(source=source, translation_of=name) for source, name in lost]
    return [item for found in rows for item in found]


def _hang(item: Item, target: Item | None, family: Iterable[Item]) -> None:
    """Hang a translation on its root, and with it what hung on the translation until now."""
    root = (target.original_id or target.pk) if target else None
    item.original_id = None if root == item.pk else root
    for child in family if item.original_id else ():
        if child.original_id == item.pk:
            child.original_id = item.original_id


def _names(family: dict[int, Item]) -> dict[tuple[int, str], Item]:
    """The items by all that they are called; an item's own id goes before what others are called besides."""
    names: dict[tuple[int, str], Item] = {}
    for other in OtherName.objects.filter(item__in=family):
        names[other.source_id, other.producer_id] = family[other.item_id]
    names |= {(item.source_id, item.url_key): item for item in family.values() if item.url_key}
    return names | {(item.source_id, item.producer_id): item for item in family.values()}


def _original(item: Item, by_name: dict[tuple[int, str], Item]) -> Item | None:
    named = by_name.get((item.source_id, item.translation_of))
    return named or by_name.get((item.source_id, url_key(item.translation_of)))


def _relatives(items: Sequence[Item]) -> list[Item]:
    """What the items are translations of, what waited for them, and what hangs on them: each by an index."""
    sources = {item.source_id for item in items}
    named = [item.translation_of for item in items if item.translation_of]
    keys = [key for name in named if (key := url_key(name))]
    called = OtherName.objects.filter(source__in=sources, producer_id__in=named)
    ours = OtherName.objects.filter(item__in=[item.pk for item in items])
    others = list(ours.values_list("source_id", "producer_id"))
    waited_for = {name for item in items for name in (item.producer_id, item.url, item.url_key) if name}
    waiting = Q(
        source__in=sources | {source for source, _ in others},
        translation_of__in=waited_for | {name for _, name in others},
        original=None,
    ) & ~Q(translation_of="")
    questions = (
        Q(source__in=sources, producer_id__in=named),
        Q(source__in=sources, url_key__in=keys),
        Q(pk__in=called.values("item")),
        waiting,
        Q(original__in=[item.pk for item in items if item.translation_of]),
    )
    fields = ("id", "source_id", "producer_id", "url_key", "translation_of", "original_id")
    return [found for each in questions for found in Item.objects.filter(each).only(*fields)]
