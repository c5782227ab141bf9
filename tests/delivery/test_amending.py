"""What a person decides about a post that was sent is done once, in order, and never while its channel may not send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher.core.models import AuditEntry
from publisher.delivery.amending import asking, doing
from publisher.delivery.amending.asking import Decision, Refused
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.standing import needing
from publisher.delivery.models import Amendment
from publisher.social import approval, channels
from publisher.social.approval import Stale
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
from tests.delivery.post_steps import delivery_of, until_settled
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import FaultProxy, fault_proxy
from tests.fakes.sandbox import timeline
from tests.social.steps import a_draft, a_sandbox_channel, an_editor, fresh, revise, text_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def wire(network: Server) -> Iterator[FaultProxy]:
    with fault_proxy(network.url) as proxy:
        yield proxy


@pytest.fixture
def channel(wire: FaultProxy) -> Channel:
    return a_sandbox_channel(settings={"url": wire.url, "timeout_seconds": 0.5})


@pytest.fixture
def sent(channel: Channel) -> Post:
    return a_sent_post(channel)


def edits_and_deletions(wire: FaultProxy) -> int:
    return sum(each.method in ("PUT", "DELETE") for each in wire.seen)


@pytest.fixture
def thread(channel: Channel, network: Server) -> Post:
    """Three messages that went out."""
    post = a_draft(channel)
    texts = ["One of three.", "Two of three.", "Three of three."]
    post = approval.edit(post.pk, user=an_editor(), version=post.version, texts=texts, now=NOON)
    approval.approve(post.pk, user=an_editor(), version=post.version, now=NOON)
    give_slots(channel.pk, now=NOON)
    until_settled()
    assert timeline(network) == texts
    return fresh(post)


def test_a_revised_item_proposes_to_edit_with_todays_text(network: Server, sent: Post) -> None:
    item = revised(sent)
    assert needing(item) == 1
    ask(sent)
    tick()
    assert timeline(network) == [text_of(sent)]
    assert "Harvests are back" in text_of(sent)
    row = delivery_of(sent)
    assert (row.state, row.prepared["text"] if row.prepared else "") == ("sent", text_of(sent))
    assert (fresh(sent).item_revision, outcomes(sent), needing(item)) == (2, [("edit", "done")], 0)


def test_a_retracted_item_proposes_to_delete_and_the_post_is_shown_as_withdrawn(
    network: Server, sent: Post
) -> None:
    item = retracted(sent)
    assert (stands(sent).proposed, needing(item)) == (Choice.DELETE, 1)
    ask(sent)
    tick()
    assert timeline(network) == []
    assert fresh(sent).withdrawn_at is not None
    assert delivery_of(sent).withdrawn_at is not None
    assert needing(item) == 0


def test_an_answer_stands_below_the_post(network: Server, sent: Post) -> None:
    item = revised(sent)
    before = text_of(sent)
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.REPLY)})
    tick()
    assert timeline(network)[0] == before
    assert timeline(network)[1].startswith("Correction: Harvests are back")
    answer = Amendment.objects.get()
    newest = network.store.newest()[0]
    assert (answer.remote_id, newest.reply_to) == (str(newest.id), delivery_of(sent).remote_id)
    assert (text_of(sent), needing(item)) == (before, 0)


def test_a_thread_is_edited_part_by_part_and_only_where_it_changes(
    network: Server, wire: FaultProxy, thread: Post
) -> None:
    post = thread
    revised(post)
    edits = ("One of three.", "Two, corrected.", "Three, corrected.")
    ask(post, **{f"p{post.pk}": decide(post, Choice.EDIT, edits=edits)})
    until_done()
    assert timeline(network) == list(edits)
    assert edits_and_deletions(wire) == 2
    assert [part["text"] for part in fresh(post).parts] == list(edits)
    assert fresh(post).item_revision == 2


def test_a_thread_is_deleted_from_its_last_message_to_its_first(network: Server, thread: Post) -> None:
    post = thread
    retracted(post)
    ask(post)
    order = [each.delivery.part for each in Amendment.objects.all()]
    seen = []
    for amendment_id in doing.due(now=LATER):
        doing.do(amendment_id, now=LATER)
        seen.append(timeline(network))
    assert order == [2, 1, 0]
    assert seen == [["One of three.", "Two of three."], ["One of three."], []]
    assert fresh(post).withdrawn_at is not None


def test_the_first_message_waits_while_a_later_one_is_unclear(
    network: Server, wire: FaultProxy, thread: Post
) -> None:
    post = thread
    retracted(post)
    ask(post)
    wire.arm(faults.error_after(500), method="DELETE")
    tick()
    assert outcomes(post) == [("delete", "unknown"), ("delete", "queued"), ("delete", "queued")]
    assert timeline(network) == ["One of three.", "Two of three."]
    until_done()
    assert timeline(network) == []


def test_todays_text_of_another_number_of_messages_is_not_put_in_place(thread: Post) -> None:
    post = thread
    revised(post)
    now = stands(post)
    assert now.words.edits == ("One of three.", "Two of three.", "Three of three.")
    assert "1 messages, and 3 stand there" in now.facts.text_problem
    assert now.proposed is Choice.REPLY


def test_pressing_twice_makes_one_amendment(sent: Post) -> None:
    revised(sent)
    decision = decide(sent)
    ask(sent, **{f"p{sent.pk}": decision})
    with pytest.raises(Stale):
        ask(sent, **{f"p{sent.pk}": decision})
    assert Amendment.objects.count() == 1


def test_a_page_that_showed_an_older_item_does_nothing(sent: Post) -> None:
    item = revised(sent)
    decision = {sent.pk: decide(sent)}
    revise(item, title="Another title again")
    with pytest.raises(Stale):
        asking.correct(item.pk, decision, user=an_editor(), revision=2, retracted=False, now=LATER)
    retracted(sent)
    with pytest.raises(Stale):
        asking.correct(item.pk, decision, user=an_editor(), revision=3, retracted=False, now=LATER)
    assert not Amendment.objects.exists()


def test_an_item_that_changes_while_the_button_is_pressed_is_decided_about_anew(
    sent: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = revised(sent)
    decision, lock = {sent.pk: decide(sent)}, asking.lock_channel

    def lock_late(channel_id: int) -> Channel | None:
        revise(item, title="A title of this very moment")
        return lock(channel_id)

    monkeypatch.setattr(asking, "lock_channel", lock_late)
    with pytest.raises(Stale):
        asking.correct(item.pk, decision, user=an_editor(), revision=2, retracted=False, now=LATER)
    assert not Amendment.objects.exists()


def test_what_is_wrong_with_one_post_is_said_and_nothing_is_done_about_any(sent: Post) -> None:
    post = sent
    revised(post)
    for edits, said in [
        (("",), "without a text"),
        (("x" * 501,), "does not fit Sandbox"),
        ((text_of(post),), "what stands there already"),
        (("a", "b"), "another number of messages"),
        (("a\x00b",), "a character that no network takes"),
    ]:
        with pytest.raises(Refused) as refused:
            ask(post, **{f"p{post.pk}": replace(decide(post, Choice.EDIT), edits=edits)})
        assert said in refused.value.errors[post.pk].message
    with pytest.raises(Refused):
        ask(post, **{f"p{post.pk}": replace(decide(post, Choice.REPLY), reply=" ")})
    assert (Amendment.objects.count(), fresh(post).version) == (0, stands(post).post.version)


def test_a_paused_channel_changes_nothing_until_it_goes_on(wire: FaultProxy, sent: Post) -> None:
    revised(sent)
    channels.pause(sent.channel_id, user=None, reason="Elections.")
    ask(sent)
    tick()
    assert (edits_and_deletions(wire), outcomes(sent)) == (0, [("edit", "queued")])
    channels.resume(sent.channel_id, user=None)
    tick()
    assert outcomes(sent) == [("edit", "done")]


def test_a_channel_that_was_asked_to_wait_waits(wire: FaultProxy, sent: Post) -> None:
    revised(sent)
    ask(sent)
    wire.arm(faults.rate_limit({"Retry-After": "300"}))
    tick()
    assert Channel.objects.get().blocked_until is not None
    tick(LATER + 4 * MINUTE)
    assert outcomes(sent) == [("edit", "queued")]
    tick(LATER + 6 * MINUTE)
    assert outcomes(sent) == [("edit", "done")]


def test_a_revoked_token_pauses_the_channel_and_costs_no_try(wire: FaultProxy, sent: Post) -> None:
    revised(sent)
    ask(sent)
    wire.arm(faults.error(401))
    tick()
    row = Amendment.objects.get()
    assert (row.state, row.attempts) == ("queued", 0)
    assert Channel.objects.get().paused_reason
    channels.resume(sent.channel_id, user=None)
    tick()
    assert outcomes(sent) == [("edit", "done")]


def test_an_edit_that_was_approved_before_a_retraction_does_not_appear(network: Server, sent: Post) -> None:
    revised(sent)
    channels.pause(sent.channel_id, user=None, reason="Elections.")
    ask(sent)
    retracted(sent, at=LATER + MINUTE)
    channels.resume(sent.channel_id, user=None)
    before = timeline(network)
    tick(LATER + 2 * MINUTE)
    assert (timeline(network), outcomes(sent)) == (before, [("edit", "cancelled")])
    assert stands(sent).proposed is Choice.DELETE


def test_nothing_new_appears_under_an_embargo_but_a_post_may_be_deleted(network: Server, sent: Post) -> None:
    item = revise(fresh(sent).item, title="Not yet", embargo_until=LATER + timedelta(days=1))
    now = stands(sent)
    assert "under embargo" in now.hindrances[Choice.EDIT]
    assert now.proposed is Choice.LEAVE
    with pytest.raises(Refused):
        ask(sent, **{f"p{sent.pk}": decide(sent, Choice.EDIT)})
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.DELETE)})
    tick()
    assert (timeline(network), needing(item)) == ([], 0)


def test_what_is_refused_is_told_may_be_tried_again_and_is_not_proposed_again(
    network: Server, sent: Post
) -> None:
    revised(sent)
    network.store.delete(delivery_of(sent).remote_id)
    ask(sent)
    tick()
    row = Amendment.objects.get()
    assert row.state == "failed"
    assert row.reason
    assert stands(sent).proposed is Choice.REPLY
    asking.again(row.pk, user=an_editor(), now=LATER)
    tick()
    assert outcomes(sent) == [("edit", "failed")]
    assert AuditEntry.objects.filter(action="post.correction_failed").count() == 2


def test_what_waits_can_be_called_off(network: Server, sent: Post) -> None:
    revised(sent)
    before = timeline(network)
    ask(sent)
    asking.call_off(Amendment.objects.get().pk, user=an_editor(), now=LATER)
    tick()
    assert (timeline(network), outcomes(sent)) == (before, [("edit", "cancelled")])
    assert stands(sent).why_not == ""


@pytest.mark.parametrize("choice", [Choice.HAND, Choice.LEAVE])
def test_a_post_that_is_corrected_by_hand_or_left_asks_no_more(sent: Post, choice: Choice) -> None:
    item = revised(sent)
    ask(sent, **{f"p{sent.pk}": decide(sent, choice)})
    assert (needing(item), Amendment.objects.count()) == (0, 0)
    entry = AuditEntry.objects.latest("pk")
    assert entry.action == {"hand": "post.corrected_by_hand", "leave": "post.left_as_it_is"}[choice]
    assert entry.actor_name == "ilse"
    assert needing(retracted(sent, at=LATER + MINUTE)) == 1


def test_the_trail_holds_the_text_before_and_after(sent: Post) -> None:
    before = text_of(sent)
    revised(sent)
    ask(sent)
    tick()
    asked, done = AuditEntry.objects.filter(object_type="post", object_id=str(sent.pk)).order_by("-pk")[:2][
        ::-1
    ]
    assert (asked.action, asked.actor_name, asked.before) == (
        "post.correction_asked",
        "ilse",
        {"texts": [before]},
    )
    assert (done.action, done.before["text"], done.after["text"]) == ("post.corrected", before, text_of(sent))


def test_a_post_that_is_going_out_or_unclear_cannot_be_corrected_yet(sent: Post) -> None:
    post = sent
    row = delivery_of(post)
    for state, post_state, said in [
        ("unknown", "unknown", "Nobody knows yet"),
        ("sending", "sending", "It is going out"),
    ]:
        type(row).objects.filter(pk=row.pk).update(state=state)
        Post.objects.filter(pk=post.pk).update(state=post_state)
        now = stands(post)
        assert said in now.why_not
        with pytest.raises(Refused):
            ask(post, **{f"p{post.pk}": Decision(Choice.DELETE, now.post.version)})


def test_a_receipt_without_an_id_can_only_be_corrected_by_hand(sent: Post) -> None:
    delivery = delivery_of(sent)
    type(delivery).objects.filter(pk=delivery.pk).update(remote_id="")
    revised(sent)
    now = stands(sent)
    assert now.by_hand_only
    assert now.proposed is Choice.LATER
    assert "a person said that it was published" in now.hindrances[Choice.DELETE]


def test_todays_text_that_stands_there_already_proposes_to_leave_it(sent: Post) -> None:
    revise(fresh(sent).item, body_text="Another body that no post shows.")
    assert stands(sent).proposed is Choice.LEAVE
