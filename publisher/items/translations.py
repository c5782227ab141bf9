"""Links between an item and its original, whichever of them came first."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.items.models import Item


def link(items: Sequence[Item]) -> None:
    """Link items that were just stored to their originals, and translations that waited for them.

    An original is known by its producer's id at the same source. A translation of a translation hangs on the original.
    """
    if not items:
        return
    _to_originals([item for item in items if item.translation_of or item.original_id])
    _waiting_for(items)


def _to_originals(translations: Sequence[Item]) -> None:
    if not translations:
        return
    wanted = {item.translation_of for item in translations if item.translation_of}
    found = {
        (item.source_id, item.producer_id): item
        for item in Item.objects.filter(
            source_id__in={item.source_id for item in translations}, producer_id__in=wanted
        ).only("id", "source_id", "producer_id", "original_id")
    }
    changed = []
    for item in translations:
        target = found.get((item.source_id, item.translation_of))
        original_id = (target.original_id or target.pk) if target else None
        if original_id == item.pk:
            original_id = None
        if item.original_id != original_id:
            item.original_id = original_id
            changed.append(item)
    Item.objects.bulk_update(changed, ["original"])


def _waiting_for(originals: Sequence[Item]) -> None:
    here = {(item.source_id, item.producer_id): item for item in originals}
    waiting = Item.objects.filter(
        source_id__in={source for source, _ in here},
        translation_of__in=[producer_id for _, producer_id in here],
        original=None,
    ).exclude(translation_of="")
    changed = []
    for item in waiting.only("id", "source_id", "translation_of", "original_id"):
        original = here.get((item.source_id, item.translation_of))
        if original is not None and item.pk not in (original.pk, original.original_id):
            item.original_id = original.original_id or original.pk
            changed.append(item)
    Item.objects.bulk_update(changed, ["original"])
