"""What staff decide about a post: approve, edit, cancel, give it another time. The desk and the demo call these.

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

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.items.visibility import is_visible
from publisher.schedule.quiet import why_not
from publisher.schedule.rules import ScheduleRules
from publisher.schedule.slots import next_free_slot
from publisher.social import picturing
from publisher.social.accounts import check_texts
from publisher.social.composing import link_for, topics_of
from publisher.social.drafting import drafted
from publisher.social.links import shown_in
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.redrafting import LEFT
from publisher.social.slots import lock_channel, taken

S = Post.State
APPROVABLE = (S.DRAFT, S.HELD, S.EXPIRED, S.FAILED)
EDITABLE = (S.DRAFT, S.HELD, S.APPROVED, S.SCHEDULED, S.EXPIRED, S.FAILED)
CANCELLABLE = EDITABLE
MOVABLE = (S.APPROVED, S.SCHEDULED, S.EXPIRED)

LONGEST_PART = 20_000
MOST_PARTS = 25


class Stale(UserError):
    """Somebody or something has changed the post since the form was shown."""


def approve(post_id: int, *, user: Actor, version: int, now: datetime) -> Post:
    """Let it go out: it waits for the next free slot of its channel.

    A failed post may be approved again: nothing of what failed was published. Raises `Stale`, `UserError`.
    """
    with changing(post_id, version, APPROVABLE, "approved") as post:
        if post.item.retracted_at is not None:
            raise UserError("The item was retracted, so nothing about it is published.", "Cancel the post.")
        registry.leaving(post.channel.network)
        check_texts(post.channel, _texts(post))
        picturing.check(post)
        before = {"state": post.state}
        post.state, post.problem, post.slot_at = S.APPROVED, "", None
        post.approved_by_id = user.pk if isinstance(user, AbstractBaseUser) else None
        post.approved_at = now
        save_deed(post, user, "post.approved", before, {"state": post.state, "texts": _texts(post)})
        events.emit("post.approved", post_id=post.pk, channel_id=post.channel_id)
    return post


def edit(post_id: int, *, user: Actor, version: int, texts: Sequence[str], now: datetime) -> Post:  # noqa: ARG001 - one form for all deeds
    """Put a person's texts in place of the drafted ones. What was approved is a draft again: the new text is not approved.

    Raises `Stale`, `UserError` (too long by the network's own measure).
    """
    cleaned = [text.replace("\r\n", "\n").strip() for text in texts]
    with changing(post_id, version, EDITABLE, "edited") as post:
        check_form(cleaned)
        _check_left(post, cleaned)
        check_texts(post.channel, cleaned)
        before = {"state": post.state, "texts": _texts(post)}
        post.parts = [{"text": text} for text in cleaned]
        post.link = shown_in(cleaned, new=link_for(post.item, post.channel), before=post.link)
        post.edited = True
        post.state, post.problem = picturing.standing(post)
        post.approved_by = post.approved_at = post.slot_at = None
        save_deed(post, user, "post.edited", before, {"state": post.state, "texts": cleaned})
    return post


def redraft(post_id: int, *, user: Actor, version: int, now: datetime) -> Post:
    """Put the template's text of today in place of what is there, a person's too. What was approved is a draft again.

    Raises `Stale`, `UserError`.
    """
    with changing(post_id, version, EDITABLE, "drafted again") as post:
        if not is_visible(post.item, now):
            raise UserError("The item is retracted or under embargo.", "Nothing is drafted of it now.")
        before = {"state": post.state, "texts": _texts(post)}
        draft = drafted(post.item, post.channel, topics_of(post.item), post)
        _check_left(post, draft.texts)
        post.parts = [{"text": text} for text in draft.texts]
        post.pictures = list(draft.pictures)
        post.item_revision, post.link = post.item.revision, link_for(post.item, post.channel)
        post.state, post.problem = (S.HELD, draft.problem) if draft.problem else (S.DRAFT, "")
        post.edited = False
        post.approved_by = post.approved_at = post.slot_at = None
        save_deed(post, user, "post.drafted_again", before, {"state": post.state, "texts": _texts(post)})
    return post


def cancel(post_id: int, *, user: Actor, version: int, reason: str, now: datetime) -> Post:  # noqa: ARG001 - one form for all deeds
    """Stop a post that is not going out yet, for good. Raises `Stale`, `UserError`."""
    with changing(post_id, version, CANCELLABLE, "cancelled") as post:
        before = {"state": post.state}
        post.state, post.problem, post.slot_at = S.CANCELLED, reason.strip() or "Cancelled by staff.", None
        save_deed(post, user, "post.cancelled", before, {"state": post.state, "reason": post.problem})
    return post


def reschedule(post_id: int, *, user: Actor, version: int, at: datetime, now: datetime) -> Post:
    """Give an approved post the time `at` (aware), slot or not. Raises `Stale`, `UserError` (quiet time, too near another)."""
    with changing(post_id, version, MOVABLE, "moved") as post:
        registry.leaving(post.channel.network)
        _check_time(post, at, now)
        before = {"state": post.state, "slot_at": _iso(post.slot_at)}
        post.state, post.slot_at, post.problem = S.SCHEDULED, at, ""
        save_deed(post, user, "post.rescheduled", before, {"state": post.state, "slot_at": _iso(at)})
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
            raise UserError("There is no such post.", "Load the list again.")
        post.channel = channel
        if post.version != version:
            raise Stale(
                "The post has changed since you opened it.",
                "Compare the two, then repeat what you wanted to do.",
            )
        if post.state not in states:
            raise UserError(
                f"The post cannot be {done} now: it is “{S(post.state).label}”.",
                "Load the page again to see what can be done with it.",
            )
        yield post


def save_deed(post: Post, user: Actor, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write what a deed made of the post, as its next version, and what was done."""
    post.version += 1
    post.save()
    audit.record(user, action, post, before, after)


def _texts(post: Post) -> list[str]:
    return [part["text"] for part in post.parts]


def check_form(texts: Sequence[str]) -> None:
    """Raises `UserError` for texts that are no texts of any post."""
    if len(texts) > MOST_PARTS:
        raise UserError(f"A post has at most {MOST_PARTS} messages; these are {len(texts)}.")
    if any(len(text) > LONGEST_PART for text in texts):
        raise UserError(f"A message of more than {LONGEST_PART:,} characters fits no network.")
    if any("\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text) for text in texts):
        raise UserError("The text holds a character that no network takes (NUL or half a character).")


def _check_left(post: Post, texts: Sequence[str]) -> None:
    """A message of a thread that has left stays as it is: what follows it is published below it."""
    rows = post.deliveries.filter(state__in=LEFT, part__isnull=False)
    for part in (row.part or 0 for row in rows.only("part")):
        before = post.parts[part]["text"] if part < len(post.parts) else None
        if before is not None and (part >= len(texts) or texts[part] != before):
            raise UserError(
                f"Part {part + 1} has left already, so its text cannot change.",
                "Change the parts behind it, or cancel the rest of the post.",
            )


def _check_time(post: Post, at: datetime, now: datetime) -> None:
    channel, rules = post.channel, post.channel.schedule.rules()
    embargo = post.item.embargo_until
    if at <= now:
        raise UserError("That time has passed.", "Choose one in the future.")
    if embargo and at < embargo:
        raise UserError(
            f"The item is under embargo until {_local(channel, embargo)}.", "Choose a later time."
        )
    if why := why_not(rules, at):
        raise UserError(f"The channel is silent then: {why}.", _suggestion(channel, post, now))
    _check_day(post, rules, at, now)
    for other in _others(post, now):
        if abs(other - at) < rules.least_gap or other == at:
            least = int(rules.least_gap.total_seconds() // 60)
            gap = f" At least {least} minutes lie between two." if least else ""
            when = _local(channel, other)
            raise UserError(
                f"Another post of this channel goes out at {when}.{gap}", _suggestion(channel, post, now)
            )


def _check_day(post: Post, rules: ScheduleRules, at: datetime, now: datetime) -> None:
    day = at.astimezone(rules.zone).date()
    there = sum(other.astimezone(rules.zone).date() == day for other in _others(post, now))
    if rules.most_per_day is not None and there >= rules.most_per_day:
        raise UserError(
            f"The channel takes {rules.most_per_day} a day at most, and {day:%-d %B %Y} is full.",
            _suggestion(post.channel, post, now),
        )


def _others(post: Post, now: datetime) -> list[datetime]:
    return [at for at in taken(post.channel_id, now) if at != post.slot_at]


def _suggestion(channel: Channel, post: Post, now: datetime) -> str:
    free = next_free_slot(channel.schedule.rules(), now=now, taken=_others(post, now))
    return f"The next free slot is {_local(channel, free)}." if free else "Choose another time."


def _local(channel: Channel, at: datetime) -> str:
    zone = channel.schedule.rules().zone
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y, %H:%M} ({zone.key})"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
