"""Clearance tags of items that intake has just stored: suggested in the same transaction, so that no item is ever without them.

A suggestion stays until a person removes it. What a person removed stays removed, unless a later revision brings another word.
What such a suggestion holds back it holds from its commit on: what was claimed before is the earlier revision, which was cleared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from publisher.items import bulk
from publisher.items.models import Item
from publisher.review.models import ClearanceTag, ItemTag
from publisher.review.suggesting import Rule, suggested


def after_store(*, items: Sequence[Item], now: datetime, **_signal: Any) -> None:
    """Hears `items.store.stored`: the items that are new, or have another revision."""
    rules = [
        Rule(pk, tuple(words))
        for pk, words in ClearanceTag.objects.filter(active=True).exclude(words=[]).values_list("pk", "words")
    ]
    if rules and items:
        _write(items, rules, now)


def _write(items: Iterable[Item], rules: Sequence[Rule], now: datetime) -> None:
    found = {item.pk: tags for item in items if (tags := of_item(item, rules))}
    rows = ItemTag.objects.select_for_update().filter(item_id__in=list(found)).order_by("pk")
    known = {(row.item_id, row.tag_id): row for row in rows}
    fresh = []
    for item_id, tags in found.items():
        for tag_id, words in tags.items():
            row = known.get((item_id, tag_id))
            if row is None:
                fresh.append(
                    ItemTag(
                        item_id=item_id,
                        tag_id=tag_id,
                        state=ItemTag.State.SUGGESTED,
                        words=list(words),
                        at=now,
                    )
                )
            else:
                _again(row, words, now)
    bulk.insert(fresh)


def of_item(item: Item, rules: Sequence[Rule]) -> dict[int, tuple[str, ...]]:
    """The tags that the item's words speak for, as it is now."""
    return suggested(
        rules,
        title=item.title,
        image_alt=item.image_alt,
        summary=item.summary,
        body=item.body_text,
        body_html=item.body_html,
    )


def _again(row: ItemTag, words: Sequence[str], now: datetime) -> None:
    """A tag that the item has had: words that were not there when a person removed it speak for it anew."""
    seen = {word.casefold() for word in row.words}
    news = [word for word in words if word.casefold() not in seen]
    if not news:
        return
    row.words = [*row.words, *news][-16:]
    if row.state == ItemTag.State.REMOVED:
        row.state, row.reason, row.user_id, row.name, row.at = ItemTag.State.SUGGESTED, "", None, "", now
        row.clearances.filter(withdrawn_at=None).update(withdrawn_at=now)
    row.save()
