"""One or two persons approve a post, never who wrote it; what was changed is approved again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.review.approvals import NotYours
from publisher.review.models import Approval, Comment
from publisher.social import approval, picture_deeds, reviewing, saving
from publisher.social.drafting import draft_item
from publisher.social.models import Channel, Post
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel
from tests.delivery.post_steps import tick
from tests.review.steps import approve, edit
from tests.social.steps import a_draft, a_sandbox_channel, an_editor, fresh, revise, text_of

pytestmark = pytest.mark.django_db


def a_draft_for(persons: int) -> Post:
    return a_draft(a_sandbox_channel(approvals=persons))


def given(post: Post) -> int:
    return len(reviewing.standing_of(fresh(post)).given)


def test_without_persons_asked_for_who_wrote_it_lets_it_go() -> None:
    post = a_draft_for(0)
    edit(post, "Mine.", "ada")
    assert approve(post, "ada").state == "approved"


def test_of_two_the_first_is_kept_and_the_last_gives_it_its_slot() -> None:
    post = a_draft_for(2)
    first = approve(post, "ada")
    assert (first.state, first.version, given(post)) == ("draft", post.version, 1)
    assert give_slots(post.channel_id, now=NOON) == 0
    assert approve(post, "ben").state == "approved"
    assert give_slots(post.channel_id, now=NOON) == 1
    assert [e.actor_name for e in AuditEntry.objects.filter(action="post.approved_by_one")] == ["ada"]


def test_nobody_approves_twice() -> None:
    post = a_draft_for(2)
    approve(post, "ada")
    with pytest.raises(NotYours, match="already: 1 of 2"):
        approve(post, "ada")
    assert given(post) == 1


@pytest.mark.parametrize("persons", [1, 2])
def test_whoever_changed_it_may_not_approve_it(persons: int) -> None:
    post = a_draft_for(persons)
    edit(post, "Mine.", "ada")
    edit(post, "Ours.", "ben")
    for author in ("ada", "ben"):
        with pytest.raises(NotYours, match="somebody else"):
            approve(post, author)
    assert fresh(post).state == "draft"


def test_a_command_line_is_no_person_who_approves() -> None:
    post = a_draft_for(1)
    for actor in (None, "ada@host"):
        with pytest.raises(NotYours, match="signed in"):
            approval.approve(post.pk, user=actor, version=post.version, now=NOON)


def test_the_text_of_an_author_who_presses_save_and_approve_is_saved() -> None:
    post = a_draft_for(1)
    saved = saving.save_and_approve(
        post.pk, user=an_editor("ada"), version=post.version, texts=["Mine."], described={}, now=NOON
    )
    assert (text_of(post), fresh(post).state) == ("Mine.", "draft")
    assert saved.refused
    with pytest.raises(NotYours):  # there is nothing to save any more
        saving.save_and_approve(
            post.pk,
            user=an_editor("ada"),
            version=saved.post.version,
            texts=["Mine."],
            described={},
            now=NOON,
        )


def test_an_edit_takes_every_approval_back_and_keeps_it_in_the_history() -> None:
    post = a_draft_for(2)
    approve(post, "ada")
    approve(post, "ben")
    edit(post, "Other words.", "cyn")
    assert (fresh(post).state, given(post)) == ("draft", 0)
    assert Approval.objects.exclude(outdated_at=None).count() == 2
    assert Approval.objects.earliest("pk").content["texts"] != ["Other words."]


def test_words_that_are_put_back_are_approved_again() -> None:
    post = a_draft_for(2)
    before = text_of(post)
    approve(post, "ada")
    edit(post, "Other words.", "cyn")
    edit(post, before, "cyn")
    assert given(post) == 0
    assert approve(post, "ada").state == "draft"


def test_a_picture_that_is_described_is_approved_again_by_somebody_else() -> None:
    post = a_draft_for(1)
    picture = {"digest": "a" * 64, "alt": "A well", "focus": None, "url": "https://office.example.org/a.png"}
    Post.objects.filter(pk=post.pk).update(pictures=[picture])
    approve(post, "ada")
    picture_deeds.describe(
        post.pk,
        user=an_editor("ada"),
        version=fresh(post).version,
        number=0,
        alt="A dry well",
        focus=None,
        now=NOON,
    )
    assert given(post) == 0
    with pytest.raises(NotYours):
        approve(post, "ada")


def test_drafting_again_from_the_template_leaves_no_author() -> None:
    post = a_draft_for(1)
    edit(post, "Mine.", "ada")
    approval.redraft(post.pk, user=an_editor("ada"), version=fresh(post).version, now=NOON)
    assert approve(post, "ada").state == "approved"


def test_a_new_revision_of_the_item_that_renews_the_text_is_approved_again() -> None:
    post = a_draft_for(2)
    approve(post, "ada")
    revise(post.item, title="Farmers share what they learned, and more")
    draft_item(post.item_id, now=NOON)
    assert given(post) == 0
    assert approve(post, "ada").state == "draft"


def test_a_new_revision_takes_the_approval_of_an_edited_text_back_and_keeps_its_authors() -> None:
    post = a_draft_for(1)
    edit(post, "Mine.", "ada")
    approve(post, "ben")
    revise(post.item, title="Another title")
    draft_item(post.item_id, now=NOON)
    assert (fresh(post).state, given(post)) == ("draft", 0)
    with pytest.raises(NotYours):
        approve(post, "ada")


def test_a_revision_that_changes_nothing_of_the_text_keeps_the_approvals() -> None:
    post = a_draft_for(2)
    approve(post, "ada")
    revise(post.item, contact="press@office.example.org")
    draft_item(post.item_id, now=NOON)
    assert given(post) == 1


def test_another_time_needs_no_other_approval() -> None:
    post = a_draft_for(1)
    approve(post, "ada")
    at = NOON + timedelta(hours=1)
    moved = approval.reschedule(post.pk, user=an_editor("ben"), version=fresh(post).version, at=at, now=NOON)
    assert (moved.state, moved.slot_at, given(post)) == ("scheduled", at, 1)


def test_what_missed_its_slot_is_let_go_again_by_anybody_since_it_is_approved() -> None:
    post = a_draft_for(1)
    edit(post, "Mine.", "ada")
    approve(post, "ben")
    Post.objects.filter(pk=post.pk).update(state="expired")
    again = approve(post, "ada")
    assert (again.state, again.approved_by) == ("approved", an_editor("ben"))


def test_a_request_for_changes_makes_it_a_draft_again_until_it_is_changed() -> None:
    post = a_draft_for(1)
    approve(post, "ben")
    give_slots(post.channel_id, now=NOON)
    sent_back = approval.ask_changes(
        post.pk, user=an_editor("cyn"), version=fresh(post).version, text="Name the valley.", now=NOON
    )
    assert (sent_back.state, sent_back.slot_at, given(post)) == ("draft", None, 0)
    assert Comment.objects.get().answered_at is None
    edit(post, "In Sorrel Valley.", "ada")
    assert Comment.objects.get().answered_at == NOON


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001])
def test_a_request_without_words_changes_nothing(text: str) -> None:
    post = a_draft_for(1)
    approve(post, "ben")
    with pytest.raises(UserError):
        approval.ask_changes(post.pk, user=an_editor("cyn"), version=fresh(post).version, text=text, now=NOON)
    assert fresh(post).state == "approved"


def test_nothing_is_approved_by_itself_where_persons_approve() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        a_channel(auto_approve=True, approvals=1)
    channel = a_channel(approvals=1)
    channel.auto_approve = True
    with pytest.raises(Exception, match="exclude each other"):
        channel.clean()


@pytest.mark.parametrize("state", ["approved", "scheduled"])
def test_what_waits_when_a_channel_begins_to_ask_for_persons_is_a_draft_again(state: str) -> None:
    post = a_draft_for(0)
    edit(post, "Mine.", "ada")
    approve(post, "ada")
    if state == "scheduled":
        give_slots(post.channel_id, now=NOON)
    Channel.objects.update(approvals=1)
    give_slots(post.channel_id, now=NOON)
    for minute in range(5):
        tick(now=NOON + timedelta(minutes=minute))
    assert fresh(post).state == "draft"
    assert "0 of 1 approval" in fresh(post).problem
    assert not fresh(post).deliveries.exists()


def test_what_changed_unseen_is_not_sent() -> None:
    """Whatever writes a text and forgets to say so: the approval was of another content."""
    post = a_draft_for(1)
    approve(post, "ada")
    give_slots(post.channel_id, now=NOON)
    Post.objects.filter(pk=post.pk).update(parts=[{"text": "Smuggled in."}])
    for minute in range(5):
        tick(now=NOON + timedelta(minutes=minute))
    assert fresh(post).state == "draft"
    assert not fresh(post).deliveries.exists()
