"""What a retraction stops: posts that are not sent, and the item's place in editions that have not all gone out."""

from __future__ import annotations

from datetime import datetime

from publisher.core import events
from publisher.digests.assembling import drop_item
from publisher.digests.models import Edition, EditionItem
from publisher.items.models import Item
from publisher.social.drafting import cancel_for_item
from publisher.social.models import Post
from publisher.social.redrafting import UNSENT

OPEN_EDITIONS = (
    Edition.State.ASSEMBLING,
    Edition.State.BLOCKED,
    Edition.State.WAITING,
    Edition.State.SENDING,
    Edition.State.PAUSED,
)


def retract_everywhere(*, now: datetime, item_id: int | None = None) -> int:
    """Stop what is left of retracted items (of one, or of all that still have something); how many items had something."""
    _hide_embargoed(now)
    ids = [item_id] if item_id else _still_somewhere()
    for retracted in Item.objects.filter(id__in=ids, retracted_at__isnull=False).values_list("id", flat=True):
        cancel_for_item(retracted, now=now)
        _drop_from_editions(retracted)
    return len(ids)


def _hide_embargoed(now: datetime) -> None:
    """An embargo that was set after the item was chosen takes it out of the edition; it comes in a later one."""
    held = EditionItem.objects.filter(edition__state__in=OPEN_EDITIONS, item__embargo_until__gt=now)
    for item_id in held.values_list("item_id", flat=True).distinct():
        _drop_from_editions(item_id)


def _drop_from_editions(item_id: int) -> None:
    for edition_id in drop_item(item_id):
        events.emit("edition.ready", edition_id=edition_id)


def _still_somewhere() -> list[int]:
    posts = Post.objects.filter(state__in=UNSENT, item__retracted_at__isnull=False)
    editions = EditionItem.objects.filter(edition__state__in=OPEN_EDITIONS, item__retracted_at__isnull=False)
    return sorted({*posts.values_list("item_id", flat=True), *editions.values_list("item_id", flat=True)})
