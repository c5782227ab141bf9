"""Something about one post, item or channel fails in a way that nobody foresaw: it is logged, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from publisher.core import clock
from publisher.delivery.models import Delivery
from publisher.social import drafting, slots
from publisher.social.models import Channel, Post
from publisher.social.networks.base import Receipt
from publisher.social.networks.sandbox.network import Sandbox
from tasks import edge, editorial, feedback, schedule
from tests.builders import an_item
from tests.desk.builders import a_post, a_post_delivery
from tests.social.steps import a_sandbox_channel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox")]


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks give their connection up; here it holds the test's transaction."""
    monkeypatch.setattr(edge, "close_old_connections", lambda: None)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[..., set[int]]:
    """Makes a function fail whose first argument names one of these ids, as `key` finds them."""

    def spoil(where: Any, name: str, key: Callable[..., int]) -> set[int]:
        ids: set[int] = set()
        really = getattr(where, name)

        def spoilt(*given: Any, **named: Any) -> Any:
            if key(*given) in ids:
                raise ZeroDivisionError("division by zero")
            return really(*given, **named)

        monkeypatch.setattr(where, name, spoilt)
        return ids

    return spoil


def state(post: Post) -> str:
    post.refresh_from_db()
    return post.state


def test_a_channel_that_fails_keeps_no_other_channels_posts(
    broken: Callable[..., set[int]], caplog: pytest.LogCaptureFixture
) -> None:
    now = clock.now()
    bad, good = (a_post(channel=a_sandbox_channel(), state="scheduled", slot_at=now) for _ in range(2))
    broken(Sandbox, "prepare", lambda _self, _part, account, _key: account.channel_id).add(bad.channel_id)
    schedule.tick()
    assert (state(bad), state(good)) == ("scheduled", "sending")
    assert "channel.failed" in {each.message for each in caplog.records}


def test_a_channel_that_fails_keeps_no_other_channel_from_its_slots(broken: Callable[..., set[int]]) -> None:
    now = clock.now()
    bad, good = (a_post(channel=a_sandbox_channel(), state="approved", approved_at=now) for _ in range(2))
    broken(slots, "taken", lambda channel_id, _now: channel_id).add(bad.channel_id)
    schedule.give_slots()
    assert (state(bad), state(good)) == ("approved", "scheduled")


def test_a_post_that_cannot_be_asked_about_keeps_no_other_unclear_and_is_asked_about_more_seldom(
    broken: Callable[..., set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    parts = []
    for minutes in (9, 8):
        post = a_post(channel=a_sandbox_channel(), state="unknown", slot_at=now)
        moment = now - timedelta(minutes=minutes)
        parts.append(a_post_delivery(post, state="unknown", due_at=moment, created_at=moment, fence=1))
    bad, good = parts

    monkeypatch.setattr(Sandbox, "reconcile", lambda *_given, **_named: Receipt("there"))
    broken(Sandbox, "reconcile", lambda _self, account, _prepared: account.channel_id).add(
        bad.channel_id or 0
    )
    feedback.reconcile()
    assert Delivery.objects.get(pk=good.pk).state == "sent"
    put_off = Delivery.objects.get(pk=bad.pk)
    assert (put_off.state, put_off.due_at > now) == ("unknown", True)
    assert "ZeroDivisionError" in put_off.reason
    assert "division" not in put_off.reason


def test_an_item_that_fails_keeps_no_other_undrafted(broken: Callable[..., set[int]]) -> None:
    a_sandbox_channel()
    bad, good = (an_item(at=clock.now()) for _ in range(2))
    broken(drafting, "compose", lambda item, *_: item.pk).add(bad.pk)
    editorial.draft_waiting()
    assert list(Post.objects.values_list("item_id", flat=True)) == [good.pk]


def test_a_held_post_that_fails_keeps_no_other_held(broken: Callable[..., set[int]]) -> None:
    a_sandbox_channel()
    bad, good = (an_item(at=clock.now()) for _ in range(2))
    editorial.draft_waiting()
    Post.objects.update(state="held", problem="Something", parts=[])
    Channel.objects.update(revision=5)
    broken(drafting, "compose", lambda item, *_: item.pk).add(bad.pk)
    editorial.draft_waiting()
    assert state(Post.objects.get(item=good)) == "draft"
    assert state(Post.objects.get(item=bad)) == "held"
