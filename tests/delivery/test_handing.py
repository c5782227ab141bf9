"""Posts that a person publishes: handed over at their slot, stopped by the clock or a retraction, settled by a person's word."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from publisher.core import standstill
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import handing
from publisher.delivery.handing import AlreadyTold, OddAddress, not_posted, posted, stop_handed, waits
from publisher.delivery.models import Delivery
from publisher.delivery.pausing import of_country, pause
from publisher.delivery.posts import enqueue_due
from publisher.delivery.stopping import stop
from publisher.items.models import Item
from publisher.social import approval, channels
from publisher.social.models import Channel, Post
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import HOUR, delivery_of, send_due, tick
from tests.social.steps import EVERY_MINUTE, a_scheduled_post, an_editor, fresh, text_of

pytestmark = pytest.mark.django_db

SLOT = NOON
THERE = "https://weibo.com/1234567890/PxYzAb123"


def a_weibo_channel(**given: Any) -> Channel:
    return a_channel("weibo", **{"schedule": a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0), **given})


@pytest.fixture
def channel() -> Channel:
    return a_weibo_channel()


@pytest.fixture
def post(channel: Channel) -> Post:
    """A post that waits for a person."""
    post = a_scheduled_post(channel)
    tick(now=SLOT)
    return fresh(post)


def deeds(post: Post) -> list[str]:
    return list(
        AuditEntry.objects.filter(object_type="post", object_id=str(post.pk))
        .order_by("pk")
        .values_list("action", flat=True)
    )


def test_a_post_is_handed_to_a_person_at_its_slot_and_not_before(channel: Channel) -> None:
    post = a_scheduled_post(channel, now=SLOT - HOUR)
    tick(now=SLOT - timedelta(seconds=1))
    assert (fresh(post).state, Delivery.objects.count()) == ("scheduled", 0)
    tick(now=SLOT)
    row = delivery_of(post)
    assert (fresh(post).state, row.state, row.attempts) == ("handed", "handed", 0)
    assert handing.handout_of(row).copies[0].text == text_of(post)
    assert deeds(post)[-1] == "post.handed"


def test_the_sender_never_touches_what_is_with_a_person(post: Post) -> None:
    before = delivery_of(post)
    for hour in range(5):
        assert send_due(now=SLOT + hour * HOUR) == 0
        tick(now=SLOT + hour * HOUR)
    after = delivery_of(post)
    assert (after.state, after.fence, after.attempts) == ("handed", before.fence, 0)


def test_a_person_says_where_it_is_and_the_trail_says_who(post: Post) -> None:
    done = posted(delivery_of(post).pk, user=an_editor("mira"), url=f"  {THERE} ", now=SLOT + HOUR)
    row = delivery_of(post)
    assert (done.state, done.sent_at) == ("sent", SLOT + HOUR)
    assert (row.state, row.remote_url, row.sent_at) == ("sent", THERE, SLOT + HOUR)
    entry = AuditEntry.objects.get(action="post.posted")
    assert (entry.actor_name, entry.after["url"]) == ("mira", THERE)
    assert (row.tries.get().worker, THERE in row.tries.get().text) == ("mira", True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "weibo.com/1/x",
        "javascript:alert(1)",
        "ftp://weibo.com/1",
        "https://",
        "https://weibo",
        "https://weibo.com/a b",
        "https://mira:secret@weibo.com/1",
        "https://[::1",
        "https://weibo.com/\x00",
        "https://weibo.com/" + "a" * 2000,
    ],
)
def test_what_is_no_address_is_refused_and_changes_nothing(post: Post, url: str) -> None:
    with pytest.raises(UserError, match="address"):
        posted(delivery_of(post).pk, user=an_editor(), url=url, now=SLOT, sure=True)
    assert (fresh(post).state, delivery_of(post).state) == ("handed", "handed")


@pytest.mark.parametrize(
    "url", ["https://weibo.com.evil.example/1", "https://notweibo.com/1", "https://x.com/1/2"]
)
def test_an_address_elsewhere_is_asked_about_and_then_taken(post: Post, url: str) -> None:
    row = delivery_of(post)
    with pytest.raises(OddAddress, match=r"weibo\.com"):
        posted(row.pk, user=an_editor(), url=url, now=SLOT)
    assert fresh(post).state == "handed"
    assert posted(row.pk, user=an_editor(), url=url, now=SLOT, sure=True).state == "sent"


@pytest.mark.parametrize("url", [THERE, "https://m.weibo.cn/detail/5", "http://WEIBO.com./1/a"])
def test_the_networks_own_addresses_are_not_asked_about(post: Post, url: str) -> None:
    assert posted(delivery_of(post).pk, user=an_editor(), url=url, now=SLOT).state == "sent"


def test_the_address_of_another_post_is_asked_about(channel: Channel) -> None:
    first, second = a_scheduled_post(channel), a_scheduled_post(channel)
    tick(now=SLOT)
    tick(now=SLOT + timedelta(minutes=1))
    posted(delivery_of(first).pk, user=an_editor(), url=THERE, now=SLOT + HOUR)
    with pytest.raises(OddAddress, match="Another post"):
        posted(delivery_of(second).pk, user=an_editor(), url=THERE, now=SLOT + HOUR)


def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(post: Post) -> None:
    row = delivery_of(post)
    posted(row.pk, user=an_editor("mira"), url=THERE, now=SLOT)
    with pytest.raises(AlreadyTold, match=THERE):
        posted(row.pk, user=an_editor("tomas"), url="https://weibo.com/other", now=SLOT + HOUR, sure=True)
    with pytest.raises(AlreadyTold, match="Sent"):
        not_posted(post.pk, user=an_editor("tomas"), reason="I will not", again=False, now=SLOT + HOUR)
    assert (delivery_of(post).remote_url, fresh(post).state) == (THERE, "sent")
    assert deeds(post).count("post.posted") == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_written() -> None:
    post = a_scheduled_post(a_weibo_channel())
    tick(now=SLOT)
    row, start = delivery_of(post), threading.Barrier(2)
    people = [an_editor("mira"), an_editor("tomas")]
    outcomes: list[str] = []

    def say(number: int) -> None:
        start.wait()
        try:
            posted(row.pk, user=people[number], url=f"{THERE}{number}", now=SLOT)
            outcomes.append(f"{THERE}{number}")
        except AlreadyTold:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=say, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("told") == 1
    assert delivery_of(post).remote_url in outcomes
    assert AuditEntry.objects.filter(action="post.posted").count() == 1


def test_who_will_not_post_it_says_why(post: Post) -> None:
    with pytest.raises(UserError, match="Say why"):
        not_posted(post.pk, user=an_editor(), reason=" ", again=False, now=SLOT)
    done = not_posted(post.pk, user=an_editor("mira"), reason="The event was moved", again=False, now=SLOT)
    assert (done.state, done.problem, delivery_of(post).state) == (
        "cancelled",
        "The event was moved",
        "cancelled",
    )
    assert AuditEntry.objects.get(action="post.not_posted").actor_name == "mira"


def test_what_is_taken_back_is_a_draft_and_is_handed_over_anew(channel: Channel, post: Post) -> None:
    back = not_posted(post.pk, user=an_editor(), reason="", again=True, now=SLOT)
    assert (back.state, back.slot_at, back.approved_at) == ("draft", None, None)
    approval.edit(post.pk, user=an_editor(), version=fresh(post).version, texts=["Another text"], now=SLOT)
    approval.approve(post.pk, user=an_editor(), version=fresh(post).version, now=SLOT)
    give_slots(channel.pk, now=SLOT)
    tick(now=SLOT + timedelta(minutes=2))
    row = delivery_of(post)
    assert (row.state, handing.handout_of(row).copies[0].text) == ("handed", "Another text")


def test_nobody_who_said_anything_in_time_lets_it_expire_and_ask(post: Post) -> None:
    assert stop_handed(now=SLOT + 24 * HOUR) == 0
    assert stop_handed(now=SLOT + 24 * HOUR + timedelta(seconds=1)) == 1
    assert (fresh(post).state, delivery_of(post).state) == ("expired", "expired")
    assert "within 24 hours" in fresh(post).problem
    assert deeds(post)[-1] == "post.expire"


def test_an_expired_post_may_turn_out_to_be_posted_after_all(post: Post) -> None:
    stop_handed(now=SLOT + 25 * HOUR)
    assert posted(delivery_of(post).pk, user=an_editor(), url=THERE, now=SLOT + 26 * HOUR).state == "sent"


def test_an_expired_post_that_was_approved_anew_is_not_settled_by_an_old_page(post: Post) -> None:
    stop_handed(now=SLOT + 25 * HOUR)
    approval.approve(post.pk, user=an_editor(), version=fresh(post).version, now=SLOT + 25 * HOUR)
    with pytest.raises(AlreadyTold, match="does not wait for you any more"):
        posted(delivery_of(post).pk, user=an_editor(), url=THERE, now=SLOT + 26 * HOUR)
    assert fresh(post).state == "approved"


@pytest.mark.parametrize(
    ("tolerance", "given", "hours"),
    [
        (6, {}, 24),
        (48, {}, 48),
        (6, {"wait_hours": 2}, 6),
        (6, {"wait_hours": 72}, 72),
        (6, {"wait_hours": "72"}, 24),
        (6, {"wait_hours": True}, 24),
        (6, {"wait_hours": -1}, 24),
        (6, {"wait_hours": 10**9}, 24),
    ],
)
def test_how_long_a_post_waits_for_a_person(tolerance: int, given: dict[str, Any], hours: int) -> None:
    assert waits(tolerance * HOUR, given) == hours * HOUR


def test_a_retracted_item_takes_its_post_out_of_the_persons_hands(post: Post) -> None:
    Item.objects.filter(pk=post.item_id).update(retracted_at=SLOT)
    tick(now=SLOT + timedelta(minutes=1))
    assert (fresh(post).state, delivery_of(post).state) == ("cancelled", "cancelled")
    assert "delete it there" in fresh(post).problem


def test_what_was_posted_before_the_retraction_can_still_be_said(post: Post) -> None:
    Item.objects.filter(pk=post.item_id).update(retracted_at=SLOT)
    stop_handed(now=SLOT)
    assert posted(delivery_of(post).pk, user=an_editor(), url=THERE, now=SLOT).state == "sent"


def test_a_retracted_item_is_never_handed_over(channel: Channel) -> None:
    post = a_scheduled_post(channel)
    Item.objects.filter(pk=post.item_id).update(retracted_at=NOON)
    tick(now=SLOT)
    assert (fresh(post).state, Delivery.objects.count()) == ("cancelled", 0)


@pytest.mark.parametrize("what", ["embargo", "pause", "country", "standstill", "off"])
def test_what_stops_a_channel_stops_the_handing_over(channel: Channel, what: str) -> None:
    post = a_scheduled_post(channel)
    hinder(what, post)
    enqueue_due(now=SLOT)
    assert fresh(post).state != "handed"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("embargo", "under embargo until 1 June 2026, 18:00 UTC"),
        ("pause", "The channel is stopped: The account was stolen."),
        ("country", "It is paused (Country CN: A drill)."),
        ("standstill", "All sending stands still"),
        ("off", "switched off"),
    ],
)
def test_what_comes_up_afterwards_is_told_to_the_person(post: Post, what: str, told: str) -> None:
    assert handing.obstacle(post, post.channel, SLOT) == ""
    hinder(what, post)
    later = fresh(post)
    assert told in handing.obstacle(later, later.channel, SLOT)


def hinder(what: str, post: Post) -> None:
    if what == "embargo":
        Item.objects.filter(pk=post.item_id).update(embargo_until=NOON + 6 * HOUR)
    elif what == "pause":
        channels.pause(post.channel_id, user=None, reason="The account was stolen.")
    elif what == "country":
        Channel.objects.filter(pk=post.channel_id).update(region="CN")
        pause([of_country("CN")], user=None, by="mira", reason="A drill.", now=NOON)
    elif what == "off":
        Channel.objects.filter(pk=post.channel_id).update(enabled=False)
    else:
        stop(user=None, by="mira", reason="A drill.", now=NOON)
        assert standstill.is_on()


def test_a_missed_slot_is_not_handed_over_late(channel: Channel) -> None:
    post = a_scheduled_post(channel)
    tick(now=SLOT + 7 * HOUR)
    assert (fresh(post).state, Delivery.objects.count()) == ("expired", 0)


def test_each_part_of_a_thread_gets_its_own_address(channel: Channel) -> None:
    post = a_scheduled_post(channel)
    Post.objects.filter(pk=post.pk).update(parts=[{"text": "One"}, {"text": "Two"}])
    tick(now=SLOT)
    first, second = Delivery.objects.filter(post=post).order_by("part")
    assert posted(second.pk, user=an_editor(), url=f"{THERE}2", now=SLOT).state == "handed"
    assert posted(first.pk, user=an_editor(), url=THERE, now=SLOT).state == "sent"


def test_a_post_with_a_person_keeps_the_gap_to_the_next_one() -> None:
    channel = a_weibo_channel(schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=30))
    first = a_scheduled_post(channel)
    tick(now=SLOT)
    assert fresh(first).state == "handed"
    second = a_scheduled_post(channel, now=SLOT)
    assert second.slot_at is not None
    assert first.slot_at is not None
    assert second.slot_at - first.slot_at >= timedelta(minutes=30)


def test_a_post_of_another_network_cannot_be_settled_so() -> None:
    channel = a_channel("x", schedule=a_schedule(slots=EVERY_MINUTE))
    post = Post.objects.get(pk=a_scheduled_post(channel).pk)
    row = Delivery.objects.create(
        post=post, channel=channel, part=0, state="expired", due_at=NOON, created_at=NOON, address="x"
    )
    with pytest.raises(UserError, match="not published by hand"):
        posted(row.pk, user=an_editor(), url="https://x.com/1", now=NOON)
