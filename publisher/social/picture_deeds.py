"""What staff decide about the pictures of a post: describe, leave out, put back, upload, fetch again.

As in `approval.py`: each takes the `version` that the person saw, raises `Stale` or another `UserError`, leaves an entry in the
audit trail, and takes the approval back of what was approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import Rejected, UserError
from publisher.core.told import told
from publisher.social import picturing, reviewing
from publisher.social.approval import EDITABLE, changing, save_deed
from publisher.social.drafting import draft_item
from publisher.social.media import keeping
from publisher.social.media.arriving import lock_item
from publisher.social.media.shown import Shown
from publisher.social.models import Channel, ItemPicture, Post
from publisher.social.picturing import ABOUT
from publisher.social.redrafting import LEFT

LONGEST_ALT = 5_000
SHOWN_IN_TRAIL = 200


def describe(
    post_id: int,
    *,
    user: Actor,
    version: int,
    number: int,
    alt: str,
    focus: Sequence[float] | None,
    now: datetime,
) -> Post:
    """Say what picture `number` (from 0) shows. `focus`: the point that no crop may lose, (x, y) from -1 to 1."""
    with changing(post_id, version, EDITABLE, _("changed")) as post:
        shown = list(post.pictures)
        picture = _one(shown, number)
        shown[number] = {**picture, "alt": _checked(alt), "focus": _point(focus)}
        _change(post, user, shown, "post.picture_described", now)
    return post


def leave_out(post_id: int, *, user: Actor, version: int, number: int, now: datetime) -> Post:
    """Show one picture less."""
    with changing(post_id, version, EDITABLE, _("changed")) as post:
        shown = list(post.pictures)
        shown.remove(_one(shown, number))
        _change(post, user, shown, "post.picture_left_out", now)
    return post


@transaction.atomic
def put_back(post_id: int, *, user: Actor, version: int, now: datetime) -> Post:
    """Show the item's picture again, before those that were uploaded."""
    # Its row is locked before the posts that show it, as by whoever fetched it.
    lock_item(Post.objects.filter(pk=post_id).values_list("item_id", flat=True).first() or 0)
    with changing(post_id, version, EDITABLE, _("changed")) as post:
        own = picturing.of_item(post.item, post.channel)
        others = [picture for picture in post.pictures if not picture["url"]]
        if not own:
            raise UserError(_("The item has no picture that this channel could show."), _("Upload one."))
        if len(others) != len(post.pictures):
            raise UserError(_("The post shows the item's picture already."))
        _change(post, user, [*own, *others], "post.picture_put_back", now, edited=bool(others))
        if picturing.waits(own):
            picturing.want(post.item, now=now)
    return post


def upload(
    post_id: int,
    *,
    user: Actor,
    version: int,
    data: bytes,
    alt: str,
    now: datetime,
    focus: Sequence[float] | None = None,
) -> Post:
    """Show another picture, after those that are there. `focus`: as for `describe`.

    Raises `UserError` for what is no picture, or cannot be shown there.
    """
    channel = Channel.objects.filter(posts=post_id).first()
    if channel is None:
        raise UserError(_("There is no such post."), _("Load the list again."))
    said, point = _checked(alt), _point(focus)
    if channel.alt_required and not said:
        raise UserError(
            _("The picture has no description."),
            _("Choose the file again and say what it shows, for those who cannot see it."),
        )
    try:
        stored = keeping.keep(data, now=now)
    except Rejected as error:
        raise UserError(
            _("The file was not taken. %(reason)s") % {"reason": told(error.reason)},
            _("Choose another file."),
        ) from error
    if why := picturing.unfit(channel, stored.digest):
        raise UserError(
            _("The file was not taken: %(about)s") % {"about": told(why).removeprefix(_(ABOUT))},
            _("Choose another file."),
        )
    fresh: Shown = {"digest": stored.digest, "alt": said, "focus": point, "url": ""}
    with changing(post_id, version, EDITABLE, _("changed")) as post:
        limits = picturing.limits_of(post.channel)
        if limits is None or len(post.pictures) >= limits.most:
            most = limits.most if limits else 0
            raise UserError(
                _("This channel shows %(most)s pictures at most.") % {"most": most},
                _("Leave one out, then upload this one again."),
            )
        shown = [*post.pictures, picturing.tried(fresh, post.channel, "")]
        _change(post, user, shown, "post.picture_uploaded", now)
    return post


@transaction.atomic
def fetch_again(item_id: int, *, user: Actor, now: datetime) -> None:
    """Try once more to fetch a picture that was refused, such as after its server was mended."""
    item = lock_item(item_id)
    row = ItemPicture.objects.select_for_update().filter(item_id=item_id).first()
    if item is None or row is None or row.state != ItemPicture.State.REFUSED or not item.image_url:
        raise UserError(_("There is no picture of this item that could be fetched again."))
    audit.record(user, "item.picture_fetched_again", item, before={"reason": row.reason})
    picturing.begin_anew(row, item.image_url, now=now)
    draft_item(item_id, now=now)
    picturing.want(item, now=now)


def _change(
    post: Post, user: Actor, shown: list[Shown], action: str, now: datetime, *, edited: bool = True
) -> None:
    _check_left(post)
    before = {"state": post.state, "pictures": _told(post.pictures)}
    undecided = post.state in (Post.State.DRAFT, Post.State.HELD)
    has_other_problem = undecided and post.problem and not post.problem.startswith(ABOUT)
    post.pictures, post.pictures_edited = shown, edited
    if not has_other_problem:  # which stays to be mended: approving looks at the pictures all the same
        post.state, post.problem = picturing.standing(post)
    post.approved_by = post.approved_at = post.slot_at = None
    reviewing.changed(post, user=user, now=now)
    save_deed(post, user, action, before, {"state": post.state, "pictures": _told(shown)})


def _check_left(post: Post) -> None:
    if post.deliveries.filter(part=0, state__in=LEFT).exists():
        raise UserError(
            _("The first message has left already, and the pictures with it."),
            _("Correct it there, or cancel the rest of the post."),
        )


def _one(shown: Sequence[Shown], number: int) -> Shown:
    if not 0 <= number < len(shown):
        raise UserError(_("There is no such picture any more."), _("Load the page again."))
    return shown[number]


def _checked(alt: str) -> str:
    text = " ".join(alt.split())
    if len(text) > LONGEST_ALT:
        raise UserError(
            _("A description of more than %(longest_alt)s characters fits no network.")
            % {"longest_alt": f"{LONGEST_ALT:,}"},
            _("Shorten it."),
        )
    if any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise UserError(_("The description holds a character that no network takes."))
    return text


def _point(focus: Sequence[float] | None) -> list[float] | None:
    if focus is None or tuple(focus) == (0, 0):
        return None
    if len(focus) != 2 or not all(-1 <= value <= 1 for value in focus):
        raise UserError(_("The focus lies outside of the picture."), _("Both numbers lie between -1 and 1."))
    return [float(value) for value in focus]


def _told(shown: Sequence[Shown]) -> list[str]:
    """The pictures as the audit trail names them."""
    return [
        f"{picture['alt'][:SHOWN_IN_TRAIL] or 'no description'} ({picture['digest'][:8] or 'on its way'})"
        for picture in shown
    ]
