"""An item's picture is there, or known to be of no use: what that means for the item's posts that have not left."""

from __future__ import annotations

from datetime import datetime

from publisher.core import audit, events
from publisher.core.marking import gettext_noop
from publisher.items.models import Item
from publisher.social import picturing, reviewing
from publisher.social.drafting import draft_item
from publisher.social.media.shown import Shown
from publisher.social.models import Channel, ItemPicture, Post
from publisher.social.picturing import ABOUT
from publisher.social.redrafting import REDRAFTED

S = Post.State
CHANGED = gettext_noop("Picture: it is another one now. Look at it, then approve again.")


def lock_item(item_id: int) -> Item | None:
    """The item, its row locked as drafting locks it: the two never see half of each other's work."""
    return Item.objects.select_for_update(of=("self",), no_key=True).filter(pk=item_id).first()


def try_on(item_id: int, digest: str) -> dict[int, str]:
    """The picture fitted for each channel that posts about the item: why it cannot be, "" where it can. Raises `StoreAway`.

    Outside any transaction: a large picture takes a second.
    """
    channels = Channel.objects.filter(posts__item=item_id).order_by("id")
    return {channel.pk: picturing.unfit(channel, digest) for channel in channels}


def tell_posts(item: Item, unfit: dict[int, str], *, now: datetime) -> None:
    """Put the picture into the posts that wait for it, or take it out of them. In the transaction that settled it."""
    row = ItemPicture.objects.get(item=item)
    posts = Post.objects.select_for_update(of=("self",), no_key=True).select_related("channel")
    for post in posts.filter(item=item, state__in=REDRAFTED).order_by("channel_id"):
        before: list[Shown] = post.pictures
        _exchange(post, row, unfit)
        if before != post.pictures:
            if not picturing.waits(before) or picturing.seen(before) != picturing.seen(post.pictures):
                reviewing.changed(post, user=None, now=now)
            _judge(post, before, row)
    draft_item(
        item.pk, now=now
    )  # what was held for this picture, and nobody touched, is drafted as it stands now
    events.emit("post.approved")  # those that waited for their picture may have their slots


def _exchange(post: Post, row: ItemPicture, unfit: dict[int, str]) -> None:
    before: list[Shown] = post.pictures
    shown: list[Shown] = []
    for picture in before:
        if picture["url"] != row.url or picture["digest"] == row.stored_id:
            shown.append(picture)
        elif row.stored_id:
            fresh: Shown = {**picture, "digest": row.stored_id}
            known = post.channel_id in unfit
            shown.append(picturing.tried(fresh, post.channel, unfit[post.channel_id]) if known else fresh)
        elif picture["digest"]:
            shown.append(picture)  # an earlier one, fetched from the same address: better than none
    post.pictures = shown


def _judge(post: Post, before: list[Shown], row: ItemPicture) -> None:
    """A picture that comes as was expected changes no decision; one that fails, or is another one, takes an approval back."""
    was, state, problem = post.state, post.state, post.problem
    is_mine = post.problem.startswith(ABOUT)
    if why := picturing.problem(post.channel, post.pictures):
        state, problem = S.HELD, (why if is_mine or was != S.HELD else post.problem)
    elif not row.stored_id:
        if was in (S.APPROVED, S.SCHEDULED) and post.approved_by_id:
            state, problem = (
                S.DRAFT,
                gettext_noop(
                    "Picture: it cannot be used. %(reason)s Approve the post without it, or upload one."
                )
                % {"reason": row.reason},
            )
        elif was == S.HELD and is_mine and (post.edited or post.pictures_edited):
            state, problem = S.DRAFT, ""
    elif picturing.waits(before) is False and was in (S.APPROVED, S.SCHEDULED):
        state, problem = S.DRAFT, CHANGED
    post.problem = problem
    if state != was:
        post.state = state
        post.approved_by = post.approved_at = post.slot_at = None
        post.version += 1
        audit.record(None, "post.picture_settled", post, {"state": was}, {"state": state, "problem": problem})
    post.save(
        update_fields=["pictures", "state", "problem", "approved_by", "approved_at", "slot_at", "version"]
    )
