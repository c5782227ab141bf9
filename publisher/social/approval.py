"""What staff decide about a post: approve, ask for changes, edit, cancel, give it another time. The desk and the demo call these.

Each takes the `version` that the person saw and raises `Stale` when the post has changed since; any other reason is a
`UserError` in plain words. A refused deed changes nothing. Each leaves an entry in the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.core.marking import gettext_noop
from publisher.items.visibility import is_visible
from publisher.social import picturing, reviewing, times
from publisher.social.accounts import check_texts
from publisher.social.composing import link_for, topics_of
from publisher.social.drafting import drafted
from publisher.social.links import shown_in
from publisher.social.models import Post
from publisher.social.networks import registry
from publisher.social.redrafting import LEFT
from publisher.social.slots import lock_channel

S = Post.State
APPROVABLE = (S.DRAFT, S.HELD, S.EXPIRED, S.FAILED)
EDITABLE = (S.DRAFT, S.HELD, S.APPROVED, S.SCHEDULED, S.EXPIRED, S.FAILED)
CANCELLABLE = EDITABLE
MOVABLE = (S.APPROVED, S.SCHEDULED, S.EXPIRED)

LONGEST_PART = 20_000
MOST_PARTS = 25


class Stale(ChangedSince):
    """Somebody or something has changed the post since the form was shown."""


AgainstRules = times.AgainstRules


def approve(post_id: int, *, user: Actor, version: int, now: datetime) -> Post:
    """Let it go out: it waits for the next free slot of its channel. Where the channel asks for persons who approve, this is one
    of them; it waits for a slot once there are enough.

    A first approval changes nothing that another would have to read again, so it is no new version. A failed post may be
    approved again: nothing of what failed was published. Raises `Stale`, `NotYours`, `UserError`.
    """
    with changing(post_id, version, APPROVABLE, _("approved")) as post:
        if post.item.retracted_at is not None:
            raise UserError(
                _("The item was retracted, so nothing about it is published."), _("Cancel the post.")
            )
        registry.leaving(post.channel.network)
        check_texts(post.channel, _texts(post))
        picturing.check(post)
        before = {"state": post.state}
        standing = reviewing.approve(post, user=user, now=now)
        if not standing.enough:
            _approved_by_one(post, user, standing.said, before)
            return post
        post.state, post.problem, post.slot_at = S.APPROVED, "", None
        post.approved_by_id = user.pk if isinstance(user, AbstractBaseUser) else None
        if standing.needed:  # who lets it go again later is not who approved it
            post.approved_by_id = standing.given[-1].user_id
        post.approved_at = now
        save_deed(post, user, "post.approved", before, {"state": post.state, "texts": _texts(post)})
        events.emit("post.approved", post_id=post.pk, channel_id=post.channel_id)
    return post


def ask_changes(post_id: int, *, user: Actor, version: int, text: str, now: datetime) -> Post:
    """Say what shall change: the approvals that it had count no more, and it is a draft that its authors find on their first
    page.

    Raises `Stale`, `UserError`.
    """
    with changing(post_id, version, EDITABLE, _("sent back")) as post:
        before = {"state": post.state}
        comment = reviewing.ask_changes(post, user=user, text=text, now=now)
        save_deed(post, user, "post.changes_asked", before, {"state": post.state, "text": comment.text})
    return post


def edit(post_id: int, *, user: Actor, version: int, texts: Sequence[str], now: datetime) -> Post:
    """Put a person's texts in place of the drafted ones. What was approved is a draft again: the new text is not approved.

    Raises `Stale`, `UserError` (too long by the network's own measure).
    """
    cleaned = [text.replace("\r\n", "\n").strip() for text in texts]
    with changing(post_id, version, EDITABLE, _("edited")) as post:
        check_form(cleaned)
        _check_left(post, cleaned)
        check_texts(post.channel, cleaned)
        before = {"state": post.state, "texts": _texts(post)}
        post.parts = [{"text": text} for text in cleaned]
        post.link = shown_in(cleaned, new=link_for(post.item, post.channel), before=post.link)
        post.edited = True
        post.state, post.problem = picturing.standing(post)
        post.approved_by = post.approved_at = post.slot_at = None
        reviewing.changed(post, user=user, now=now)
        save_deed(post, user, "post.edited", before, {"state": post.state, "texts": cleaned})
    return post


def redraft(post_id: int, *, user: Actor, version: int, now: datetime) -> Post:
    """Put the template's text of today in place of what is there, a person's too. What was approved is a draft again.

    Raises `Stale`, `UserError`.
    """
    with changing(post_id, version, EDITABLE, _("drafted again")) as post:
        if not is_visible(post.item, now):
            raise UserError(_("The item is retracted or under embargo."), _("Nothing is drafted of it now."))
        before = {"state": post.state, "texts": _texts(post)}
        draft = drafted(post.item, post.channel, topics_of(post.item), post)
        _check_left(post, draft.texts)
        post.parts = [{"text": text} for text in draft.texts]
        post.pictures = list(draft.pictures)
        post.item_revision, post.link = post.item.revision, link_for(post.item, post.channel)
        post.state, post.problem = (S.HELD, draft.problem) if draft.problem else (S.DRAFT, "")
        post.edited = False
        post.approved_by = post.approved_at = post.slot_at = None
        reviewing.drafted_anew(post, now=now)
        save_deed(post, user, "post.drafted_again", before, {"state": post.state, "texts": _texts(post)})
    return post


def cancel(post_id: int, *, user: Actor, version: int, reason: str, now: datetime) -> Post:  # noqa: ARG001 - one form for all deeds
    """Stop a post that is not going out yet, for good. Raises `Stale`, `UserError`."""
    with changing(post_id, version, CANCELLABLE, _("cancelled")) as post:
        before = {"state": post.state}
        post.state, post.problem, post.slot_at = (
            S.CANCELLED,
            reason.strip() or gettext_noop("Cancelled by staff."),
            None,
        )
        save_deed(post, user, "post.cancelled", before, {"state": post.state, "reason": post.problem})
    return post


def reschedule(
    post_id: int, *, user: Actor, version: int, at: datetime, now: datetime, override: str = ""
) -> Post:
    """Give an approved post the time `at` (aware), slot or not. Raises `Stale`, `UserError`, `AgainstRules` (quiet time, too near
    another).

    With `override`, a reason, the post goes out then against the channel's rules; never in the past, before the end of an
    embargo, or at another post's time.
    """
    with changing(post_id, version, MOVABLE, _("moved")) as post:
        registry.leaving(post.channel.network)
        if not (standing := reviewing.standing_of(post)).enough:
            raise UserError(
                _("It lacks approvals: %(standing)s.") % {"standing": standing.said},
                _("Approve it first; the time can be changed then."),
            )
        before = {"state": post.state, "slot_at": _iso(post.slot_at)}
        aside = times.choose(post, at, user=user, override=override, now=now)
        post.state, post.problem = S.SCHEDULED, ""
        after = {"state": post.state, "slot_at": _iso(at), **aside}
        save_deed(post, user, "post.rescheduled", before, after)
        events.emit("post.scheduled", post_id=post.pk)
    return post


@contextmanager
def changing(post_id: int, version: int, states: Sequence[str], done: str) -> Iterator[Post]:
    """The post under lock, its channel locked before it, once it is known to be what the person saw and in a right state."""
    with transaction.atomic():
        channel_id = Post.objects.filter(pk=post_id).values_list("channel_id", flat=True).first()
        channel = lock_channel(channel_id) if channel_id else None
        locked = Post.objects.select_for_update(of=("self",), no_key=True).select_related("item")
        post = locked.filter(pk=post_id).first()
        if post is None or channel is None:
            raise UserError(_("There is no such post."), _("Load the list again."))
        post.channel = channel
        if post.version != version:
            raise Stale(
                _("The post has changed since you opened it."),
                _("Compare the two, then repeat what you wanted to do."),
            )
        if post.state not in states:
            raise UserError(
                _("The post cannot be %(done)s now: it is “%(label)s”.")
                % {"done": done, "label": S(post.state).label},
                _("Load the page again to see what can be done with it."),
            )
        yield post


def save_deed(post: Post, user: Actor, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write what a deed made of the post, as its next version, and what was done."""
    post.version += 1
    post.save()
    audit.record(user, action, post, before, after)


def _approved_by_one(post: Post, user: Actor, said: str, before: dict[str, Any]) -> None:
    """One of two said yes. What was stopped waits for the other as a draft."""
    if post.state != S.DRAFT:
        post.state, post.problem, post.slot_at = S.DRAFT, "", None
        post.save(update_fields=["state", "problem", "slot_at"])
    audit.record(user, "post.approved_by_one", post, before, {"state": post.state, "approvals": said})


def _texts(post: Post) -> list[str]:
    return [part["text"] for part in post.parts]


def check_form(texts: Sequence[str]) -> None:
    """Raises `UserError` for texts that are no texts of any post."""
    if len(texts) > MOST_PARTS:
        raise UserError(
            _("A post has at most %(most_parts)s messages; these are %(count)s.")
            % {"most_parts": MOST_PARTS, "count": len(texts)}
        )
    if any(len(text) > LONGEST_PART for text in texts):
        raise UserError(
            _("A message of more than %(longest_part)s characters fits no network.")
            % {"longest_part": f"{LONGEST_PART:,}"}
        )
    if any("\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text) for text in texts):
        raise UserError(_("The text holds a character that no network takes (NUL or half a character)."))


def _check_left(post: Post, texts: Sequence[str]) -> None:
    """A message of a thread that has left stays as it is: what follows it is published below it."""
    rows = post.deliveries.filter(state__in=LEFT, part__isnull=False)
    for part in (row.part or 0 for row in rows.only("part")):
        before = post.parts[part]["text"] if part < len(post.parts) else None
        if before is not None and (part >= len(texts) or texts[part] != before):
            raise UserError(
                _("Part %(value)s has left already, so its text cannot change.") % {"value": part + 1},
                _("Change the parts behind it, or cancel the rest of the post."),
            )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
