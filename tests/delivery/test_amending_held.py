"""Corrections and what stops sending: pauses, the standstill, a channel that is down; and the pace that answers tell of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from publisher.core import standstill
from publisher.core.models import Pause, Standstill
from publisher.delivery import pausing, stopping
from publisher.delivery.amending import claim, doing, waiting
from publisher.delivery.amending.choosing import Choice
from publisher.delivery.amending.doing import RETRACTED_SINCE
from publisher.delivery.models import Amendment, Delivery
from publisher.delivery.reslotting import How
from publisher.social import approval, channels, health
from publisher.social.models import Channel, Notice, Post
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule, a_topic
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
from tests.delivery.post_steps import enqueue_due, send_due, until_settled
from tests.delivery.test_pausing_race import in_a_transaction_of_another, waits
from tests.desk.builders import a_pause
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import fault_proxy
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.mastodon import serving as serving_mastodon
from tests.fakes.sandbox import timeline
from tests.social.steps import EVERY_MINUTE, a_draft, a_sandbox_channel, an_editor, fresh, text_of, with_topic

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
EDITOR = {"user": None, "by": "ada", "now": LATER}


@pytest.fixture
def sent(network: Server) -> Post:
    """On a channel for readers in Kenya, about a topic."""
    post = a_sent_post(a_sandbox_channel(network, region="KE"))
    with_topic(post.item, a_topic("sdg-6"))
    return post


def pause_of(kind: str, post: Post) -> Pause:
    if kind == "channel":
        return a_pause(scope="channel", channel_id=post.channel_id, name="Board")
    if kind == "topic":
        return a_pause(scope="topic", topic_id=fresh(post).item.item_topics.get().topic_id, name="SDG 6")
    return a_pause()


@pytest.mark.parametrize("kind", ["channel", "topic", "country"])
@pytest.mark.parametrize("choice", [Choice.EDIT, Choice.REPLY])
def test_no_edit_and_no_answer_is_done_behind_a_pause_until_it_is_released(
    network: Server, sent: Post, kind: str, choice: Choice
) -> None:
    revised(sent)
    row = pause_of(kind, sent)
    before = timeline(network)
    ask(sent, **{f"p{sent.pk}": decide(sent, choice)})
    tick()
    assert (timeline(network), outcomes(sent)) == (before, [(choice.value, "queued")])
    (why,) = waiting.reasons(list(Amendment.objects.all()), now=LATER).values()
    assert "A flood in the valley" in why
    pausing.release(row.pk, How.NEW_SLOTS, **EDITOR)
    tick()
    assert outcomes(sent) == [(choice.value, "done")]


@pytest.mark.parametrize("kind", ["channel", "topic", "country"])
def test_a_deletion_that_a_person_asked_for_is_done_behind_a_pause(
    network: Server, sent: Post, kind: str
) -> None:
    pause_of(kind, sent)
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.DELETE)})
    assert waiting.reasons(list(Amendment.objects.all()), now=LATER) == {}
    tick()
    assert (timeline(network), outcomes(sent)) == ([], [("delete", "done")])


def test_who_stops_everything_can_still_take_down_what_went_out_wrong(network: Server, sent: Post) -> None:
    second = a_sent_post(a_sandbox_channel(network))
    stopping.stop(reason="Something wrong went out", **EDITOR)
    revised(second)
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.DELETE)})
    ask(second)
    tick()
    assert timeline(network) == [text_of(second)]
    assert (outcomes(sent), outcomes(second)) == ([("delete", "done")], [("edit", "queued")])
    stopping.go_on(**EDITOR)
    tick()
    assert outcomes(second) == [("edit", "done")]


def test_after_a_restore_nothing_is_deleted_before_sending_goes_on(network: Server, sent: Post) -> None:
    standstill.begin(Standstill.Kind.RESTORED, reason="Restored.", by="ada", now=LATER)
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.DELETE)})
    tick()
    assert (timeline(network), outcomes(sent)) == ([text_of(sent)], [("delete", "queued")])
    standstill.end()
    tick()
    assert timeline(network) == []


@pytest.mark.parametrize(
    "given",
    [
        {"paused_reason": "The token was revoked."},
        {"enabled": False},
        {"blocked_until": LATER + timedelta(hours=1)},
    ],
)
def test_nothing_is_deleted_on_a_channel_that_is_down_off_or_was_asked_to_wait(
    network: Server, sent: Post, given: dict[str, Any]
) -> None:
    ask(sent, **{f"p{sent.pk}": decide(sent, Choice.DELETE)})
    Channel.objects.update(**given)
    tick()
    assert (timeline(network), outcomes(sent)) == ([text_of(sent)], [("delete", "queued")])
    (why,) = waiting.reasons(list(Amendment.objects.all()), now=LATER).values()
    assert "so this waits" in why or "waits too" in why


def a_thread_half_out(network: Server) -> Post:
    """Its first message has left, the second waits behind the standstill that began then."""
    channel = a_sandbox_channel(network)
    post = a_draft(channel)
    approval.edit(post.pk, user=an_editor(), version=post.version, texts=["One.", "Two."], now=NOON)
    approval.approve(post.pk, user=an_editor(), version=fresh(post).version, now=NOON)
    give_slots(channel.pk, now=NOON)
    enqueue_due(now=NOON + MINUTE)
    (first,) = Delivery.objects.filter(post=post, part=0)
    from publisher.delivery.posts import send

    assert send(first.pk, now=NOON + MINUTE)
    stopping.stop(reason="Something wrong is going out", user=None, by="ada", now=NOON + MINUTE)
    return fresh(post)


def test_of_a_thread_that_was_stopped_half_way_what_left_is_deleted_and_the_rest_never_leaves(
    network: Server,
) -> None:
    post = a_thread_half_out(network)
    assert timeline(network) == ["One."]
    assert stands(post).why_not == ""
    assert "still going out" in stands(post).hindrances[Choice.REPLY]
    ask(post, **{f"p{post.pk}": decide(post, Choice.DELETE)})
    tick()
    assert (timeline(network), outcomes(post)) == ([], [("delete", "done")])
    stopping.go_on(**EDITOR)
    until_settled(start=LATER)
    assert (timeline(network), fresh(post).state) == ([], "cancelled")
    assert fresh(post).withdrawn_at is not None


def test_what_failed_of_a_thread_cannot_be_approved_again_once_its_beginning_is_being_deleted(
    network: Server,
) -> None:
    post = a_thread_half_out(network)
    Delivery.objects.filter(post=post, part=1).update(state="failed")
    Post.objects.filter(pk=post.pk).update(state="failed")
    ask(post, **{f"p{post.pk}": decide(post, Choice.DELETE)})
    with pytest.raises(approval.UserError):
        approval.approve(post.pk, user=an_editor(), version=fresh(post).version, now=LATER)
    stopping.go_on(**EDITOR)
    until_done()
    assert send_due(now=LATER) == 0
    assert timeline(network) == []


# Past the gate, and called off.


@pytest.mark.django_db(transaction=True)
def test_a_pause_waits_for_a_claim_that_has_begun_and_a_later_claim_for_the_pause(network: Server) -> None:
    post = a_sent_post(a_sandbox_channel(network))
    revised(post)
    ask(post)
    row = Amendment.objects.get()

    def pause() -> None:
        pausing.pause([pausing.of_channel(post.channel)], reason="A flood", **EDITOR)

    def claiming() -> int:
        return claim.claim(row.pk, now=LATER, lease=timedelta(minutes=5))

    with in_a_transaction_of_another(claiming):
        assert waits(pause)
    Amendment.objects.update(state="queued", fence=0)
    with in_a_transaction_of_another(pause):
        assert waits(claiming)
    assert claiming() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_called_off_in_the_moment_of_its_claim_is_not_done(
    network: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim has seen it waiting; another worker finds the retraction and calls it off before the claim writes."""
    post = a_sent_post(a_sandbox_channel(network))
    revised(post)
    ask(post)
    row, before = Amendment.objects.get(), timeline(network)
    heads: Callable[..., list[int]] = claim.heads

    def elsewhere() -> None:
        retracted(post, at=LATER + MINUTE)
        doing.call_off_outdated(now=LATER + MINUTE)
        connection.close()

    def seen_then_called_off(**given: Any) -> list[int]:
        found = heads(**given)
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join(30)
        assert not other.is_alive()
        return found

    monkeypatch.setattr(claim, "heads", seen_then_called_off)
    assert not doing.do(row.pk, now=LATER + MINUTE)
    row.refresh_from_db()
    assert (row.state, row.reason, timeline(network)) == ("cancelled", RETRACTED_SINCE, before)


