"""What stands on the networks of an item, read for the desk and for `asking.py`: each post, its messages, what can be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from publisher.core.errors import Rejected
from publisher.delivery.amending import costs
from publisher.delivery.amending.choosing import DEEDS, Choice, Facts, hindrances, proposed, why_left
from publisher.delivery.amending.texts import Words, words_for
from publisher.delivery.models import Amendment, Delivery
from publisher.delivery.states import LEFT_US, UNFINISHED, State
from publisher.items.models import Item
from publisher.social.accounts import abilities_of, measured_as
from publisher.social.models import Post
from publisher.social.networks import registry
from publisher.social.networks.base import ByHand, Explaining, Network, Part

S = Post.State
GOING = (S.APPROVED, S.SCHEDULED, S.SENDING)
LISTED = LEFT_US | {State.SENDING, State.HANDED, State.UNKNOWN}

SAMPLE = "Correction."
"""A text that fits everywhere: whether a network takes an answer at all is tried with it."""


@dataclass(frozen=True)
class Stands:
    """One post that was sent, or may have been, or is with a person who posts it. `why_not`: why nothing can be decided about it
    now; "" if it can. `answers`: those of ours below it."""

    post: Post
    messages: tuple[Delivery, ...]  # those that stand there, in their order
    texts: tuple[str, ...]  # of the messages
    amendments: tuple[Amendment, ...]  # newest first
    answers: tuple[Amendment, ...]  # newest first
    why_not: str
    unclear: Delivery | None
    with_person: bool
    facts: Facts
    words: Words
    hindrances: Mapping[Choice, str]
    proposed: Choice
    why_left: str

    @property
    def by_hand_only(self) -> bool:
        return all(self.hindrances.values())


def standing_of(item: Item, *, now: datetime) -> list[Stands]:
    """Every post of the item that was sent or may have been, or waits for a person to post it; by channel."""
    posts = {
        post.pk: post for post in Post.objects.filter(item=item).select_related("channel__schedule", "item")
    }
    rows: dict[int, list[Delivery]] = defaultdict(list)
    for row in Delivery.objects.filter(post__in=posts).order_by("part"):
        rows[row.post_id or 0].append(row)
    amended: dict[int, list[Amendment]] = defaultdict(list)
    for amendment in Amendment.objects.filter(delivery__post__in=posts).select_related(
        "asked_by", "delivery"
    ):
        amended[amendment.delivery.post_id or 0].insert(0, amendment)
    known = [
        _stands(post, rows[post.pk], amended[post.pk], now)
        for post in posts.values()
        if any(row.state in LISTED for row in rows[post.pk])
    ]
    return sorted(known, key=lambda each: each.post.channel.name)


def needing(item: Item) -> int:
    """How many sent posts of the item say what it does not say any more, and nobody has dealt with it."""
    sent = Post.objects.filter(item=item, withdrawn_at__isnull=True, deliveries__state__in=LEFT_US).distinct()
    if item.retracted_at is not None:
        return sent.filter(Q(corrected_at__isnull=True) | Q(corrected_at__lt=item.retracted_at)).count()
    return sent.filter(item_revision__lt=item.revision, corrected_revision__lt=item.revision).count()


def answer_part(post: Post, text: str) -> Part:
    """An answer below a post, as its network is given it."""
    number = len(post.parts)
    return Part(text, "", post.language, None, number, number + 1)


def _stands(post: Post, rows: Sequence[Delivery], amendments: Sequence[Amendment], now: datetime) -> Stands:
    messages = _standing(rows)
    texts = tuple(_text(post, row) for row in messages)
    words = words_for(post.item, post.channel, texts)
    facts = _facts(post, rows, amendments, words, now)
    replies = (each for each in amendments if each.deed == Amendment.Deed.REPLY and each.withdrawn_at is None)
    return Stands(
        post=post,
        messages=messages,
        texts=texts,
        amendments=tuple(amendments),
        answers=tuple(each for each in replies if each.state == Amendment.State.DONE),
        why_not=_why_not(post, rows, amendments),
        unclear=next((row for row in rows if row.state == State.UNKNOWN), None),
        with_person=any(row.state == State.HANDED for row in rows),
        facts=facts,
        words=words,
        hindrances=hindrances(facts),
        proposed=proposed(facts),
        why_left=why_left(facts),
    )


def _standing(rows: Sequence[Delivery]) -> tuple[Delivery, ...]:
    return tuple(row for row in rows if row.state in LEFT_US and row.withdrawn_at is None)


def _text(post: Post, row: Delivery) -> str:
    part = row.part or 0
    return str(post.parts[part]["text"]) if part < len(post.parts) else ""


def _why_not(post: Post, rows: Sequence[Delivery], amendments: Sequence[Amendment]) -> str:
    states = {row.state for row in rows}
    if State.UNKNOWN in states:
        return _("Nobody knows yet whether all of it was published. When that is known, it can be corrected.")
    if State.HANDED in states:
        return _(
            "It is with a person now, who is to post it. When that is done, or it is taken back, it can be corrected."
        )
    if State.SENDING in states:
        return _("It is going out at this moment. When it has left, it can be corrected.")
    if any(each.state in Amendment.OPEN for each in amendments):
        return _("A correction is under way. What waits for its turn can be called off below.")
    if post.withdrawn_at is not None:
        return _("It was deleted.")
    return ""


def _facts(
    post: Post, rows: Sequence[Delivery], amendments: Sequence[Amendment], words: Words, now: datetime
) -> Facts:
    item, network = post.item, registry.networks().get(post.channel.network)
    since = item.retracted_at
    recent = [each for each in amendments if since is None or each.created_at >= since]
    choices = {deed: choice for choice, deed in DEEDS.items()}
    messages = _standing(rows)
    texts = tuple(_text(post, row) for row in messages)
    sends = network if isinstance(network, Network) and not isinstance(network, ByHand) else None
    answer = answer_part(post, words.reply)
    return Facts(
        label=network.label if network else post.channel.network,
        abilities=abilities_of(sends, measured_as(post.channel)) if sends else None,
        by_hand=isinstance(network, ByHand),
        going=post.state in GOING or any(row.state in UNFINISHED for row in rows),
        has_ids=all(row.remote_id for row in messages),
        retracted=since is not None,
        outdated=max(post.item_revision, post.corrected_revision) < item.revision,
        embargoed=item.embargo_until is not None and item.embargo_until > now,
        dealt_with=since is not None and post.corrected_at is not None and post.corrected_at >= since,
        same=not words.problem and words.edits == texts,
        text_problem=words.problem,
        reply_problem=costs.of_answer(post, answer, now=now).problem,
        refused=frozenset(
            choices[Amendment.Deed(each.deed)]
            for each in recent
            if each.state == Amendment.State.FAILED and each.revision == item.revision and not each.answer_id
        ),
        unprepared=_unprepared(post, sends) if sends else None,
    )


def _unprepared(post: Post, network: Network[Any]) -> dict[Choice, str]:
    why_no_edit = network.why_no_edit if isinstance(network, Explaining) else ""
    return {Choice.EDIT: why_no_edit, Choice.REPLY: _refused_answer(post)}


def _refused_answer(post: Post) -> str:
    """Why the network takes no answer on this channel, before anybody is asked; "" when it may."""
    channel = post.channel
    account = measured_as(channel)
    try:
        registry.sending(channel.network).prepare(answer_part(post, SAMPLE), account, "sample")
    except Rejected as error:
        return error.reason
    return ""
