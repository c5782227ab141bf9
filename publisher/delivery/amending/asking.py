"""What staff decide about posts that were sent, and about corrections that did not go well. The desk calls these.

A decision is taken for what the person saw: another version of a post, or of the item, is `Stale`, and nothing is done at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import Rejected, UserError
from publisher.delivery.amending import effects
from publisher.delivery.amending.choosing import DEEDS, Choice
from publisher.delivery.amending.standing import Stands, answer_part, standing_of
from publisher.delivery.leaving import outgoing
from publisher.delivery.models import Amendment, Delivery
from publisher.items.models import Item
from publisher.social.accounts import account_of, check_texts
from publisher.social.approval import Stale, check_form
from publisher.social.models import Post
from publisher.social.networks import registry
from publisher.social.networks.base import Part, Prepared, Receipt
from publisher.social.slots import lock_channel

A = Amendment.State
NOT_SO = "Load the page again to see what became of it."


@dataclass(frozen=True)
class Decision:
    """About one post: `edits` has a text for each message that stands there, `reply` the answer's."""

    choice: Choice
    version: int
    edits: tuple[str, ...] = ()
    reply: str = ""


class Refused(UserError):
    """What is wrong with decisions, by the id of their post. Nothing was done, about no post."""

    def __init__(self, errors: Mapping[int, UserError]) -> None:
        super().__init__("Nothing was done yet.", "Mend what stands beside the posts, then press again.")
        self.errors = dict(errors)


@transaction.atomic
def correct(
    item_id: int,
    decisions: Mapping[int, Decision],
    *,
    user: Actor,
    revision: int,
    retracted: bool,
    now: datetime,
) -> int:
    """Carry out decisions about posts of an item, by their ids; how many posts something was decided about.

    Deeds are written to be done by the next task. `revision` and `retracted`: the item as the person saw it. Raises `Stale`,
    `Refused`.
    """
    item = Item.objects.get(pk=item_id)
    if item.revision != revision or (item.retracted_at is not None) != retracted:
        raise Stale("The item has changed since you opened this page.", "Look at it, then decide again.")
    channels = Post.objects.filter(item=item).order_by("channel_id").values_list("channel_id", flat=True)
    for channel_id in channels:
        lock_channel(channel_id)
    known = {each.post.pk: each for each in standing_of(item, now=now)}
    decided = {key: one for key, one in decisions.items() if one.choice is not Choice.LATER}
    for post_id, decision in decided.items():
        if post_id not in known or known[post_id].post.version != decision.version:
            raise Stale("A post has changed since you opened this page.", "Look at it, then decide again.")
    errors: dict[int, UserError] = {}
    for post_id, decision in decided.items():
        try:
            _decide(known[post_id], decision, user, now)
        except UserError as error:
            errors[post_id] = error
    if errors:
        raise Refused(errors)
    if decided:
        events.emit("correction.asked")
    return len(decided)


def again(amendment_id: int, *, user: Actor, now: datetime) -> Post:
    """Try once more what failed. Raises `UserError`."""
    with _locked(amendment_id, (A.FAILED,)) as (amendment, post):
        newer = Amendment.objects.filter(delivery=amendment.delivery_id, pk__gt=amendment.pk)
        if newer.exists() or amendment.delivery.withdrawn_at is not None:
            raise UserError("Something else was decided about this message since.", NOT_SO)
        amendment.state, amendment.attempts, amendment.due_at, amendment.settled_at = A.QUEUED, 0, now, None
        amendment.save(update_fields=["state", "attempts", "due_at", "settled_at"])
        audit.record(user, "post.correction_again", post, after={"deed": amendment.deed})
        events.emit("correction.asked")
    return post


def call_off(amendment_id: int, *, user: Actor, now: datetime) -> Post:
    """Call off what waits for its turn. Raises `UserError`."""
    with _locked(amendment_id, (A.QUEUED,)) as (amendment, post):
        amendment.state, amendment.settled_at = A.CANCELLED, now
        if amendment.first_tried_at is None:
            amendment.reason = ""
        amendment.save(update_fields=["state", "settled_at", "reason"])
        audit.record(user, "post.correction_called_off", post, after={"deed": amendment.deed})
    return post


def confirm(amendment_id: int, *, user: Actor, was_done: bool, url: str, now: datetime) -> Post:
    """A person's word on what is unclear: it was done (an answer: at `url`), or not, and is done again. Raises `UserError`."""
    if url and not url.startswith(("https://", "http://")):
        raise UserError(
            "The address must begin with https://.", "Copy it from the network's own page of the post."
        )
    with _locked(amendment_id, (A.UNKNOWN,)) as (amendment, post):
        amendment.held, amendment.reason = False, ""
        if was_done:
            amendment.state, amendment.settled_at, amendment.remote_url = A.DONE, now, url[:2000]
        else:
            amendment.state, amendment.due_at = A.QUEUED, now
        amendment.save(update_fields=["state", "held", "reason", "due_at", "settled_at", "remote_url"])
        after = {"deed": amendment.deed, "was_done": was_done, "url": url}
        audit.record(user, "post.correction_confirmed", post, after=after)
        if was_done:
            effects.done(amendment, Receipt("", url[:2000]), by=user, now=now)
        else:
            events.emit("correction.asked")
    return post


