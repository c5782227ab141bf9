"""Drafting: a post for each channel that takes an item, made by the channel's template from the item's newest revision.

All drafting of one item stands in a queue at the item's row, so it may be asked for any number of times, by several at once.
Posts of an item are locked by their channels' ids, the order in which whoever deals with several channels locks those.
Who decides is `matching.py` and `redrafting.py`; who renders, `composing.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from publisher.core import audit, events, standstill, trace
from publisher.core.apart import Apart, together
from publisher.core.marking import gettext_noop
from publisher.items.models import Item, Revision, Topic
from publisher.items.visibility import is_visible, visible
from publisher.social import reviewing
from publisher.social.composing import Draft, compose, link_for, topics_of
from publisher.social.links import shown_in
from publisher.social.matching import Facts, Wants, matches
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Carding
from publisher.social.notes import MAY_BE_OUT
from publisher.social.picturing import pictured, seen, waits, want
from publisher.social.redrafting import (
    ITEM_CHANGED,
    ITEM_RETRACTED,
    LEFT,
    NO_LONGER_FITS,
    REDRAFTED,
    UNSENT,
    Deed,
    Stands,
    redraft,
)

__all__ = ["UNSENT", "cancel_for_item", "draft_held", "draft_item", "undrafted"]

log = logging.getLogger(__name__)

S = Post.State
ON_CARD = ("title", "summary", "image_url", "image_alt")
"""What of an item the card below a post shows (`delivery.leaving`)."""
WRITTEN = (
    "item_revision",
    "channel_revision",
    "language",
    "state",
    "parts",
    "link",
    "pictures",
    "edited",
    "problem",
    "approved_by",
    "approved_at",
    "slot_at",
    "version",
)


def undrafted(*, now: datetime, limit: int) -> list[int]:
    """Ids of visible items whose newest revision is not drafted yet, oldest first. An embargo that lifts puts an item here."""
    waiting = visible(now).filter(drafted_revision__lt=F("revision"))
    return list(waiting.order_by("id").values_list("id", flat=True)[:limit])


def draft_item(item_id: int, *, now: datetime) -> list[int]:
    """Draft what is missing and renew what the item's newest revision outdates; ids of the posts written.

    Nothing for an item that is unknown, retracted or under embargo. Asking again writes nothing.
    """
    return _draft(item_id, now)


@transaction.atomic
def _draft(item_id: int, now: datetime, *, only: int = 0) -> list[int]:
    """`only`: renew what there is on this channel, and make nothing new."""
    item = (
        Item.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source")
        .filter(pk=item_id)
        .first()
    )
    if item is None or not is_visible(item, now):
        return []
    with trace.bound(item.trace_id):
        written = _Drafting(item, now, only).run()
        if not only:
            Item.objects.filter(pk=item.pk).update(drafted_revision=item.revision)
        if written:
            log.info(
                "item.drafted", extra={"item_id": item.pk, "revision": item.revision, "posts": len(written)}
            )
    return written


def draft_held(*, now: datetime, limit: int, apart: Apart = together) -> list[int]:
    """Draft again what is held and nobody has edited, on channels that were changed since, one post `apart` from the other; ids
    of the posts written."""
    held = Post.objects.filter(
        state=S.HELD, edited=False, channel_revision__lt=F("channel__revision")
    ).select_related("channel")
    written = []
    for post in list(held.order_by("id")[:limit]):
        with apart("held", post_id=post.pk):
            written += _draft(post.item_id, now, only=post.channel_id)
            Post.objects.filter(pk=post.pk).update(channel_revision=post.channel.revision)
    return written


@transaction.atomic
def cancel_for_item(item_id: int, *, now: datetime) -> list[int]:  # noqa: ARG001 - part of the form of every deed
    """Cancel the posts of a retracted item of which nothing has left; their ids. What is going out is stopped by its claim."""
    rows = Post.objects.select_for_update(no_key=True).filter(item_id=item_id, state__in=UNSENT)
    posts = list(rows.order_by("channel_id"))
    for post in posts:
        audit.record(
            None, "post.cancelled", post, before={"state": post.state}, after={"reason": ITEM_RETRACTED}
        )
        post.state, post.problem, post.slot_at = S.CANCELLED, ITEM_RETRACTED, None
        post.version += 1
        post.save(update_fields=["state", "problem", "slot_at", "version"])
    return [post.pk for post in posts]


@dataclass
class _Drafting:
    """One run for one item, whose row is locked."""

    item: Item
    now: datetime
    only: int = 0

    def run(self) -> list[int]:
        topics = topics_of(self.item)
        facts = Facts(
            language=self.item.language,
            kind=self.item.kind,
            topics=frozenset(topic.pk for topic in topics),
            age=self.item.first_received_at - self.item.published_at,
            source_enabled=self.item.source.enabled,
        )
        rows = Post.objects.select_for_update(no_key=True).filter(item=self.item).order_by("channel_id")
        posts = {post.channel_id: post for post in rows}
        made, renewed = [], []
        for channel in Channel.objects.select_related("health").order_by("id"):
            post = posts.get(channel.pk)
            if self.only not in (0, channel.pk) or (self.only and post is None):
                continue
            if post is None and matches(_wants(channel), facts):
                draft = pictured(compose(self.item, channel, topics), self.item, channel)
                made.append(self._make(channel, draft))
            elif post and (post.state in REDRAFTED or post.problem == ITEM_RETRACTED):
                renewed.append(self._renew(post, channel, drafted(self.item, channel, topics, post)))
        for post in Post.objects.bulk_create(made):
            self._tell(post)
        if any(waits(post.pictures) for post in (*made, *posts.values()) if post.state in REDRAFTED):
            want(self.item, now=self.now)
        return [post.pk for post in (*made, *renewed) if post]

    def _make(self, channel: Channel, draft: Draft) -> Post:
        post = Post(item=self.item, channel=channel, created_at=self.now, trace_id=self.item.trace_id)
        self._fill(post, channel, draft)
        return post

    def _renew(self, post: Post, channel: Channel, draft: Draft) -> Post | None:
        texts = tuple(part["text"] for part in post.parts)
        has_left = post.deliveries.filter(state__in=LEFT).exists()
        stands = Stands(post.state, post.edited or has_left, post.problem, post.item_revision, texts)
        same_pictures = seen(post.pictures) == seen(draft.pictures)
        deed = redraft(
            stands,
            revision=self.item.revision,
            texts=draft.texts,
            holds=bool(draft.problem) or not same_pictures or not self._shows_same_card(post, channel),
        )
        if deed is Deed.LEAVE or (
            post.state == S.HELD
            and (texts, same_pictures, post.problem) == (draft.texts, True, draft.problem)
        ):
            return None
        before = {"state": post.state, "revision": post.item_revision}
        if deed is Deed.RENEW:
            self._fill(post, channel, draft)
            reviewing.drafted_anew(post, now=self.now)
        if deed is Deed.FLAG:
            post.state, post.problem = S.DRAFT, ITEM_CHANGED
            post.pictures = post.pictures if has_left else list(draft.pictures)
            post.approved_by = post.approved_at = post.slot_at = None
            reviewing.changed(post, user=None, now=self.now)
        post.item_revision = self.item.revision
        post.link = shown_in(
            [part["text"] for part in post.parts], new=link_for(self.item, channel), before=post.link
        )
        post.version += deed is not Deed.NOTE
        post.save(update_fields=WRITTEN)
        if deed is not Deed.NOTE:
            after = {"state": post.state, "revision": post.item_revision}
            audit.record(
                None, "post.redrafted" if deed is Deed.RENEW else "post.outdated", post, before, after
            )
            self._tell(post)
        return post

    def _shows_same_card(self, post: Post, channel: Channel) -> bool:
        """Whether the card below the post is what somebody may have approved: it is made of the item when the post leaves. Where
        nobody approves, it may be another."""
        network = registry.networks().get(channel.network)
        if not (isinstance(network, Carding) and network.shows_card and post.link):
            return True
        if post.item_revision == self.item.revision or _approves_by_itself(channel, post):
            return True
        rows = Revision.objects.filter(item=self.item, number=post.item_revision)
        before = rows.values_list("content", flat=True).first()
        return before is None or all(before.get(name) == getattr(self.item, name) for name in ON_CARD)

    def _fill(self, post: Post, channel: Channel, draft: Draft) -> None:
        """Put the draft in place. Whatever was approved before is approved no more, unless the channel approves by itself:
        that it does not where the post may have been published already, after the backup of a restored database.
        """
        post.item_revision, post.channel_revision = self.item.revision, channel.revision
        post.language = self.item.language
        post.parts = [{"text": text} for text in draft.texts]
        post.link = link_for(self.item, channel)
        post.pictures = list(draft.pictures)
        post.edited = False
        post.state, post.problem = (S.HELD, draft.problem) if draft.problem else (S.DRAFT, "")
        post.approved_by = post.approved_at = post.slot_at = None
        if (
            _approves_by_itself(channel, post)
            and post.state == S.DRAFT
            and registry.can_send(channel.network)
        ):
            if standstill.may_be_out(self.item.published_at):
                post.problem = MAY_BE_OUT
            else:
                post.state, post.approved_at = S.APPROVED, self.now

    def _tell(self, post: Post) -> None:
        if post.state == S.APPROVED:
            audit.record(None, "post.approved", post, after={"by": gettext_noop("the channel's rule")})
            events.emit("post.approved", post_id=post.pk, channel_id=post.channel_id)


def drafted(item: Item, channel: Channel, topics: Sequence[Topic], post: Post) -> Draft:
    """The draft of a post that exists; held when the item does not fit a channel any more that no person chose."""
    draft = pictured(compose(item, channel, topics), item, channel, post)
    facts = Facts(item.language, item.kind, frozenset(topic.pk for topic in topics))
    fits = post.chosen or matches(replace(_wants(channel), enabled=True), facts)
    return draft if draft.problem or fits else replace(draft, problem=NO_LONGER_FITS)


def _approves_by_itself(channel: Channel, post: Post) -> bool:
    return channel.auto_approve and not channel.approvals and not post.chosen


def _wants(channel: Channel) -> Wants:
    return Wants(
        language=channel.language,
        kinds=frozenset(channel.kinds),
        topics=frozenset(channel.topics),
        max_age=timedelta(days=channel.max_age_days),
        enabled=channel.enabled,
    )
