"""Posts that were approved a second time: what left stays, what did not leave goes out as it was approved now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.delivery.models import Delivery
from publisher.delivery.posts import enqueue_due, reconcile_unknown
from publisher.delivery.sweep import sweep
from publisher.social import approval, channels
from publisher.social.drafting import draft_item
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Account, NotFound, Prepared, Receipt
from publisher.social.networks.sandbox.network import Sandbox
from publisher.social.redrafting import ITEM_CHANGED
from publisher.social.slots import give_slots
from tests.builders import NOON
from tests.delivery.post_steps import HOUR, send_due, tick
from tests.social.steps import a_sandbox_channel, a_scheduled_post, an_editor, fresh, revise

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
Behaviour = Callable[[str], Receipt]


class Scripted(Sandbox):
    """A network that answers as a test says, and remembers what it was asked."""

    def __init__(
        self, publish: Behaviour, found: OtherSideError | None = None, settles: timedelta = timedelta()
    ) -> None:
        super().__init__(settles_within=settles)
        self.script, self.found = publish, found
        self.published: list[str] = []
        self.asked: list[timedelta] = []

    def publish(self, _account: Account, prepared: Prepared, _before: Sequence[Receipt] = ()) -> Receipt:
        text = str(prepared.payload["text"])
        receipt = self.script(text)
        self.published.append(text)
        return receipt

    def reconcile(self, _account: Account, _prepared: Prepared, *, since: timedelta) -> Any:
        self.asked.append(since)
        if self.found:
            raise self.found
        return NotFound()


def raising(error: BaseException) -> Behaviour:
    def publish(_text: str) -> Receipt:
        raise error

    return publish


@pytest.fixture
def plays(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scripted], Scripted]:
    def play(network: Scripted) -> Scripted:
        monkeypatch.setattr(registry, "sending", lambda _name: network)
        return network

    return play


def a_thread(*texts: str) -> Post:
    post = a_scheduled_post(a_sandbox_channel())
    post.parts, post.edited = [{"text": text} for text in texts], True
    post.save()
    return post


def refusing(*bad: str) -> Behaviour:
    def publish(text: str) -> Receipt:
        if text in bad:
            raise Rejected("not this one")
        return Receipt(f"id of {text}")

    return publish


def approve_again(post: Post, *texts: str, now: Any = NOON) -> Any:
    """A person mends the texts and approves; its new slot."""
    editor = an_editor()
    if texts:
        approval.edit(post.pk, user=editor, version=fresh(post).version, texts=texts, now=now)
    approval.approve(post.pk, user=editor, version=fresh(post).version, now=now)
    give_slots(post.channel_id, now=now + MINUTE)
    return fresh(post).slot_at


def states() -> list[str]:
    return list(Delivery.objects.order_by("part").values_list("state", flat=True))


def test_no_part_goes_out_with_a_text_that_was_replaced(plays: Callable[[Scripted], Scripted]) -> None:
    network = plays(Scripted(refusing("two")))
    post = a_thread("one", "two", "old three")
    tick()
    assert (states(), fresh(post).state) == (["sent", "failed", "queued"], "failed")
    slot = approve_again(post, "one", "two mended", "new three")
    for minute in range(3):
        tick(now=slot + minute * MINUTE)
    assert network.published == ["one", "two mended", "new three"]
    assert fresh(post).state == "sent"


def test_a_thread_that_was_shortened_ends(plays: Callable[[Scripted], Scripted]) -> None:
    plays(Scripted(refusing("two")))
    post = a_thread("one", "two")
    tick()
    slot = approve_again(post, "one")
    tick(now=slot)
    assert states() == ["sent", "cancelled"]
    assert fresh(post).state == "sent"


def test_a_post_that_was_approved_again_is_asked_about_from_then_on(
    plays: Callable[[Scripted], Scripted],
) -> None:
    post = a_scheduled_post(a_sandbox_channel())
    plays(Scripted(raising(Rejected("no"))))
    tick()
    network = plays(Scripted(raising(Unknown("timed out")), found=Retry("away")))
    slot = approve_again(post, now=NOON + timedelta(days=9))
    enqueue_due(now=slot)
    send_due(now=slot)
    reconcile_unknown(now=slot + MINUTE)
    assert network.asked == [MINUTE]
    assert Delivery.objects.get().due_at < slot + HOUR


def test_after_a_crash_the_network_is_asked_only_when_the_request_can_no_longer_take_effect(
    plays: Callable[[Scripted], Scripted],
) -> None:
    a_scheduled_post(a_sandbox_channel())
    network = plays(Scripted(raising(KeyboardInterrupt()), settles=HOUR))
    enqueue_due(now=NOON)
    with pytest.raises(KeyboardInterrupt):
        send_due(now=NOON)
    swept = NOON + timedelta(seconds=301)
    sweep(now=swept, most=8)
    reconcile_unknown(now=swept)
    assert (network.asked, states()) == ([], ["unknown"])
    reconcile_unknown(now=swept + HOUR)
    assert len(network.asked) == 1


@contextmanager
def each_apart(_work: str, then: Callable[[Exception], None], **_ids: int) -> Iterator[None]:
    """As `tasks.edge.apart`, which would close the connection of this test's transaction."""
    try:
        yield
    except ZeroDivisionError as error:
        then(error)


