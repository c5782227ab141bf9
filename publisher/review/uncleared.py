"""Which items wait for a clearance: in SQL for the claims, and with their tags for people. Posts and editions ask on:
`social/uncleared.py`, `digests/uncleared.py`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from publisher.review.models import Clearance, ItemTag

IS_UNCLEARED: Final = """EXISTS (
    SELECT 1 FROM review_itemtag needs JOIN review_clearancetag kind ON kind.id = needs.tag_id AND kind.active
    WHERE needs.item_id = i.id AND needs.state <> 'removed' AND NOT EXISTS (
        SELECT 1 FROM review_clearance given
        WHERE given.item_tag_id = needs.id AND given.revision = i.revision AND given.withdrawn_at IS NULL
    )
)"""
"""Whether the item `i` has a tag that nobody cleared in the item's present revision. Looked up by keys; most items have none."""


@dataclass(frozen=True)
class Open:
    """A tag of an item that waits for a clearance, and the role whose members may give it."""

    item_id: int
    title: str
    tag_id: int
    tag: str
    group_id: int
    role: str

    def __str__(self) -> str:
        return _("“%(item)s” waits for the clearance “%(tag)s” by %(role)s") % {
            "item": self.title,
            "tag": self.tag,
            "role": self.role,
        }


def open_rows() -> QuerySet[ItemTag]:
    """The tags that hold their items, each with its item, tag and role."""
    given = Clearance.objects.filter(
        item_tag=OuterRef("pk"), revision=OuterRef("item__revision"), withdrawn_at=None
    )
    rows = ItemTag.objects.filter(~Exists(given), tag__active=True).exclude(state=ItemTag.State.REMOVED)
    return rows.select_related("tag__group").annotate(title=F("item__title")).order_by("item_id", "tag__name")


def of_items(item_ids: Collection[int]) -> dict[int, list[Open]]:
    """What each of these items waits for; one that waits for nothing is not among the keys."""
    found: dict[int, list[Open]] = {}
    if not item_ids:
        return found
    for row in open_rows().filter(item_id__in=list(item_ids)):
        found.setdefault(row.item_id, []).append(opened(row))
    return found


def opened(row: ItemTag) -> Open:
    """A row of `open_rows` for people."""
    return Open(
        row.item_id,
        str(getattr(row, "title", "")),
        row.tag_id,
        row.tag.name,
        row.tag.group_id,
        row.tag.group.name,
    )