def test_a_worker_that_was_held_up_after_its_claim_asks_anew_whether_it_may(
    network: Server, sent: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    revised(sent)
    ask(sent)
    row, before = Amendment.objects.get(), timeline(network)
    moments = iter([100.0, 100.0, 100.0 + doing.AT_ONCE + 1])
    with monkeypatch.context() as patch:
        patch.setattr(doing.time, "monotonic", lambda: next(moments))
        assert not doing.do(row.pk, now=LATER)
    row.refresh_from_db()
    assert (row.state, row.attempts, timeline(network)) == ("queued", 0, before)
    tick()
    assert outcomes(sent) == [("edit", "done")]


# A channel that is down, and the pace of answers.


@pytest.fixture
def mastodon() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def toot(mastodon: FakeMastodon) -> Iterator[Post]:
    with serving_mastodon(mastodon) as url:
        yield a_sent_post(a_mastodon_channel(url))


def a_mastodon_channel(url: str) -> Channel:
    return a_channel(
        "mastodon",
        credentials={"access_token": "token"},
        settings={"url": url, "timeout_seconds": 2},
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
        owner="comms@office.example.org",
    )


def test_a_token_that_was_revoked_is_told_to_the_owner_once_and_the_edit_waits_for_the_repair(
    mastodon: FakeMastodon, toot: Post
) -> None:
    revised(toot)
    ask(toot)
    tokens = dict(mastodon.tokens)
    mastodon.tokens.clear()
    for minute in range(3):
        tick(LATER + minute * MINUTE)
    notice = Notice.objects.get()
    assert notice.channel_id == toot.channel_id
    assert health.health_of(fresh(toot).channel).state == "down"
    row = Amendment.objects.get()
    assert (row.state, row.attempts) == ("queued", 0)
    mastodon.tokens.update(tokens)
    channels.resume(toot.channel_id, user=None)
    tick(LATER + 5 * MINUTE)
    assert (outcomes(toot), mastodon.texts) == ([("edit", "done")], [text_of(toot)])


def test_a_token_that_is_revoked_while_an_answer_is_looked_for_is_told_too(
    mastodon: FakeMastodon,
) -> None:
    with serving_mastodon(mastodon) as url, fault_proxy(url) as proxy:
        toot = a_sent_post(a_mastodon_channel(proxy.url))
        revised(toot)
        ask(toot, **{f"p{toot.pk}": decide(toot, Choice.REPLY)})
        proxy.arm(faults.DROP_REPLY, method="POST", path="/api/v1/statuses")
        tick()
        assert outcomes(toot) == [("reply", "unknown")]
        proxy.disarm()
        tokens = dict(mastodon.tokens)
        mastodon.tokens.clear()
        tick(LATER + timedelta(hours=2))
        assert Notice.objects.filter(channel=toot.channel_id).count() == 1
        assert Channel.objects.get(pk=toot.channel_id).paused_reason
        mastodon.tokens.update(tokens)
        until_done(start=LATER + timedelta(hours=3))
    assert (outcomes(toot), len(mastodon.statuses)) == ([("reply", "done")], 2)


@pytest.mark.parametrize("choice", [Choice.EDIT, Choice.REPLY])
def test_the_last_request_that_the_network_allows_makes_the_channel_wait(
    mastodon: FakeMastodon, toot: Post, choice: Choice
) -> None:
    revised(toot)
    ask(toot, **{f"p{toot.pk}": decide(toot, choice)})
    mastodon.requests_left = 1
    tick()
    assert outcomes(toot) == [(choice.value, "done")]
    assert health.health_of(fresh(toot).channel).pace_remaining == 0
    blocked = fresh(toot).channel.blocked_until
    assert blocked is not None
    assert blocked > LATER