def test_a_network_that_fails_unforeseen_when_it_is_asked_stops_no_other(
    plays: Callable[[Scripted], Scripted],
) -> None:
    a_scheduled_post(a_sandbox_channel())
    a_scheduled_post(a_sandbox_channel())
    network = plays(Scripted(raising(Unknown("timed out")), found=ZeroDivisionError("a fault of its code")))  # type: ignore[arg-type]
    enqueue_due(now=NOON)
    send_due(now=NOON)
    for _ in range(2):
        assert reconcile_unknown(now=NOON + MINUTE, apart=each_apart) == 0
    assert len(network.asked) == 2, "both were asked about, and rest for a while"


def test_a_channel_that_is_down_costs_its_posts_no_tries(plays: Callable[[Scripted], Scripted]) -> None:
    post = a_scheduled_post(a_sandbox_channel())
    plays(Scripted(raising(ChannelDown("token revoked"))))
    enqueue_due(now=NOON)
    for minute in range(7):
        send_due(now=NOON + minute * MINUTE)
        channels.resume(post.channel_id, user=an_editor())
    assert Delivery.objects.get().attempts == 0
    plays(Scripted(raising(Retry("busy"))))
    send_due(now=NOON + 9 * MINUTE)
    assert states() == ["queued"]


def test_a_late_result_changes_no_post_that_was_approved_again(plays: Callable[[Scripted], Scripted]) -> None:
    post = a_scheduled_post(a_sandbox_channel())
    late = NOON + 7 * HOUR

    def stopped(_text: str) -> Receipt:
        sweep(now=late, most=8)
        reconcile_unknown(now=late)
        assert fresh(post).state == "failed"
        approve_again(post, now=late)
        raise Retry("much later")

    plays(Scripted(stopped))
    enqueue_due(now=NOON)
    send_due(now=NOON)
    assert fresh(post).state == "scheduled"


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_new_revision_puts_no_other_words_behind_a_message_that_has_left(
    plays: Callable[[Scripted], Scripted], by_itself: bool
) -> None:
    network = plays(Scripted(refusing("two")))
    post = a_thread("one", "two")
    Post.objects.update(edited=False)
    Channel.objects.update(auto_approve=by_itself)
    tick()
    assert states() == ["sent", "failed"]
    revise(post.item, title="Quite another title")
    draft_item(post.item_id, now=NOON + MINUTE)
    post = fresh(post)
    assert [part["text"] for part in post.parts] == ["one", "two"]
    assert (post.state, post.problem, post.slot_at) == ("draft", ITEM_CHANGED, None)
    for minute in range(1, 5):
        give_slots(post.channel_id, now=NOON + minute * MINUTE)
        tick(now=NOON + minute * MINUTE)
    assert network.published == ["one"]


def test_what_is_left_of_a_cancelled_thread_is_cancelled_with_it(
    plays: Callable[[Scripted], Scripted],
) -> None:
    plays(Scripted(refusing("two")))
    post = a_thread("one", "two", "three")
    tick()
    assert states() == ["sent", "failed", "queued"]
    approval.cancel(post.pk, user=an_editor(), version=fresh(post).version, reason="", now=NOON)
    tick(now=NOON + MINUTE)
    assert (states(), fresh(post).state) == (["sent", "failed", "cancelled"], "cancelled")
