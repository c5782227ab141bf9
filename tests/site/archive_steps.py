"""What the tests of the archive begin with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from publisher.digests.models import Digest, Edition
from publisher.items.models import Item
from publisher.review.models import ClearanceTag, ItemTag
from tests.builders import NOON, a_digest, an_item
from tests.desk.builders import an_edition


def an_archived_digest(**given: Any) -> Digest:
    fields: dict[str, Any] = {
        "slug": "weekly",
        "title": {"en": "The week in Almaria", "zh": "阿尔马里亚一周", "ar": "أسبوع ألماريا"},
        "languages": ["en", "zh-Hans", "ar"],
        "about": {"en": "What happened, each Monday.", "zh": "每周一的要闻。", "ar": "ما جرى، كل اثنين."},
        "archived": True,
        **given,
    }
    return a_digest(**fields)


def a_sent_edition(digest: Digest | None = None, *, items: list[Item] | None = None, **given: Any) -> Edition:
    """In English and Chinese, unless told otherwise."""
    if items is None:
        items = [
            an_item(title="Terraces carry water again", summary="Two hundred families rebuilt them."),
            an_item(title="梯田重新有水", summary="两百户人家重建了水渠。", language="zh-Hans"),
        ]
    fields: dict[str, Any] = {
        "state": "sent",
        "let_go_at": NOON,
        "finished_at": NOON + timedelta(hours=1),
        **given,
    }
    return an_edition(digest or an_archived_digest(), items=items, **fields)


def body_of(answer: Any) -> bytes:
    """All of an answer, also of one that leaves piece by piece."""
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def tagged(item: Item, *, at: datetime = NOON) -> None:
    """The item waits for a clearance from now on."""
    from django.contrib.auth.models import Group

    group, _made = Group.objects.get_or_create(name="Cartography")
    tag = ClearanceTag.objects.create(name=f"Map {item.pk}", group=group, created_at=at)
    ItemTag.objects.create(item=item, tag=tag, state="suggested", at=at)
