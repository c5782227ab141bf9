"""What staff decide about posts that were sent, and about corrections that did not go well. The desk calls these.

A decision is taken for what the person saw: another version of a post, or of the item, is `Stale`, and nothing is done at all.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import Rejected, UserError
from publisher.delivery import budget
from publisher.delivery.amending import approving, costs, effects
from publisher.delivery.amending.choosing import DEEDS, Choice
from publisher.delivery.amending.rows import NOT_SO, locked
from publisher.delivery.amending.standing import Stands, answer_part, standing_of
from publisher.delivery.leaving import outgoing
from publisher.delivery.models import Amendment, Delivery
from publisher.delivery.states import State
from publisher.items.models import Item
from publisher.review import written
from publisher.social.accounts import abilities_of, account_of, check_texts, measured_as
from publisher.social.approval import Stale, check_form
from publisher.social.models import Post
from publisher.social.networks import registry
from publisher.social.networks.base import Ability, Network, Part, Prepared, Receipt
from publisher.social.slots import lock_channel

A, D = Amendment.State, Amendment.Deed
BEING_DELETED = gettext_noop("What had left of it is being deleted.")


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
        super().__init__(
            _("Nothing was done yet."), _("Mend what stands beside the posts, then press again.")
        )
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
    _check_item(item, revision, retracted=retracted)
    channels = Post.objects.filter(item=item).order_by("channel_id").values_list("channel_id", flat=True)
    for channel_id in channels:
        lock_channel(channel_id)
    known = {each.post.pk: each for each in standing_of(item, now=now)}
    decided = {key: one for key, one in decisions.items() if one.choice is not Choice.LATER}
    for post_id, decision in decided.items():
        if post_id not in known or known[post_id].post.version != decision.version:
            raise Stale(
                _("A post has changed since you opened this page."), _("Look at it, then decide again.")
            )
        # As it was read with the post, which is what its amendments are dated by: it may have changed since we began.
        _check_item(known[post_id].post.item, revision, retracted=retracted)
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


def _check_item(item: Item, revision: int, *, retracted: bool) -> None:
    if item.revision != revision or (item.retracted_at is not None) != retracted:
        raise Stale(
            _("The item has changed since you opened this page."), _("Look at it, then decide again.")
        )


def again(amendment_id: int, *, user: Actor, now: datetime) -> Post:
    """Try once more what failed. Raises `UserError`."""
    with locked(amendment_id, (A.FAILED,)) as (amendment, post):
        newer = Amendment.objects.filter(
            delivery=amendment.delivery_id, answer=amendment.answer_id, pk__gt=amendment.pk
        )
        if newer.exists() or (amendment.answer or amendment.delivery).withdrawn_at is not None:
            raise UserError(_("Something else was decided about this message since."), _(NOT_SO))
        _check_budget(post, amendment.price, now)
        amendment.state, amendment.attempts, amendment.due_at, amendment.settled_at = A.QUEUED, 0, now, None
        amendment.save(update_fields=["state", "attempts", "due_at", "settled_at"])
        audit.record(user, "post.correction_again", post, after={"deed": amendment.deed})
        events.emit("correction.asked")
    return post


def delete_answer(amendment_id: int, *, user: Actor, now: datetime) -> Post:
    """Delete an answer of ours that stands below a post. Raises `UserError`."""
    with locked(amendment_id, (A.DONE,)) as (answer, post):
        if why := why_answer_stays(answer):
            raise UserError(why, _(NOT_SO))
        if Amendment.objects.filter(delivery__post=post, state__in=Amendment.OPEN).exists():
            raise UserError(
                _("A correction of this post is under way."), _("When it has ended, do this again.")
            )
        _write(_Press(post, user, now), answer.delivery, D.DELETE, answer.text, answer=answer)
        post.version += 1
        post.save(update_fields=["version"])
        after = {"deed": "delete", "answer": answer.text}
        audit.record(user, "post.correction_asked", post, after=after)
        events.emit("correction.asked")
    return post


def why_answer_stays(answer: Amendment) -> str:
    """Why Publisher cannot delete what an amendment published; "" when it can."""
    if answer.deed != D.REPLY or answer.state != A.DONE or answer.withdrawn_at is not None:
        return _("There is no such answer any more.")
    channel = answer.delivery.channel
    network = registry.networks().get(channel.network) if channel else None
    if channel is None or not isinstance(network, Network):
        return _("Publisher does not send there. Delete it there by hand.")
    if Ability.RETRACT not in abilities_of(network, measured_as(channel)):
        said = _("%(network)s does not let Publisher delete it. Delete it there by hand.")
        return said % {"network": network.label}
    return (
        ""
        if answer.remote_id
        else _("Publisher does not know the answer's id there. Delete it there by hand.")
    )


def call_off(amendment_id: int, *, user: Actor, now: datetime) -> Post:
    """Call off what waits for its turn, or for approval. Raises `UserError`."""
    with locked(amendment_id, (A.QUEUED, A.WAITING)) as (amendment, post):
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
            _("The address must begin with https://."), _("Copy it from the network's own page of the post.")
        )
    with locked(amendment_id, (A.UNKNOWN,)) as (amendment, post):
        if not was_done:
            _check_settled(amendment, post, now)
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


def _check_settled(amendment: Amendment, post: Post, now: datetime) -> None:
    """An answer that is not there may still appear: who looked too early must not have it sent twice. Raises `UserError`."""
    if amendment.deed != D.REPLY or amendment.tried_until is None:
        return
    until = amendment.tried_until + registry.sending(post.channel.network).settles_within
    if until > now:
        raise UserError(
            _("The answer may still appear, since the request was sent only just now."),
            _("Look again in %(ceil)s minutes.") % {"ceil": math.ceil((until - now).total_seconds() / 60)},
        )


def _decide(stands: Stands, decision: Decision, user: Actor, now: datetime) -> None:
    post = stands.post
    if stands.why_not:
        raise UserError(stands.why_not)
    approving.call_off_waiting(post, user=user, now=now)
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
    post, deed, press = stands.post, DEEDS[decision.choice], _Press(stands.post, user, now)
    if why := stands.hindrances[decision.choice]:
        raise UserError(why, _("Choose something else for this post."))
    if deed == D.DELETE:
        texts: list[str] = []
        _delete_all(stands, press)
    else:
        wanted = (
            _edits(stands, decision.edits)
            if deed == D.EDIT
            else [(stands.messages[-1], stands.texts[-1], _answer(stands, decision.reply))]
        )
        texts = [part.text for _row, _replaced, part in wanted]
        rows = [_write(press, row, deed, replaced, part=part) for row, replaced, part in wanted]
        approving.asked(rows, user=user, now=now)
        written.look(post.item, texts, user=user, now=now)
    post.version += 1
    post.save(update_fields=["version", "state", "problem", "slot_at"])
    after = {"deed": deed.value, "texts": texts, "revision": post.item.revision}
    audit.record(user, "post.correction_asked", post, {"texts": list(stands.texts)}, after)


def _delete_all(stands: Stands, press: _Press) -> None:
    """From the newest to the oldest: what we answered below the post, then its messages. What has not left of it stays here."""
    post = stands.post
    unsent = Delivery.objects.filter(post=post, state=State.QUEUED)
    unsent.update(state=State.CANCELLED, reason=BEING_DELETED, settled_at=press.now)
    if post.state != Post.State.SENT:
        post.state, post.problem, post.slot_at = Post.State.CANCELLED, BEING_DELETED, None
    for answer in stands.answers:
        if not why_answer_stays(answer):
            _write(press, answer.delivery, D.DELETE, answer.text, answer=answer)
    for row, text in zip(stands.messages[::-1], stands.texts[::-1], strict=True):
        _write(press, row, D.DELETE, text)


@dataclass(frozen=True)
class _Press:
    """Who asked for something about a post, and when."""

    post: Post
    user: Actor
    now: datetime


def _write(
    press: _Press,
    row: Delivery,
    deed: Amendment.Deed,
    replaced: str,
    *,
    part: Part | None = None,
    answer: Amendment | None = None,
) -> Amendment:
    """The row that asks for one deed; an edit or answer waits where the channel asks for persons who approve. Raises `UserError`
    for what is refused before anybody is asked."""
    post, user, now = press.post, press.user, press.now
    prepared = _prepared(post, part) if part else Prepared({}, uuid.uuid4().hex)
    price = None
    if part and deed == D.REPLY:
        cost = costs.of_answer(post, part, now=now)
        if cost.problem:
            raise UserError(cost.problem, _("Or choose something else for this post."))
        price = cost.price
    waits = part is not None and post.channel.approvals > 0
    return Amendment.objects.create(
        delivery=row,
        state=A.WAITING if waits else A.QUEUED,
        answer=answer,
        deed=deed,
        text=part.text if part else "",
        replaced=replaced,
        revision=post.item.revision,
        prepared=dict(prepared.payload) if part else None,
        idempotency_key=prepared.idempotency_key,
        price=price,
        due_at=now,
        asked_by_id=user.pk if isinstance(user, AbstractBaseUser) else None,
        created_at=now,
    )


def _check_budget(post: Post, price: Decimal | None, now: datetime) -> None:
    """What failed was not counted, and is again from now on. Raises `UserError`."""
    network = registry.sending(post.channel.network)
    if problem := budget.answer_problem(post.channel, network, price, now=now):
        raise UserError(problem)


def _edits(stands: Stands, given: Sequence[str]) -> list[tuple[Delivery, str, Part]]:
    """The messages whose text changes, each with the part that takes its place."""
    texts = [_cleaned(text) for text in given]
    if len(texts) != len(stands.messages):
        raise UserError(
            _("The form had another number of messages than stand there."), _("Load the page again.")
        )
    if not all(texts):
        raise UserError(
            _("A message without a text cannot stand there."), _("Write one, or delete the post.")
        )
    check_form(texts)
    check_texts(stands.post.channel, texts)
    changed = copy(stands.post)
    changed.parts = [dict(part) for part in stands.post.parts]
    for row, text in zip(stands.messages, texts, strict=True):
        changed.parts[row.part or 0]["text"] = text
    try:
        parts = outgoing(changed, stands.post.item).parts
    except Rejected as error:
        raise UserError(error.reason) from None
    wanted = [
        (row, before, parts[row.part or 0])
        for row, before, text in zip(stands.messages, stands.texts, texts, strict=True)
        if before != text
    ]
    if not wanted:
        raise UserError(
            _("This text is what stands there already."), _("Change it, or leave the post as it is.")
        )
    return wanted


def _answer(stands: Stands, given: str) -> Part:
    text = _cleaned(given)
    if not text:
        raise UserError(_("The answer has no text."), _("Write one."))
    check_form([text])
    check_texts(stands.post.channel, [text])
    return answer_part(stands.post, text)


def _prepared(post: Post, part: Part) -> Prepared:
    """Raises `UserError` for what the network is sure to refuse."""
    try:
        network = registry.sending(post.channel.network)
        return network.prepare(part, account_of(post.channel), uuid.uuid4().hex)
    except Rejected as error:
        raise UserError(error.reason, _("Change the text, or choose something else.")) from None
    except CannotDecrypt as error:
        raise UserError(str(error)) from None


def _cleaned(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
