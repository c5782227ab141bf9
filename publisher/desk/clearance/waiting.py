"""Items that wait for a clearance: which tags, whose, and what they hold back. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User

from publisher.digests.models import Edition, EditionItem
from publisher.digests.paused import OPEN
from publisher.items.models import Item
from publisher.review import texts
from publisher.review.models import Kind
from publisher.review.uncleared import Open, open_rows, opened
from publisher.social.models import Post
from publisher.social.redrafting import UNSENT

MOST = 50


@dataclass(frozen=True)
class Waiting:
    """One item, its open tags, whether this person clears one of them, and how much of it is held back."""

    item: Item
    tags: tuple[Open, ...]
    mine: bool
    posts: int
    editions: int


def waiting_items(user: User, *, mine_only: bool = False, most: int = MOST) -> list[Waiting]:
    """Those of which this person clears a tag first, then the newest; retracted ones wait for nothing."""
    groups = set(user.groups.values_list("pk", flat=True))
    rows = open_rows().filter(item__retracted_at=None).order_by("-item_id", "tag__name")
    by_item: dict[int, list[Open]] = {}
    for row in (rows.filter(tag__group_id__in=groups) if mine_only else rows)[: 10 * most]:
        by_item.setdefault(row.item_id, []).append(opened(row))
    ordered = sorted(by_item, key=lambda pk: (not _is_mine(by_item[pk], groups), -pk))[:most]
    items = Item.objects.defer("body_html", "body_text").in_bulk(ordered)
    posts = Counter(
        Post.objects.filter(item_id__in=ordered, state__in=UNSENT).values_list("item_id", flat=True)
    )
    held = EditionItem.objects.filter(item_id__in=ordered, edition__state__in=OPEN)
    editions = Counter(held.values_list("item_id", flat=True))
    return [
        Waiting(items[pk], tuple(by_item[pk]), _is_mine(by_item[pk], groups), posts[pk], editions[pk])
        for pk in ordered
        if pk in items
    ]


@dataclass(frozen=True)
class WaitingTexts:
    """An edition that waits for a clearance of its own texts."""

    edition: Edition
    tags: tuple[Open, ...]
    mine: bool


def waiting_texts(user: User, *, mine_only: bool = False) -> list[WaitingTexts]:
    """Editions that have not ended, the next due first."""
    groups = set(user.groups.values_list("pk", flat=True))
    ids = set(texts.open_rows(Kind.EDITION).values_list("object_id", flat=True))
    editions = Edition.objects.filter(pk__in=ids, state__in=OPEN).select_related("digest").order_by("due_at")
    tags = texts.open_of(Kind.EDITION, ids)
    found = [WaitingTexts(each, tuple(tags[each.pk]), _is_mine(tags[each.pk], groups)) for each in editions]
    return [each for each in found if each.mine or not mine_only][:MOST]


def _is_mine(tags: Iterable[Open], groups: set[int]) -> bool:
    return any(each.group_id in groups for each in tags)
