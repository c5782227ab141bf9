"""From a slot to the timeline: each post once, whatever goes wrong on the way, and nothing that should not leave."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from publisher.core.errors import UserError
from publisher.delivery.claim import claim_post
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.posts import confirm, enqueue_due, heads, reconcile_unknown, send
from publisher.delivery.sweep import sweep
from publisher.items.models import Item
from publisher.social import approval, channels
from publisher.social.drafting import draft_item
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import CannotTell, Grade
from publisher.social.networks.sandbox.faults import Kind
from publisher.social.networks.sandbox.network import SANDBOX, Sandbox
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_schedule
from tests.delivery.post_steps import (
    AFTER_LEASE,
    HOUR,
    delivery_of,
    send_due,
    tick,
    until_settled,
)
from tests.fakes.sandbox import timeline
from tests.social.steps import (
    EVERY_MINUTE,
    a_draft,
    a_sandbox_channel,
    a_scheduled_post,
    an_editor,
    approved,
    fresh,
    text_of,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def test_a_post_appears_at_its_slot_and_its_row_proves_it(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    assert enqueue_due(now=NOON - MINUTE) == 0
    assert enqueue_due(now=NOON) == 1
    queued = delivery_of(post)
    assert (queued.state, fresh(post).state, queued.address) == ("queued", "sending", post.channel.name)
    assert (queued.prepared or {})["text"] == text_of(post)
    assert len(queued.idempotency_key) == 32
    assert send_due(now=NOON) == 1
    sent = delivery_of(post)
    assert (sent.state, sent.remote_id, sent.remote_url) == ("sent", "1", f"{network.url}/posts/1")
    assert (fresh(post).state, fresh(post).problem) == ("sent", "")
    assert fresh(post).sent_at is not None
    assert timeline(network) == [text_of(post)]
    assert Attempt.objects.get(delivery=sent).outcome == "sent"
    until_settled()
    assert len(timeline(network)) == 1


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fault", list(Kind), ids=lambda kind: kind.value)
def test_whatever_goes_wrong_a_post_appears_exactly_once(network: Server, fault: Kind, times: int) -> None:
    channel = a_sandbox_channel(network, settings={"url": network.url, "timeout_seconds": 0.2})
    post = a_scheduled_post(channel)
    network.faults.add(fault, times=times, seconds=0.5)
    for repair in range(times + 1):
        until_settled(start=NOON + repair * MINUTE)
        if Channel.objects.get(pk=channel.pk).paused_reason:
            channels.resume(channel.pk, user=None)
    assert timeline(network) == [text_of(post)]
    assert fresh(post).state == "sent"
    assert delivery_of(post).remote_id == "1"


def test_an_answer_that_got_lost_is_asked_for_and_not_repeated(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    network.faults.add(Kind.DROP_REPLY)
    enqueue_due(now=NOON)
    send_due(now=NOON)
    assert (delivery_of(post).state, fresh(post).state) == ("unknown", "unknown")
    assert "gave no answer" in fresh(post).problem
    assert send_due(now=NOON + HOUR) == 0
    assert reconcile_unknown(now=NOON + MINUTE) == 1
    assert (delivery_of(post).state, fresh(post).state) == ("sent", "sent")
    assert network.requests == 1


def test_what_is_not_there_is_sent_again_with_the_same_key_and_payload(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    network.faults.add(Kind.RESET)
    enqueue_due(now=NOON)
    send_due(now=NOON)
    before = delivery_of(post)
    assert reconcile_unknown(now=NOON + MINUTE) == 1
    again = delivery_of(post)
    assert again.state == "queued"
    assert (again.idempotency_key, again.prepared) == (before.idempotency_key, before.prepared)
    send_due(now=NOON + MINUTE)
    assert timeline(network) == [text_of(post)]


def test_what_turns_out_not_to_be_there_too_late_asks_a_person(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    network.faults.add(Kind.RESET)
    enqueue_due(now=NOON)
    send_due(now=NOON)
    reconcile_unknown(now=NOON + 7 * HOUR)
    assert fresh(post).state == "failed"
    assert "missed by more than 360 minutes" in fresh(post).problem
    until_settled(start=NOON + 7 * HOUR)
    assert timeline(network) == []


def test_a_rate_limit_holds_the_whole_channel_until_the_time_it_named(network: Server) -> None:
    channel = a_sandbox_channel(network)
    first, second = a_scheduled_post(channel), a_scheduled_post(channel)
    network.faults.add(Kind.RATE_LIMIT, seconds=1200)
    tick(now=NOON)
    blocked_until = Channel.objects.get(pk=channel.pk).blocked_until
    assert blocked_until is not None
    assert timedelta() <= blocked_until - (NOON + timedelta(seconds=1200)) < timedelta(seconds=5)
    tick(now=NOON + 10 * MINUTE)
    assert (timeline(network), network.requests) == ([], 1)
    for minute in range(21, 25):
        tick(now=NOON + minute * MINUTE)
    assert sorted(timeline(network)) == sorted([text_of(first), text_of(second)])


def test_a_revoked_token_stops_the_channel_and_loses_nothing(network: Server) -> None:
    channel = a_sandbox_channel(network)
    first, second = a_scheduled_post(channel), a_scheduled_post(channel)
    network.faults.add(Kind.UNAUTHORISED)
    tick(now=NOON)
    assert "revoked" in Channel.objects.get(pk=channel.pk).paused_reason
    assert (delivery_of(first).state, fresh(second).state) == ("queued", "scheduled")
    tick(now=NOON + 5 * MINUTE)
    assert network.requests == 1
    channels.resume(channel.pk, user=an_editor())
    tick(now=NOON + 10 * MINUTE)
    assert timeline(network) == [text_of(first), text_of(second)]


def test_what_the_network_refuses_fails_with_its_reason_and_can_be_mended(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    enqueue_due(now=NOON)
    Delivery.objects.update(prepared={"account": "A", "text": "x" * 501})
    send_due(now=NOON)
    assert fresh(post).state == "failed"
    assert "501 characters" in fresh(post).problem
    edited = approval.edit(post.pk, user=None, version=fresh(post).version, texts=["Shorter."], now=NOON)
    approved(edited)
    give_slots(post.channel_id, now=NOON)
    until_settled()
    assert timeline(network) == ["Shorter."]
    assert Delivery.objects.filter(post=post).count() == 1


def test_a_server_that_is_away_is_tried_again_with_growing_waits(network: Server) -> None:
    network.shutdown()
    network.socket.close()
    post = a_scheduled_post(a_sandbox_channel(network))
    waits, now = [], NOON
    enqueue_due(now=now)
    for _ in range(3):
        send_due(now=now)
        row = delivery_of(post)
        assert row.state == "queued"
        waits.append(round((row.due_at - now).total_seconds()))
        now = row.due_at
    assert waits == [60, 300, 900]
    assert "cannot be reached" in fresh(post).problem


def test_a_slot_that_was_missed_by_too_much_expires_and_nothing_is_sent(network: Server) -> None:
    channel = a_sandbox_channel(network, tolerance_minutes=30)
    post = a_scheduled_post(channel)
    tick(now=NOON + 31 * MINUTE)
    assert (fresh(post).state, timeline(network)) == ("expired", [])
    assert "missed by more than 30 minutes" in fresh(post).problem
    assert not Delivery.objects.exists()


def test_a_queued_part_expires_too_when_its_channel_stood_still_for_long(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network, tolerance_minutes=30))
    enqueue_due(now=NOON)
    tick(now=NOON + 31 * MINUTE)
    assert (delivery_of(post).state, fresh(post).state, timeline(network)) == ("expired", "expired", [])


def test_an_expired_post_goes_out_at_the_new_time_it_is_given(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network, tolerance_minutes=30))
    enqueue_due(now=NOON)
    tick(now=NOON + HOUR)
    at = NOON + 2 * HOUR
    approval.reschedule(post.pk, user=None, version=fresh(post).version, at=at, now=NOON + HOUR)
    tick(now=at)
    assert timeline(network) == [text_of(post)]


def a_post_at_night(network: Server) -> Post:
    """With the time 23:00 for a reason, on a channel that is silent from 22:00."""
    schedule = a_schedule(slots=EVERY_MINUTE, quiet=[{"start": "22:00", "end": "07:00"}])
    post = a_scheduled_post(a_sandbox_channel(network, schedule=schedule))
    at, version = NOON + 11 * HOUR, post.version
    return approval.reschedule(post.pk, user=None, version=version, at=at, override="A flood.", now=NOON)


def test_a_post_moved_into_quiet_time_with_a_reason_goes_out_then(network: Server) -> None:
    post = a_post_at_night(network)
    tick(now=NOON + 11 * HOUR - MINUTE)
    assert timeline(network) == []
    tick(now=NOON + 11 * HOUR + 2 * MINUTE)
    assert timeline(network) == [text_of(post)]


def test_after_an_outage_a_post_moved_into_quiet_time_waits_for_its_end(network: Server) -> None:
    post = a_post_at_night(network)
    tick(now=NOON + 13 * HOUR)
    give_slots(post.channel_id, now=NOON + 13 * HOUR)
    assert timeline(network) == []
    assert fresh(post).slot_at == NOON + 24 * HOUR
    assert not fresh(post).is_against_rules


def test_after_an_outage_the_backlog_keeps_the_least_gap(network: Server) -> None:
    schedule = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=10)
    channel = a_sandbox_channel(network, schedule=schedule)
    posts = [a_scheduled_post(channel) for _ in range(3)]
    counts = []
    for minute in range(60, 85):
        tick(now=NOON + minute * MINUTE)
        counts.append(len(timeline(network)))
    assert counts == [1] * 10 + [2] * 10 + [3] * 5
    assert timeline(network) == [text_of(post) for post in posts]


def test_a_late_post_does_not_break_the_quiet_but_gets_another_slot(network: Server) -> None:
    schedule = a_schedule(slots=EVERY_MINUTE, quiet=[{"start": "13:00", "end": "23:00"}], least_gap_minutes=0)
    channel = a_sandbox_channel(network, schedule=schedule)
    post = a_scheduled_post(channel)
    tick(now=NOON + 2 * HOUR)
    assert (fresh(post).state, fresh(post).slot_at, timeline(network)) == ("approved", None, [])
    give_slots(channel.pk, now=NOON + 2 * HOUR)
    assert fresh(post).slot_at == NOON + timedelta(days=1)


def test_the_embargo_is_asked_again_at_the_claim(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    enqueue_due(now=NOON)
    Item.objects.filter(pk=post.item_id).update(embargo_until=NOON + HOUR)
    delivery_id = delivery_of(post).pk
    assert not send(delivery_id, now=NOON)
    assert heads(now=NOON) == []
    assert timeline(network) == []
    tick(now=NOON + HOUR)
    assert timeline(network) == [text_of(post)]


def test_an_embargo_that_comes_before_the_slot_puts_the_post_off(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    Item.objects.filter(pk=post.item_id).update(embargo_until=NOON + HOUR)
    tick(now=NOON)
    assert (fresh(post).state, fresh(post).slot_at, timeline(network)) == ("approved", None, [])


@pytest.mark.parametrize("queued", [False, True])
def test_a_retraction_between_slot_and_sending_stops_the_post(network: Server, queued: bool) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    if queued:
        enqueue_due(now=NOON)
    Item.objects.filter(pk=post.item_id).update(retracted_at=NOON)
    if queued:
        assert not send(delivery_of(post).pk, now=NOON)
    tick(now=NOON)
    assert (fresh(post).state, timeline(network)) == ("cancelled", [])
    assert "retracted" in fresh(post).problem
    if queued:
        assert delivery_of(post).state == "cancelled"
        Item.objects.filter(pk=post.item_id).update(retracted_at=None, revision=2)
        draft_item(post.item_id, now=NOON)
        assert fresh(post).state == "cancelled", "what was stopped on its way does not come back by itself"


def test_a_revision_that_comes_after_the_slot_changes_nothing_that_is_going_out(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    enqueue_due(now=NOON)
    frozen = text_of(post)
    Item.objects.filter(pk=post.item_id).update(title="Too late", revision=2)
    draft_item(post.item_id, now=NOON)
    tick(now=NOON)
    assert timeline(network) == [frozen] == [text_of(post)]


@pytest.mark.parametrize("change", [{"enabled": False}, {"paused_reason": "Staff said so."}])
def test_nothing_leaves_a_channel_that_stands_still(network: Server, change: dict[str, object]) -> None:
    channel = a_sandbox_channel(network)
    queued = a_scheduled_post(channel)
    enqueue_due(now=NOON)
    waiting = a_scheduled_post(channel)
    Channel.objects.filter(pk=channel.pk).update(**change)
    tick(now=NOON + MINUTE)
    assert timeline(network) == []
    assert (delivery_of(queued).state, fresh(waiting).state) == ("queued", "scheduled")


def test_a_channel_whose_network_was_taken_away_holds_its_posts_with_the_reason() -> None:
    channel = a_sandbox_channel()
    post = a_scheduled_post(channel)
    Channel.objects.filter(pk=channel.pk).update(network="gone")
    tick(now=NOON)
    assert fresh(post).state == "held"
    assert "no network “gone”" in fresh(post).problem


def test_a_thread_leaves_in_order_and_stops_at_what_is_unclear(network: Server) -> None:
    post = a_draft(a_sandbox_channel(network))
    texts = ["One of three.", "Two of three.", "Three of three."]
    approved(approval.edit(post.pk, user=None, version=post.version, texts=texts, now=NOON))
    give_slots(post.channel_id, now=NOON)
    enqueue_due(now=NOON)
    assert send(*heads(now=NOON), now=NOON)
    network.faults.add(Kind.DROP_REPLY)
    assert send(*heads(now=NOON), now=NOON)
    assert heads(now=NOON + HOUR) == []
    assert fresh(post).state == "unknown"
    until_settled(start=NOON + MINUTE)
    assert timeline(network) == texts
    assert fresh(post).state == "sent"
    assert network.store.newest()[0].reply_to == "2"


def test_a_sender_that_died_leaves_a_doubt_that_is_resolved_by_asking(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    enqueue_due(now=NOON)
    row = delivery_of(post)
    assert claim_post(row.pk, now=NOON, lease=timedelta(seconds=300))
    assert reconcile_unknown(now=NOON + MINUTE) == 0
    later = NOON + AFTER_LEASE
    sweep(now=later, most=8)
    assert delivery_of(post).state == "unknown"
    assert reconcile_unknown(now=later) == 1
    tick(now=later)
    assert timeline(network) == [text_of(post)]


def test_what_nobody_can_tell_waits_for_a_person(network: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    by_a_person = Sandbox(grade=Grade.BY_A_PERSON)
    monkeypatch.setattr(registry, "networks", lambda: {"sandbox": by_a_person})
    posts = [a_scheduled_post(a_sandbox_channel(network)) for _ in range(2)]
    network.faults.add(Kind.DROP_REPLY)
    network.faults.add(Kind.RESET)
    enqueue_due(now=NOON)
    send_due(now=NOON)
    assert reconcile_unknown(now=NOON + MINUTE) == 0
    assert {fresh(post).state for post in posts} == {"unknown"}
    assert "Look there" in fresh(posts[0]).problem
    there, not_there = sorted(posts, key=lambda post: text_of(post) not in timeline(network))
    url = f"{network.url}/posts/1"
    assert (
        confirm(delivery_of(there).pk, user=an_editor(), was_published=True, url=url, now=NOON).state
        == "sent"
    )
    assert delivery_of(there).remote_url == url
    confirm(delivery_of(not_there).pk, user=an_editor(), was_published=False, url="", now=NOON)
    tick(now=NOON + MINUTE)
    assert sorted(timeline(network)) == sorted(text_of(post) for post in posts)
    with pytest.raises(UserError, match="not unclear any more"):
        confirm(delivery_of(there).pk, user=an_editor(), was_published=False, url="", now=NOON)


def test_an_address_that_is_none_is_refused_as_proof(network: Server) -> None:
    with pytest.raises(UserError, match="https"):
        confirm(1, user=None, was_published=True, url="javascript:alert(1)", now=NOON)


def test_a_network_that_cannot_tell_is_asked_ever_more_seldom(
    network: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Shy(Sandbox):
        def reconcile(self, *_: object, **__: object) -> CannotTell:
            asked.append(1)
            return CannotTell("The search is down.")

    monkeypatch.setattr(registry, "networks", lambda: {"sandbox": Shy()})
    post = a_scheduled_post(a_sandbox_channel(network))
    network.faults.add(Kind.DROP_REPLY)
    enqueue_due(now=NOON)
    send_due(now=NOON)
    for quarter_minutes in range(24 * 60 * 4):
        if quarter_minutes % 20 == 0 or quarter_minutes < 40:
            reconcile_unknown(now=NOON + quarter_minutes * timedelta(seconds=15))
    assert 5 < len(asked) < 40
    assert fresh(post).problem == "The search is down."


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_send_each_post_once_and_each_channel_in_order(network: Server) -> None:
    channels_ = [a_sandbox_channel(network) for _ in range(4)]
    posts = [a_scheduled_post(channel) for _ in range(5) for channel in channels_]
    enqueue_due(now=NOON + HOUR)

    def work(_: int) -> int:
        try:
            return send_due(now=NOON + HOUR)
        finally:
            connection.close()

    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
    assert sorted(timeline(network)) == sorted(text_of(post) for post in posts)
    assert {fresh(post).state for post in posts} == {"sent"}
    for channel in channels_:
        mine = [post.text for post in reversed(network.store.newest(channel.name))]
        assert mine == [text_of(post) for post in posts if post.channel_id == channel.pk]


@pytest.mark.django_db(transaction=True)
def test_ticks_at_once_queue_each_post_once(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))

    def work(_: int) -> int:
        try:
            return enqueue_due(now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 1
    assert Delivery.objects.filter(post=post).count() == 1


def test_the_grade_of_the_sandbox_is_what_these_tests_show() -> None:
    assert SANDBOX.grade is Grade.GUARANTEED
    assert Post.objects.count() == 0
