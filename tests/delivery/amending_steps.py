"""Correcting what was sent, in few words: a post that went out, a decision about it, and the clock that carries it out."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.delivery.amending import asking, claim, doing, doubts
from publisher.delivery.amending.asking import Decision
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.standing import Stands, standing_of
from publisher.delivery.models import Amendment
from publisher.items.models import Item
from publisher.social import channels
from publisher.social.models import Channel, Post
from tests.builders import NOON
from tests.delivery.post_steps import until_settled
from tests.social.steps import a_scheduled_post, an_editor, fresh, revise

LATER = NOON + timedelta(hours=1)


def a_sent_post(channel: Channel, **item: object) -> Post:
    """A post that went out at noon."""
    post = a_scheduled_post(channel, **item)
    until_settled()
    sent = fresh(post)
    assert sent.state == "sent", sent.problem
    return sent


def revised(post: Post, title: str = "Harvests are back in Sorrel Valley") -> Item:
    return revise(fresh(post).item, title=title)


def retracted(post: Post, *, at: datetime = LATER) -> Item:
    Item.objects.filter(pk=post.item_id).update(retracted_at=at, retraction_reason="Wrong figures.")
    return fresh(post).item


def stands(post: Post, *, now: datetime = LATER) -> Stands:
    (found,) = [each for each in standing_of(fresh(post).item, now=now) if each.post.pk == post.pk]
    return found


def decide(
    post: Post, choice: Choice | None = None, *, edits: tuple[str, ...] = (), reply: str = ""
) -> Decision:
    """What is proposed, unless told otherwise."""
    now = stands(post)
    return Decision(
        choice or now.proposed, now.post.version, edits or now.words.edits, reply or now.words.reply
    )


def ask(*posts: Post, now: datetime = LATER, **decisions: Decision) -> int:
    """Press the button, with what is proposed for these posts."""
    item = fresh(posts[0]).item
    return asking.correct(
        item.pk,
        {post.pk: decisions.get(f"p{post.pk}") or decide(post) for post in posts},
        user=an_editor(),
        revision=item.revision,
        retracted=item.retracted_at is not None,
        now=now,
    )


def tick(now: datetime = LATER) -> None:
    """What the task does, once."""
    claim.sweep(now=now)
    doubts.resolve(now=now)
    for amendment_id in doing.due(now=now):
        doing.do(amendment_id, now=now)


def until_done(*, start: datetime = LATER, hours: int = 3) -> None:
    """Let the clock go on, repairing channels, until nothing is left to do or only a person can tell."""
    for minute in range(hours * 60):
        tick(start + timedelta(minutes=minute))
        for channel in Channel.objects.exclude(paused_reason=""):
            channels.resume(channel.pk, user=None)
        if not Amendment.objects.filter(state__in=Amendment.OPEN, held=False).exists():
            return


def outcomes(post: Post) -> list[tuple[str, str]]:
    """Deed and state of each amendment of a post, in order."""
    rows = Amendment.objects.filter(delivery__post=post)
    return list(rows.values_list("deed", "state"))