@contextmanager
def _locked(amendment_id: int, states: Sequence[A]) -> Iterator[tuple[Amendment, Post]]:
    """The amendment under lock, its channel locked before it, and its post."""
    with transaction.atomic():
        found = Amendment.objects.filter(pk=amendment_id)
        lock_channel(found.values_list("delivery__channel_id", flat=True).first() or 0)
        amendment = (
            found.select_for_update(of=("self",), no_key=True).select_related("delivery__post__item").first()
        )
        if amendment is None or amendment.delivery.post is None:
            raise UserError("There is no such correction.", NOT_SO)
        if amendment.state not in states:
            raise UserError(f"The correction is “{amendment.get_state_display()}” now.", NOT_SO)
        yield amendment, amendment.delivery.post


def _decide(stands: Stands, decision: Decision, user: Actor, now: datetime) -> None:
    post = stands.post
    if stands.why_not:
        raise UserError(stands.why_not)
    if decision.choice in DEEDS:
        _ask(stands, decision, user, now)
        return
    post.corrected_at, post.corrected_revision = now, post.item.revision
    post.version += 1
    post.save(update_fields=["corrected_at", "corrected_revision", "version"])
    by_hand = decision.choice is Choice.HAND
    action = "post.corrected_by_hand" if by_hand else "post.left_as_it_is"
    urls = [row.remote_url for row in stands.messages if row.remote_url]
    audit.record(user, action, post, after={"texts": list(stands.texts), "url": " ".join(urls)})


def _ask(stands: Stands, decision: Decision, user: Actor, now: datetime) -> None:
    post, deed = stands.post, DEEDS[decision.choice]
    if why := stands.hindrances[decision.choice]:
        raise UserError(why, "Choose something else for this post.")
    if deed == Amendment.Deed.EDIT:
        wanted = _edits(stands, decision.edits)
    elif deed == Amendment.Deed.REPLY:
        wanted = [(stands.messages[-1], stands.texts[-1], _answer(stands, decision.reply))]
    else:
        wanted = [
            (row, text, None) for row, text in zip(stands.messages[::-1], stands.texts[::-1], strict=True)
        ]
    for row, replaced, part in wanted:
        prepared = _prepared(post, part) if part else Prepared({}, uuid.uuid4().hex)
        Amendment.objects.create(
            delivery=row,
            deed=deed,
            text=part.text if part else "",
            replaced=replaced,
            revision=post.item.revision,
            prepared=dict(prepared.payload) if part else None,
            idempotency_key=prepared.idempotency_key,
            due_at=now,
            asked_by_id=user.pk if isinstance(user, AbstractBaseUser) else None,
            created_at=now,
        )
    post.version += 1
    post.save(update_fields=["version"])
    texts = [part.text for _row, _replaced, part in wanted if part]
    after = {"deed": deed.value, "texts": texts, "revision": post.item.revision}
    audit.record(user, "post.correction_asked", post, {"texts": list(stands.texts)}, after)


def _edits(stands: Stands, given: Sequence[str]) -> list[tuple[Delivery, str, Part | None]]:
    """The messages whose text changes, each with the part that takes its place."""
    texts = [_cleaned(text) for text in given]
    if len(texts) != len(stands.messages):
        raise UserError("The form had another number of messages than stand there.", "Load the page again.")
    if not all(texts):
        raise UserError("A message without a text cannot stand there.", "Write one, or delete the post.")
    check_form(texts)
    check_texts(stands.post.channel, texts)
    changed = copy(stands.post)
    changed.parts = [dict(part) for part in stands.post.parts]
    for row, text in zip(stands.messages, texts, strict=True):
        changed.parts[row.part or 0]["text"] = text
    parts = outgoing(changed, stands.post.item).parts
    wanted: list[tuple[Delivery, str, Part | None]] = [
        (row, before, parts[row.part or 0])
        for row, before, text in zip(stands.messages, stands.texts, texts, strict=True)
        if before != text
    ]
    if not wanted:
        raise UserError("This text is what stands there already.", "Change it, or leave the post as it is.")
    return wanted


def _answer(stands: Stands, given: str) -> Part:
    text = _cleaned(given)
    if not text:
        raise UserError("The answer has no text.", "Write one.")
    check_form([text])
    check_texts(stands.post.channel, [text])
    return answer_part(stands.post, text)


def _prepared(post: Post, part: Part) -> Prepared:
    """Raises `UserError` for what the network is sure to refuse."""
    try:
        network = registry.sending(post.channel.network)
        return network.prepare(part, account_of(post.channel), uuid.uuid4().hex)
    except Rejected as error:
        raise UserError(error.reason, "Change the text, or choose something else.") from None
    except CannotDecrypt as error:
        raise UserError(str(error)) from None


def _cleaned(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
