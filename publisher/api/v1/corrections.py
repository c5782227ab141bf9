"""Correct everywhere: what stands on the networks of an item, what can be done about it, and what became of that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field

from publisher.api.problems import ProblemError
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import BodyId, Flag, Given, Id, OneOf, Shape, Text, Url, Version
from publisher.core import clock
from publisher.delivery.amending import approving, asking
from publisher.delivery.amending.asking import Decision
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.standing import Stands, standing_of
from publisher.delivery.models import Amendment
from publisher.items.models import Item
from publisher.people.permissions import PUBLISH, SEE_DESK
from publisher.social.models import Post

DecisionChoice = Annotated[str, OneOf.of(each.value for each in Choice)]
DeedName = Annotated[str, OneOf.of(Amendment.Deed.values)]
AmendmentState = Annotated[str, OneOf.of(Amendment.State.values)]


class CorrectionOut(Shape):
    """One deed on a message that was sent."""

    id: int
    post_id: int
    delivery_id: int
    deed: DeedName
    state: AmendmentState
    text: str
    reason: str
    url: str
    asked_by: str | None
    created_at: datetime
    settled_at: datetime | None


class StandingOut(Shape):
    """One post that was sent, or may have been."""

    post_id: int
    version: int
    channel: str
    texts: list[str] = Field(description="Of the messages that stand there.")
    proposed: DecisionChoice
    proposed_texts: list[str]
    proposed_reply: str
    cannot: dict[str, str] = Field(description="Why edit, reply or delete cannot be done, where they cannot.")
    why_not: str = Field(description="Why nothing can be decided about it now; empty if it can.")


class CorrectionsOut(Shape):
    """All of an item. `revision` and `retracted` are to be sent back with the decisions."""

    item_id: int
    revision: int
    retracted: bool
    standing: list[StandingOut]
    corrections: list[CorrectionOut]


class DecisionIn(Given):
    post_id: BodyId
    version: Version
    choice: DecisionChoice
    texts: list[Text] = Field(default_factory=list, max_length=25, description="For edit: all messages.")
    reply: Text = Field("", description="For reply: the answer.")


class DecisionsIn(Given):
    revision: Version
    retracted: Flag
    decisions: list[DecisionIn] = Field(min_length=1, max_length=100)


class DoneIn(Given):
    was_done: Flag
    url: Url = Field("", description="Of an answer that is there.")


@reads("/items/{int:item_id}/corrections", SEE_DESK, tag="corrections")
def read_corrections(request: HttpRequest, item_id: Id) -> CorrectionsOut:  # noqa: ARG001 - ninja's signature
    """What stands where, what can be done, what is proposed, and what became of corrections before."""
    return _all_of(get_object_or_404(Item, pk=item_id))


@does("/items/{int:item_id}/correct", PUBLISH, tag="corrections")
def correct_item(request: HttpRequest, item_id: Id, given: DecisionsIn) -> CorrectionsOut:
    """Carry out decisions about posts of an item: all of them, or none."""
    item = get_object_or_404(Item, pk=item_id)
    decisions = {
        each.post_id: Decision(Choice(each.choice), each.version, tuple(each.texts), each.reply)
        for each in given.decisions
    }
    if len(decisions) < len(given.decisions):
        raise ProblemError(422, "refused", "A post stands twice among the decisions.", "Name each post once.")
    asking.correct(
        item.pk,
        decisions,
        user=user_of(request),
        revision=given.revision,
        retracted=given.retracted,
        now=clock.now(),
    )
    return _all_of(item)


@reads("/corrections/{int:correction_id}", SEE_DESK, tag="corrections")
def read_correction(request: HttpRequest, correction_id: Id) -> CorrectionOut:  # noqa: ARG001 - ninja's signature
    """One correction."""
    return _of(get_object_or_404(_known(), pk=correction_id))


@does("/corrections/{int:correction_id}/again", PUBLISH, tag="corrections")
def try_correction_again(request: HttpRequest, correction_id: Id) -> CorrectionOut:
    """Try once more what failed."""
    return _act(request, correction_id, asking.again)


@does("/corrections/{int:correction_id}/approve", PUBLISH, tag="corrections")
def approve_correction(request: HttpRequest, correction_id: Id) -> CorrectionOut:
    """Say yes to an edit or answer that waits for approval. Never by who asked for it; where the channel asks for two persons, it
    waits for the second."""
    return _act(request, correction_id, approving.approve)


@does("/corrections/{int:correction_id}/call-off", PUBLISH, tag="corrections")
def call_correction_off(request: HttpRequest, correction_id: Id) -> CorrectionOut:
    """Call off what waits for its turn, or for approval."""
    return _act(request, correction_id, asking.call_off)


@does("/corrections/{int:correction_id}/delete-answer", PUBLISH, tag="corrections")
def delete_answer(request: HttpRequest, correction_id: Id) -> CorrectionOut:
    """Delete an answer of ours that stands below a post."""
    return _act(request, correction_id, asking.delete_answer)


@does("/corrections/{int:correction_id}/confirm", PUBLISH, tag="corrections")
def confirm_correction(request: HttpRequest, correction_id: Id, given: DoneIn) -> CorrectionOut:
    """Say of an unclear correction whether it was done; one that was not is done again."""

    def say(amendment_id: int, **more: Any) -> Post:
        return asking.confirm(amendment_id, was_done=given.was_done, url=given.url.strip(), **more)

    return _act(request, correction_id, say)


def _act(request: HttpRequest, correction_id: int, deed: Callable[..., object]) -> CorrectionOut:
    get_object_or_404(Amendment, pk=correction_id)
    deed(correction_id, user=user_of(request), now=clock.now())
    return _of(_known().get(pk=correction_id))


def _known() -> Any:
    return Amendment.objects.select_related("delivery", "asked_by")


def _all_of(item: Item) -> CorrectionsOut:
    rows = _known().filter(delivery__post__item=item).order_by("-pk")
    return CorrectionsOut(
        item_id=item.pk,
        revision=item.revision,
        retracted=item.retracted_at is not None,
        standing=[_stands(each) for each in standing_of(item, now=clock.now())],
        corrections=[_of(row) for row in rows],
    )


def _stands(each: Stands) -> StandingOut:
    return StandingOut(
        post_id=each.post.pk,
        version=each.post.version,
        channel=each.post.channel.name,
        texts=list(each.texts),
        proposed=each.proposed.value,
        proposed_texts=list(each.words.edits),
        proposed_reply=each.words.reply,
        cannot={choice.value: why for choice, why in each.hindrances.items() if why},
        why_not=each.why_not,
    )


def _of(row: Amendment) -> CorrectionOut:
    return CorrectionOut(
        id=row.pk,
        post_id=row.delivery.post_id or 0,
        delivery_id=row.delivery_id,
        deed=row.deed,
        state=row.state,
        text=row.text,
        reason=row.reason,
        url=row.remote_url,
        asked_by=row.asked_by.get_username() if row.asked_by else None,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
