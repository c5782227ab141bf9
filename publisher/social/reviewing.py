"""Approvals of posts: what of a post is approved, how far that is, and what a request for changes does to it.

What is approved is what its readers would see: texts, link, pictures with their descriptions. Not its time. `review/approvals.py`
keeps who said yes to what; `approval.py` lets a post go once enough persons did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.review import approvals, comments, written
from publisher.review.approvals import Standing
from publisher.review.models import Comment, Kind
from publisher.social.models import Channel, Post

S = Post.State


def content_of(post: Post) -> dict[str, Any]:
    """What of a post is approved."""
    return {
        "texts": [part["text"] for part in post.parts],
        "link": post.link,
        "pictures": [
            {"from": each["url"] or each["digest"], "alt": each["alt"], "focus": each["focus"]}
            for each in post.pictures
        ],
    }


def standing_of(post: Post) -> Standing:
    """How far a post is approved. Needs its channel."""
    return standings_of([post])[post.pk]


def standings_of(posts: Iterable[Post]) -> dict[int, Standing]:
    """The same of many, by their ids."""
    asked = {post.pk: (post.channel.approvals, approvals.fingerprint(content_of(post))) for post in posts}
    return approvals.standings(Kind.POST, asked)


def approve(post: Post, *, user: Actor, now: datetime) -> Standing:
    """Write the person's approval of a locked post, unless it has enough already: then it is only let go again. Raises
    `NotYours`."""
    written.look(post.item, words_of(post), user=user, now=now)  # a tag may be new since it was saved
    before = standing_of(post)
    if before.enough and before.needed:
        return before
    return approvals.give(
        Kind.POST, post.pk, user=user, needed=post.channel.approvals, content=content_of(post), now=now
    )


def changed(post: Post, *, user: Actor, now: datetime) -> None:
    """The text, link or pictures of a locked post were changed: by that person, or (None) by what happened to its item. Words
    that ask for a clearance give its item the tag."""
    approvals.changed(Kind.POST, post.pk, user=user, now=now)
    if user is not None:
        written.look(post.item, words_of(post), user=user, now=now)


def words_of(post: Post) -> list[str]:
    """Whatever a person may write into a post: its texts, and what it says of its pictures."""
    return [*(part["text"] for part in post.parts), *(each["alt"] for each in post.pictures)]


def drafted_anew(post: Post, *, now: datetime) -> None:
    """The template's text is in place again. Nobody is its author, unless a person chose the pictures, which stay."""
    if post.pictures_edited:
        approvals.changed(Kind.POST, post.pk, user=None, now=now)
    else:
        approvals.as_made(Kind.POST, post.pk, now=now)


def ask_changes(post: Post, *, user: Actor, text: str, now: datetime) -> Comment:
    """Say what shall change in a locked post: it is a draft again, and has no time. Saving is the caller's."""
    comment = comments.say(Kind.POST, post.pk, user=user, text=text, asks=True, now=now)
    if post.state != S.HELD:
        post.state, post.problem = S.DRAFT, ""
    post.approved_by = post.approved_at = post.slot_at = None
    return comment


def comment(post_id: int, *, user: Actor, text: str, now: datetime) -> Comment:
    """Say something about a post, in whichever state it is. Raises `UserError`."""
    with transaction.atomic():
        post = Post.objects.filter(pk=post_id).first()
        if post is None:
            raise UserError(_("There is no such post."), _("Load the list again."))
        said = comments.say(Kind.POST, post.pk, user=user, text=text, now=now)
        audit.record(user, "post.commented", post, {}, {"text": said.text})
    return said


def hold_back(channel: Channel, posts: Sequence[Post]) -> list[Post]:
    """Of locked posts that are to have a slot, or to leave, those that may: who lacks approvals (the channel asks for more since,
    or its content changed) is a draft again, and says why."""
    if not channel.approvals:
        return list(posts)
    for post in posts:
        post.channel = channel
    known = standings_of(posts)
    for post in posts:
        if not known[post.pk].enough:
            _back(post, known[post.pk])
    return [post for post in posts if known[post.pk].enough]


def _back(post: Post, standing: Standing) -> None:
    before = {"state": post.state}
    post.state, post.slot_at, post.approved_at = S.DRAFT, None, None
    post.approved_by = None
    post.problem = _("Its channel asks for more approvals: it has %(standing)s.") % {
        "standing": standing.said
    }
    post.version += 1
    post.save(update_fields=["state", "slot_at", "approved_by", "approved_at", "problem", "version"])
    audit.record(None, "post.lacks_approvals", post, before, {"state": post.state})
