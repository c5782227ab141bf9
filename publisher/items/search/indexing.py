"""Keeping `ItemSearch` up to date. A sweep: it finds the items that were never indexed, or in an older revision."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.models import F

from publisher.items.models import Item
from publisher.items.search import words

BATCH = 200
MOST_BODY = 100_000
"""Characters of a body that are looked through; the rest of a longer one is not found."""

# Words of the item's own language are found in all their forms, and by what stands there; the title weighs nothing more, since
# a list is by time. Both configurations, since who looks does not say in which language.
INDEX = """
INSERT INTO items_itemsearch (item_id, vector)
VALUES (%(item)s,
        to_tsvector(%(configuration)s::regconfig, %(text)s) || to_tsvector('simple', %(text)s) || array_to_tsvector(%(signs)s))
ON CONFLICT (item_id) DO UPDATE SET vector = excluded.vector
"""


def index_waiting(*, limit: int = BATCH) -> int:
    """Index the newest items that are not, or whose text is newer. Answers how many."""
    rows = (
        Item.objects.filter(searched_revision__lt=F("revision"))
        .order_by("-pk")
        .only("revision", "language", "title", "summary", "body_text", "authors", "agencies", "attribution")
    )
    for item in (found := list(rows[:limit])):
        _index(item)
    return len(found)


def _index(item: Item) -> None:
    """The revision that was read is noted: one that came meanwhile is found by the next sweep."""
    text = "\n".join(
        (
            item.title,
            item.summary,
            *item.authors,
            *item.agencies,
            item.attribution,
            item.body_text[:MOST_BODY],
        )
    ).replace("\0", " ")
    values: dict[str, Any] = {
        "item": item.pk,
        "configuration": words.configuration(item.language),
        "text": words.parted(text),
        "signs": words.signs(text),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(INDEX, values)
        Item.objects.filter(pk=item.pk).update(searched_revision=item.revision)
