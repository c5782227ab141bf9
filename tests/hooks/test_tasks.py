"""The tasks find what is due by themselves, and leave a host's long work its turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from publisher.core import clock
from publisher.delivery.turns import LONG, turn
from publisher.hooks import asking, judging, sending
from publisher.hooks.models import Message
from tasks.deliver import send_hooks
from tasks.upkeep import forget_hooks
from tests.desk.builders import a_post
from tests.hooks.steps import Receiver, an_admin, an_endpoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("inbox")]


def test_the_tick_sends_what_changed(receiver: Receiver) -> None:
    an_endpoint(receiver, "post.*")
    a_post()
    send_hooks()
    assert receiver.told == {"post.draft": 1}


def test_while_long_work_has_the_turn_webhooks_wait(receiver: Receiver, inbox: redis.Redis) -> None:
    an_endpoint(receiver, "post.*")
    a_post()
    with turn(LONG, seconds=60):
        send_hooks()
        assert receiver.told == {}
    send_hooks()
    assert receiver.told == {"post.draft": 1}


def test_one_message_that_cannot_be_made_holds_no_other_up(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.*")
    a_post()
    now = clock.database_now()
    Message.objects.create(
        endpoint=endpoint,
        key="evt_0",
        type="post.sent",
        changes=[{}],
        due_at=now,
        created_at=now,
        begun_at=now,
    )
    send_hooks()
    assert receiver.told == {"post.draft": 1}
    message = Message.objects.get(key="evt_0")
    assert (message.state, message.attempts, message.lease_until) == ("queued", 1, None)
    assert message.due_at > now


def test_one_that_can_never_be_made_is_given_up_with_its_reason_and_can_be_sent_again(
    receiver: Receiver,
) -> None:
    endpoint = an_endpoint(receiver, "post.*")
    now = clock.database_now()
    message = Message.objects.create(
        endpoint=endpoint,
        key="evt_0",
        type="post.sent",
        changes=[{}],
        due_at=now,
        created_at=now,
        begun_at=now,
    )
    for _round in range(sending.MOST_FAILURES):
        Message.objects.filter(pk=message.pk, state="queued").update(due_at=now)
        send_hooks()
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("failed", sending.MOST_FAILURES)
    assert "KeyError" in message.reason
    assert message.settled_at is not None
    assert [row.error for row in message.tries.all()] == [message.reason] * sending.MOST_FAILURES
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None, "it is no fault of the receiver"
    change = {"id": 1, "object": 5, "old": "sending", "new": "sent", "at": now.isoformat()}
    Message.objects.filter(pk=message.pk).update(changes=[change])
    asking.replay(endpoint.pk, message.pk, user=an_admin(), now=clock.database_now())
    send_hooks()
    assert receiver.told == {"post.sent": 1}


def test_one_whose_answer_cannot_be_written_down_ends_too(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_endpoint(receiver, "post.*")
    a_post()

    def fails(*_given: object) -> None:
        raise ValueError("no such column")

    monkeypatch.setattr(judging, "judge", fails)
    for _round in range(20):
        Message.objects.filter(state="queued").update(due_at=clock.database_now())
        send_hooks()
    message = Message.objects.get()
    assert message.state == "failed"
    assert len(receiver.taken) == sending.MOST_FAILURES


def test_the_upkeep_forgets(receiver: Receiver) -> None:
    an_endpoint(receiver, "post.*")
    a_post()
    send_hooks()
    long_ago = clock.now() - timedelta(days=31)
    Message.objects.update(created_at=long_ago, begun_at=long_ago)
    forget_hooks()
    assert not Message.objects.exists()
