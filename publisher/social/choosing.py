"""A person has a post drafted for a channel whose rules did not: the composer's “Add this channel”.

Such a post is marked as chosen, so that a later revision of its item is drafted for it like for any other, and the channel's
rules are not held against it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, trace
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.items.models import Item
from publisher.items.visibility import is_visible
from publisher.social import picturing
from publisher.social.composing import compose, link_for, topics_of
from publisher.social.models import Channel, Post
from publisher.social.picturing import pictured
from publisher.social.redrafting import LEFT
from publisher.social.slots import lock_channel

S = Post.State


@transaction.atomic
def add_channel(item_id: int, channel_id: int, *, user: Actor, now: datetime) -> Post:
    """Draft the item for the channel from its template; a post that was cancelled becomes a draft again. Never approved by
    itself, whatever the channel's rule. Raises `UserError`.
    """
    locked = Item.objects.select_for_update(of=("self",), no_key=True).select_related("source")
    item = locked.filter(pk=item_id).first()
    channel = lock_channel(channel_id) if item else None
    if item is None or channel is None:
        raise UserError(_("There is no such item or channel."), _("Load the page again."))
    if not is_visible(item, now):
        raise UserError(_("The item is retracted or under embargo."), _("Nothing is drafted of it now."))
    if not channel.enabled:
        raise UserError(
            _("%(channel)s is switched off: nothing is published there.") % {"channel": channel.name},
            _("Switch it on first."),
        )
    posts = Post.objects.select_for_update(of=("self",), no_key=True)
    post = posts.filter(item=item, channel=channel).first() or Post(
        item=item, channel=channel, created_at=now, trace_id=item.trace_id
    )
    if post.pk and post.state != S.CANCELLED:
        raise UserError(
            _("There is a post for %(channel)s already.") % {"channel": channel.name},
            _("Load the page again: it stands among the others."),
        )
    if post.pk and post.deliveries.filter(state__in=LEFT).exists():
        raise UserError(
            _("A part of the post for %(channel)s is published, so it is not drafted anew.")
            % {"channel": channel.name},
            _("Correct what was sent, on the page of the item."),
        )
    with trace.bound(item.trace_id):
        _fill(post, item, channel)
        if picturing.waits(post.pictures):
            picturing.want(item, now=now)
        audit.record(user, "post.channel_added", post, after={"state": post.state})
    return post


def _fill(post: Post, item: Item, channel: Channel) -> None:
    draft = pictured(compose(item, channel, topics_of(item)), item, channel)
    post.item_revision, post.channel_revision = item.revision, channel.revision
    post.language = item.language
    post.parts = [{"text": text} for text in draft.texts]
    post.link = link_for(item, channel)
    post.pictures, post.pictures_edited = list(draft.pictures), False
    post.state, post.problem = (S.HELD, draft.problem) if draft.problem else (S.DRAFT, "")
    post.edited, post.chosen = False, True
    post.approved_by = post.approved_at = post.slot_at = None
    post.version += bool(post.pk)
    post.save()
