"""What becomes of a post when its item is drafted again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.social.models import Post
from publisher.social.redrafting import ITEM_RETRACTED, REDRAFTED, Deed, Stands, redraft

S = Post.State
OLD, NEW = ("Old text.",), ("New text.",)
STANDS = Stands(state=S.DRAFT, edited=False, problem="", item_revision=1, texts=OLD)


def decide(stands: Stands, *, revision: int = 2, texts: tuple[str, ...] = NEW, holds: bool = False) -> Deed:
    return redraft(stands, revision=revision, texts=texts, holds=holds)


@pytest.mark.parametrize("state", REDRAFTED)
def test_a_new_revision_renews_what_nobody_has_edited(state: Post.State) -> None:
    assert decide(replace(STANDS, state=state)) is Deed.RENEW


@pytest.mark.parametrize("state", REDRAFTED)
def test_a_persons_text_is_kept_and_flagged(state: Post.State) -> None:
    edited = replace(STANDS, state=state, edited=True)
    assert decide(edited) is Deed.FLAG
    assert decide(edited, revision=1) is Deed.LEAVE


@pytest.mark.parametrize("state", sorted(set(S) - set(REDRAFTED)))
def test_what_left_or_was_stopped_is_left_alone(state: Post.State) -> None:
    assert decide(replace(STANDS, state=state)) is Deed.LEAVE


@pytest.mark.parametrize("state", [S.APPROVED, S.SCHEDULED, S.EXPIRED, S.FAILED])
def test_an_approval_holds_as_long_as_the_text_does(state: Post.State) -> None:
    approved = replace(STANDS, state=state)
    assert decide(approved, texts=OLD) is Deed.NOTE
    assert decide(approved, revision=1) is Deed.LEAVE, "topics alone do not undo an approval"


def test_a_draft_follows_the_topics_of_its_item() -> None:
    assert decide(STANDS, revision=1) is Deed.RENEW
    assert decide(STANDS, revision=1, texts=OLD) is Deed.LEAVE


def test_a_post_that_a_broken_template_held_is_tried_again() -> None:
    held = replace(STANDS, state=S.HELD, texts=(), problem="The template failed")
    assert decide(held, revision=1) is Deed.RENEW


def test_a_text_that_no_longer_fits_is_not_left_approved() -> None:
    assert decide(replace(STANDS, state=S.APPROVED), texts=OLD, holds=True) is Deed.RENEW


def test_what_a_retraction_cancelled_comes_back_with_its_item() -> None:
    cancelled = replace(STANDS, state=S.CANCELLED, problem=ITEM_RETRACTED)
    assert decide(cancelled, revision=1) is Deed.RENEW
    assert decide(replace(cancelled, edited=True)) is Deed.FLAG, "a person's text is never overwritten"
    assert decide(replace(STANDS, state=S.CANCELLED, problem="Not ours.")) is Deed.LEAVE
