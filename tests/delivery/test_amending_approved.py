"""Corrections on a channel that asks for approvals: what they say is approved by others, what they delete is not waited for."""

from __future__ import annotations

import pytest

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery.amending import approving, asking, claim
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.models import Amendment
from publisher.items.models import Item
from publisher.review import clearances
from publisher.review.approvals import NotYours, Standing
from publisher.social import approval, channels
from publisher.social.models import Channel, Post
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON
from tests.delivery.amending_steps import (
    LATER,
    a_sent_post,
    ask,
    decide,
    outcomes,
    retracted,
    revised,
    stands,
    tick,
    until_done,
)
from tests.delivery.post_steps import until_settled
from tests.fakes.sandbox import timeline
from tests.review.steps import a_tag, cleared, tagged
from tests.social.steps import a_draft, a_sandbox_channel, an_editor, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(network: Server) -> Channel:
    return a_sandbox_channel(network)


@pytest.fixture
def sent(channel: Channel) -> Post:
    """Sent, before its channel began to ask for one person who approves; its item says something else by now."""
    post = a_sent_post(channel)
    needs(channel, 1)
    revised(post)
    return post


def needs(channel: Channel, persons: int) -> None:
    Channel.objects.filter(pk=channel.pk).update(approvals=persons)


def approve(post: Post, by: str) -> Standing:
    row = Amendment.objects.filter(delivery__post=post, state="waiting").earliest("pk")
    return approving.approve(row.pk, user=an_editor(by), now=LATER)


@pytest.mark.parametrize(("choice", "deed"), [(Choice.EDIT, "edit"), (Choice.REPLY, "reply")])
def test_what_says_something_new_waits_for_another_person_and_leaves_then(
    network: Server, sent: Post, choice: Choice, deed: str
) -> None:
    before = timeline(network)
    ask(sent, **{f"p{sent.pk}": decide(sent, choice, edits=("It is mended.",), reply="It is mended.")})
    tick()
    assert (outcomes(sent), timeline(network)) == ([(deed, "waiting")], before)
    with pytest.raises(NotYours, match="somebody else must approve it"):
        approve(sent, "ilse")
    assert approve(sent, "ben").enough
    until_done()
    assert outcomes(sent) == [(deed, "done")]
    assert "It is mended." in timeline(network)
    assert AuditEntry.objects.get(action="post.correction_approved").actor_name == "ben"


def test_two_persons_are_two_and_none_of_them_asked_for_it(network: Server, sent: Post) -> None:
    needs(sent.channel, 2)
    ask(sent)
    assert not approve(sent, "ben").enough
    with pytest.raises(NotYours, match="approved it already"):
        approve(sent, "ben")
    with pytest.raises(NotYours):
        approve(sent, "ilse")
    tick()
    assert outcomes(sent) == [("edit", "waiting")]
    assert approve(sent, "carla").enough
    until_done()
    assert outcomes(sent) == [("edit", "done")]


def test_a_deletion_waits_for_nobody(network: Server, sent: Post) -> None:
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.DELETE)})
    until_done()
    assert (outcomes(sent), timeline(network)) == ([("delete", "done")], [])


def test_what_waits_for_approval_keeps_nobody_from_deleting_at_once(network: Server, sent: Post) -> None:
    ask(sent)
    assert stands(sent).why_not == ""
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.DELETE)})
    until_done()
    assert (outcomes(sent), timeline(network)) == ([("edit", "cancelled"), ("delete", "done")], [])


def test_another_text_takes_the_place_of_the_one_that_waits_and_its_approvals_count_no_more(
    network: Server, sent: Post
) -> None:
    needs(sent.channel, 2)
    ask(sent)
    approve(sent, "ben")
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.EDIT, edits=("Other words.",))})
    assert outcomes(sent) == [("edit", "cancelled"), ("edit", "waiting")]
    assert not approve(sent, "ben").enough
    assert approve(sent, "carla").enough
    until_done()
    assert timeline(network) == ["Other words."]


