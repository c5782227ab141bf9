"""Links between an item and its original, whichever of them came first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q

from publisher.items import bulk
from publisher.items.models import Item


def link(items: Sequence[Item]) -> None:
    """Link items that were just stored to their originals, and translations that waited for them.

    An original is known by its producer's id at the same source. A translation of a translation hangs on the original, so
    that no item with an original is one itself, and there are no circles.
    """
    if not items:
        return
    family = {item.pk: item for item in (*_relatives(items), *items)}
    before = {pk: item.original_id for pk, item in family.items()}
    by_name = {(item.source_id, item.producer_id): item for item in family.values()}
    stored = {item.pk for item in items}
    for item in family.values():
        if item.pk in stored and not item.translation_of:
            item.original_id = None
        elif item.translation_of and (item.pk in stored or item.original_id is None):
            _hang(item, by_name.get((item.source_id, item.translation_of)), family.values())
    bulk.update([item for pk, item in family.items() if item.original_id != before[pk]], ["original"])


def _hang(item: Item, target: Item | None, family: Iterable[Item]) -> None:
    """Hang a translation on its root, and with it what hung on the translation until now."""
    root = (target.original_id or target.pk) if target else None
    item.original_id = None if root == item.pk else root
    for child in family if item.original_id else ():
        if child.original_id == item.pk:
            child.original_id = item.original_id


def _relatives(items: Sequence[Item]) -> list[Item]:
    """What the items are translations of, what waited for them, and what hangs on them: by two indexes."""
    named = Q(
        source_id__in={item.source_id for item in items},
        producer_id__in={item.translation_of for item in items if item.translation_of},
    )
    waiting = Q(
        source_id__in={item.source_id for item in items},
        translation_of__in=[item.producer_id for item in items],
        original=None,
    ) & ~Q(translation_of="")
    hanging = Q(original__in=[item.pk for item in items if item.translation_of])
    fields = ("id", "source_id", "producer_id", "translation_of", "original_id")
    return [found for each in (named, waiting, hanging) for found in Item.objects.filter(each).only(*fields)]
