"""Words that ask for a clearance in what a person writes about an item: a post, a description of a picture, a correction.

Looked for when it is saved, and again when it is approved, in the same transaction. The item gets the tag as if its own words
had spoken for it, so that whoever clears finds it where all is found. A word that nobody has seen yet takes back a clearance
that was given before: who cleared the item has not read it. Nothing closes the gate: what is claimed meanwhile says something
else, and what was written waits for its own approval.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.items.models import Item
from publisher.review.models import ClearanceTag, ItemTag
from publisher.review.suggesting import Rule, suggested

MOST_KEPT: Final = 200
_ADDRESS: Final = re.compile(r"https?://\S+")

State = ItemTag.State


def rules() -> list[Rule]:
    """Of the tags in use."""
    rows = ClearanceTag.objects.filter(active=True).exclude(words=[])
    return [Rule(pk, tuple(words)) for pk, words in rows.values_list("pk", "words")]


def words_in(texts: Iterable[str], known: Sequence[Rule]) -> dict[int, tuple[str, ...]]:
    """By the tag's id, the words that were found; addresses say nothing. Pure."""
    text = _ADDRESS.sub(" ", "\n".join(texts))
    return suggested(known, title="", image_alt="", summary="", body=text) if known and text.strip() else {}


@transaction.atomic
def look(item: Item, texts: Iterable[str], *, user: Actor, now: datetime) -> list[str]:
    """Give the item each tag that words of the texts speak for; the names of the tags that are new, or hold it again."""
    found = words_in(texts, rules())
    if not found:
        return []
    ItemTag.objects.bulk_create(
        [ItemTag(item=item, tag_id=pk, state=State.SUGGESTED, at=now) for pk in sorted(found)],
        ignore_conflicts=True,  # somebody else's of this moment does as well
    )
    rows = ItemTag.objects.select_for_update(of=("self",)).select_related("tag").order_by("pk")
    return [
        row.tag.name
        for row in rows.filter(item=item, tag_id__in=list(found))
        if _speaks(row, found[row.tag_id], item, user, now)
    ]


def _own_text(item: Item) -> str:
    """What whoever set, removed or cleared a tag has read."""
    return "\n".join((item.title, item.image_alt, item.summary, item.body_text)).casefold()


def _speaks(row: ItemTag, words: Sequence[str], item: Item, user: Actor, now: datetime) -> bool:
    """Whether there is a word among these that the tag has not had yet."""
    is_known = bool(row.words or row.name)
    seen, own = {word.casefold() for word in row.words}, _own_text(item) if is_known else ""
    news = [word for word in words if word.casefold() not in seen and word.casefold() not in own]
    if not news:
        return False
    before = {"tag": row.tag.name, "state": row.state} if is_known else {}
    row.words = [*row.words, *news][-MOST_KEPT:]
    row.clearances.filter(withdrawn_at=None).update(withdrawn_at=now)
    if row.state == State.REMOVED:
        row.state, row.reason, row.user_id, row.name, row.at = State.SUGGESTED, "", None, "", now
    row.save()
    after = {"tag": row.tag.name, "state": row.state, "words": news}
    audit.record(user, "clearance.words_written", item, before, after)
    return True