def test_the_messages_of_a_thread_are_approved_together(network: Server, channel: Channel) -> None:
    post = a_draft(channel)
    texts = ["One of two.", "Two of two."]
    post = approval.edit(post.pk, user=an_editor(), version=post.version, texts=texts, now=NOON)
    approval.approve(post.pk, user=an_editor(), version=post.version, now=NOON)
    give_slots(channel.pk, now=NOON)
    until_settled()
    needs(channel, 1)
    post = fresh(post)
    ask(post, **{f"p{post.pk}": decide(post, Choice.EDIT, edits=("First.", "Second."))})
    second = Amendment.objects.latest("pk")
    assert approving.approve(second.pk, user=an_editor("ben"), now=LATER).enough
    until_done()
    assert timeline(network) == ["First.", "Second."]


def test_what_was_asked_for_before_the_channel_asked_for_approvals_waits_for_them(
    network: Server, sent: Post
) -> None:
    needs(sent.channel, 0)
    ask(sent)
    needs(sent.channel, 1)
    tick()
    assert outcomes(sent) == [("edit", "waiting")]
    with pytest.raises(NotYours):
        approve(sent, "ilse")
    approve(sent, "ben")
    until_done()
    assert outcomes(sent) == [("edit", "done")]


def test_an_approval_that_was_enough_is_not_once_the_channel_asks_for_two(
    network: Server, sent: Post
) -> None:
    ask(sent)
    approve(sent, "ben")
    needs(sent.channel, 2)
    tick()
    assert outcomes(sent) == [("edit", "waiting")]
    assert approve(sent, "carla").enough  # Ben's still counts
    until_done()
    assert outcomes(sent) == [("edit", "done")]


def test_a_try_after_a_failure_needs_no_other_approval(network: Server, sent: Post) -> None:
    ask(sent)
    approve(sent, "ben")
    Amendment.objects.update(state="failed")
    asking.again(Amendment.objects.get().pk, user=an_editor(), now=LATER)
    until_done()
    assert outcomes(sent) == [("edit", "done")]


def test_an_approval_of_what_the_item_does_not_say_any_more_is_refused(network: Server, sent: Post) -> None:
    ask(sent)
    Item.objects.filter(pk=sent.item_id).update(revision=3)
    with pytest.raises(UserError, match="has changed since this was asked for"):
        approve(sent, "ben")
    assert outcomes(sent) == [("edit", "waiting")]


def test_what_waits_for_approval_is_called_off_by_a_retraction(network: Server, sent: Post) -> None:
    ask(sent)
    retracted(sent, at=LATER.replace(minute=30))
    tick(LATER.replace(minute=31))
    assert outcomes(sent) == [("edit", "cancelled")]


def test_whoever_may_publish_calls_off_what_waits_for_approval(network: Server, sent: Post) -> None:
    ask(sent)
    asking.call_off(Amendment.objects.get().pk, user=an_editor("ben"), now=LATER)
    assert outcomes(sent) == [("edit", "cancelled")]


def test_an_approved_correction_still_waits_for_the_clearance_of_its_item(
    network: Server, sent: Post
) -> None:
    before = timeline(network)
    tag = tagged(sent.item, a_tag())
    ask(sent)
    approve(sent, "ben")
    tick()
    assert (outcomes(sent), timeline(network)) == ([("edit", "queued")], before)
    cleared(sent.item, tag)
    until_done()
    assert outcomes(sent) == [("edit", "done")]
    assert not clearances.tags_of(fresh(sent).item)[0].holds


def test_after_a_restore_what_waits_for_approval_says_from_when_the_database_is(
    network: Server, sent: Post
) -> None:
    ask(sent)
    claim.doubt_all("The database was restored.")
    row = Amendment.objects.get()
    assert (row.state, row.reason) == ("waiting", "The database was restored.")


def test_a_channel_that_is_stopped_keeps_what_was_approved(network: Server, sent: Post) -> None:
    ask(sent)
    channels.pause(sent.channel_id, user=None, reason="401")
    approve(sent, "ben")
    tick()
    assert outcomes(sent) == [("edit", "queued")]
