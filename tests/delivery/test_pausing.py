"""A channel, a topic or a country is paused: nothing that it covers is claimed from the commit on, and a release is no flood."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry, Pause
from publisher.delivery import posts, stopping
from publisher.delivery.claim import claim_mail, claim_post, may_go_on, next_fence
from publisher.delivery.holding import of_channel as hold_of_channel
from publisher.delivery.leaving import enqueue_due
from publisher.delivery.models import Delivery
from publisher.delivery.outlook import outlook
from publisher.delivery.pacing.due import due_editions
from publisher.delivery.pausing import (
    GREW_OLD,
    Target,
    of_channel,
    of_country,
    of_topic,
    pause,
    release,
    resume_channel,
)
from publisher.delivery.reslotting import How
from publisher.digests import editions
from publisher.digests.models import Edition, EditionItem
from publisher.items.models import Item, Source
from publisher.social import channels
from publisher.social.models import Channel, Post
from publisher.social.networks.sandbox.server import Server
from publisher.social.slots import give_slots
from tests.builders import NOON, a_digest, a_schedule, a_sending_edition, a_topic, an_item
from tests.delivery.post_steps import HOUR, send_due, tick
from tests.desk.builders import a_post, a_post_delivery
from tests.fakes.sandbox import timeline
from tests.social.steps import (
    EVERY_MINUTE,
    a_draft,
    a_sandbox_channel,
    a_scheduled_post,
    approved,
    fresh,
    text_of,
    with_topic,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=5)


def paused(*targets: Target, reason: str = "A flood in the valley") -> list[Pause]:
    return pause(targets, user=None, by="ada@host", reason=reason, now=NOON)


def released(row: Pause, how: How = How.NEW_SLOTS, *, minutes: int = 0) -> None:
    release(row.pk, how, user=None, by="ada@host", now=NOON + minutes * MINUTE)


def queued_post(channel: Channel | None = None, item: Item | None = None) -> tuple[Post, int]:
    """A post whose part is queued and due."""
    post = a_post(item=item, channel=channel or a_sandbox_channel(), state="sending", slot_at=NOON)
    return post, a_post_delivery(post).pk


def claimable(delivery_id: int) -> bool:
    """Whether the very claim takes it; taken back at once."""
    with transaction.atomic():
        fence = claim_post(delivery_id, now=NOON, lease=LEASE)
        transaction.set_rollback(True)
    return bool(fence)


def country_of(item: Item, code: str) -> None:
    Source.objects.filter(pk=item.source_id).update(country=code)


def an_edition_with(item: Item, *, state: str = "sending", topics: list[int] | None = None) -> Edition:
    edition = a_sending_edition(a_digest(enabled=False), mails=2)
    Edition.objects.filter(pk=edition.pk).update(state=state)
    EditionItem.objects.create(
        edition=edition, item=item, revision=item.revision, position=0, topics=topics or []
    )
    edition.refresh_from_db()
    return edition


def mails_claimed(edition: Edition) -> int:
    with transaction.atomic():
        claim = claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=LEASE)
        transaction.set_rollback(True)
    return len(claim.mails)


def scope(which: str) -> tuple[Target, int, int]:
    """A target, the queued part that it covers, and one that it does not."""
    other = queued_post(item=an_item(source="elsewhere"))[1]
    if which == "channel":
        post, part = queued_post()
        return of_channel(post.channel), part, other
    if which == "region of the channel":
        _, part = queued_post(a_sandbox_channel(region="CN"))
        return of_country("cn"), part, other
    post, part = queued_post()
    if which == "country of the source":
        country_of(post.item, "KE")
        return of_country("KE"), part, other
    with_topic(post.item, a_topic(), state=which)
    return of_topic(a_topic()), part, other


SCOPES = ["channel", "region of the channel", "country of the source", "accepted", "suggested"]


@pytest.mark.parametrize("which", SCOPES)
def test_what_is_paused_is_not_claimed_and_all_else_is(which: str) -> None:
    target, covered, other = scope(which)
    assert claimable(covered)
    Delivery.objects.update(attempts=1)  # tried before: it stays in the queue, so that its claim is asked
    paused(target)
    assert not claimable(covered)
    assert not posts.send(covered, now=NOON)
    assert claimable(other)
    assert posts.heads(now=NOON) == [other]
    Pause.objects.all().delete()
    assert claimable(covered)


def test_a_topic_that_a_person_declined_is_not_the_items() -> None:
    post, part = queued_post()
    with_topic(post.item, a_topic(), state="declined")
    paused(of_topic(a_topic()))
    assert claimable(part)


def test_a_topic_that_an_item_gets_while_it_waits_in_the_queue_stops_it() -> None:
    post, part = queued_post()
    paused(of_topic(a_topic()))
    assert claimable(part)
    with_topic(post.item, a_topic())
    assert not claimable(part)


def test_a_post_in_the_queue_can_be_edited_while_it_is_paused_and_leaves_with_its_new_text(
    network: Server,
) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    enqueue_due(now=NOON + MINUTE)
    assert fresh(post).state == "sending"
    (row,) = paused(of_channel(post.channel))
    assert (fresh(post).state, Delivery.objects.get().state) == ("scheduled", "cancelled")
    Post.objects.filter(pk=post.pk).update(parts=[{"text": "Corrected"}])
    tick(now=NOON + 2 * MINUTE)
    assert timeline(network) == []
    released(row, minutes=2)
    for minute in range(2, 5):
        tick(now=NOON + minute * MINUTE)
    assert timeline(network) == ["Corrected"]
    assert Delivery.objects.get().state == "sent"


def test_a_thread_that_has_begun_waits_and_goes_on_where_it_was(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network))
    Post.objects.filter(pk=post.pk).update(parts=[{"text": "One"}, {"text": "Two"}])
    enqueue_due(now=NOON + MINUTE)
    first = Delivery.objects.get(part=0)
    assert posts.send(first.pk, now=NOON + MINUTE)
    (row,) = paused(of_channel(post.channel))
    tick(now=NOON + 2 * MINUTE)
    assert timeline(network) == ["One"]
    released(row, minutes=3)
    tick(now=NOON + 3 * MINUTE)
    assert timeline(network) == ["One", "Two"]


def test_an_approved_post_gets_no_slot_behind_a_pause_and_one_afterwards() -> None:
    post = approved(a_draft())
    with_topic(post.item, a_topic())
    (row,) = paused(of_topic(a_topic()))
    assert give_slots(post.channel_id, now=NOON) == 0
    released(row)
    assert give_slots(post.channel_id, now=NOON) == 1


def test_a_paused_post_does_not_take_a_slot_from_one_that_may_leave() -> None:
    channel = a_sandbox_channel()
    held, free = approved(a_draft(channel)), approved(a_draft(channel))
    with_topic(held.item, a_topic())
    paused(of_topic(a_topic()))
    assert give_slots(channel.pk, now=NOON) == 1
    assert (fresh(held).slot_at, fresh(free).slot_at) == (None, NOON)


def test_a_post_waits_behind_a_short_pause_and_asks_after_a_long_one(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network, tolerance_minutes=60))
    paused(of_channel(post.channel))
    tick(now=NOON + 30 * MINUTE)
    assert (fresh(post).state, timeline(network)) == ("scheduled", [])
    tick(now=NOON + 62 * MINUTE)
    assert (fresh(post).state, timeline(network)) == ("expired", [])


def test_released_with_new_slots_they_leave_in_their_order_with_the_least_gap(network: Server) -> None:
    schedule = a_schedule(slots=EVERY_MINUTE, least_gap_minutes=10)
    channel = a_sandbox_channel(network, schedule=schedule)
    items = [a_scheduled_post(channel) for _ in range(3)]
    (row,) = paused(of_channel(channel))
    tick(now=NOON + 45 * MINUTE)
    outcome = release(row.pk, How.NEW_SLOTS, user=None, by="ada", now=NOON + 45 * MINUTE).posts
    assert (outcome.moved, outcome.asking) == (3, 0)
    assert [fresh(post).slot_at for post in items] == [NOON + n * MINUTE for n in (45, 55, 65)]
    seen = []
    for minute in range(45, 70):
        tick(now=NOON + minute * MINUTE)
        seen.append(len(timeline(network)))
    assert seen == [1] * 10 + [2] * 10 + [3] * 5
    assert timeline(network) == [text_of(post) for post in items]


def test_released_post_by_post_nothing_leaves_before_a_person_lets_it_go(network: Server) -> None:
    channel = a_sandbox_channel(network)
    due, later, waiting = a_scheduled_post(channel), a_scheduled_post(channel), approved(a_draft(channel))
    Post.objects.filter(pk=later.pk).update(slot_at=NOON + 3 * HOUR)
    (row,) = paused(of_channel(channel))
    released(row, How.ASK, minutes=5)
    assert {fresh(post).state for post in (due, later, waiting)} == {"expired"}
    assert "behind a pause (Channel" in fresh(due).problem
    assert "A flood in the valley" in fresh(due).problem
    give_slots(channel.pk, now=NOON + 5 * MINUTE)
    for hours in range(6):
        tick(now=NOON + hours * HOUR)
    assert timeline(network) == []


def test_a_release_moves_no_post_whose_slot_is_still_to_come() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    Post.objects.filter(pk=post.pk).update(slot_at=NOON + HOUR)
    (row,) = paused(of_channel(post.channel))
    released(row, minutes=5)
    assert (fresh(post).state, fresh(post).slot_at) == ("scheduled", NOON + HOUR)


def test_what_is_too_late_at_the_release_asks_also_when_no_tick_came_meanwhile(network: Server) -> None:
    post = a_scheduled_post(a_sandbox_channel(network, tolerance_minutes=60))
    (row,) = paused(of_channel(post.channel))
    outcome = release(row.pk, How.NEW_SLOTS, user=None, by="ada", now=NOON + 2 * HOUR).posts
    assert (outcome.moved, outcome.asking) == (0, 1)
    tick(now=NOON + 2 * HOUR)
    assert (fresh(post).state, timeline(network)) == ("expired", [])


def test_what_another_pause_covers_goes_on_waiting() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    with_topic(post.item, a_topic())
    by_channel, by_topic = paused(of_channel(post.channel), of_topic(a_topic()))
    released(by_channel, minutes=5)
    assert (fresh(post).state, fresh(post).slot_at) == ("scheduled", NOON)
    enqueue_due(now=NOON + 5 * MINUTE)
    assert not Delivery.objects.exists()
    released(by_topic, minutes=5)
    assert fresh(post).slot_at == NOON + 5 * MINUTE


def test_what_the_standstill_holds_goes_on_waiting_too_and_gets_its_slot_when_that_ends() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    (row,) = paused(of_channel(post.channel))
    stopping.stop(user=None, by="ada", reason="Everything", now=NOON)
    released(row, minutes=5)
    assert fresh(post).slot_at == NOON
    stopping.go_on(user=None, by="ada", now=NOON + 6 * MINUTE)
    assert fresh(post).slot_at == NOON + 6 * MINUTE


def test_after_the_standstill_too_a_person_may_be_asked_about_each() -> None:
    post = a_scheduled_post(a_sandbox_channel())
    stopping.stop(user=None, by="ada", reason="Everything", now=NOON)
    went_on = stopping.go_on(user=None, by="ada", now=NOON + MINUTE, how=How.ASK)
    assert went_on.posts.said == "1 post asks before it leaves."
    assert (fresh(post).state, fresh(post).problem) == ("expired", stopping.WAITED)


@pytest.mark.parametrize(("how", "state"), [(How.NEW_SLOTS, "scheduled"), (How.ASK, "expired")])
def test_a_channel_that_its_network_stopped_goes_on_in_the_same_two_ways(how: How, state: str) -> None:
    post = a_scheduled_post(a_sandbox_channel())
    channels.pause(post.channel_id, user=None, reason="401")
    resume_channel(post.channel_id, how, user=None, now=NOON + 9 * MINUTE)
    assert fresh(post).state == state
    assert how is How.ASK or fresh(post).slot_at == NOON + 9 * MINUTE


def test_a_retracted_or_embargoed_item_gets_no_new_slot() -> None:
    channel = a_sandbox_channel()
    retracted, embargoed = a_scheduled_post(channel), a_scheduled_post(channel)
    Item.objects.filter(pk=retracted.item_id).update(retracted_at=NOON)
    Item.objects.filter(pk=embargoed.item_id).update(embargo_until=NOON + HOUR)
    (row,) = paused(of_channel(channel))
    released(row, minutes=9)
    enqueue_due(now=NOON + 9 * MINUTE)
    assert [fresh(post).state for post in (retracted, embargoed)] == ["cancelled", "approved"]


# Editions.


@pytest.mark.parametrize("frozen", [True, False])
def test_no_mail_is_claimed_of_an_edition_that_holds_a_paused_item(frozen: bool) -> None:
    item = an_item()
    topic = a_topic()
    if not frozen:
        with_topic(item, topic)
    edition = an_edition_with(item, topics=[topic.pk] if frozen else [])
    other = an_edition_with(an_item())
    assert mails_claimed(edition) == 2
    (row,) = paused(of_topic(topic))
    assert (mails_claimed(edition), mails_claimed(other)) == (0, 2)
    assert may_go_on([edition.pk, other.pk], now=NOON) == {other.pk}
    assert [each.edition_id for each in due_editions(only=None, now=NOON)] == [other.pk]
    holds = {each.edition.pk: str(each.hold) for each in outlook(now=NOON).mails}
    assert "holds items that are paused (Topic Water: A flood in the valley)" in holds[edition.pk]
    released(row)
    assert mails_claimed(edition) == 2


def test_tests_of_a_paused_edition_leave_so_that_staff_can_look_at_it() -> None:
    edition = an_edition_with(an_item(), topics=[a_topic().pk])
    Delivery.objects.update(purpose="test")
    paused(of_topic(a_topic()))
    claim = claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=LEASE, tests=True)
    assert len(claim.mails) == 2


@pytest.mark.parametrize(("state", "deed"), [("waiting", editions.approve), ("paused", editions.resume)])
def test_an_edition_that_holds_a_paused_item_is_not_let_go(state: str, deed: object) -> None:
    item = an_item()
    country_of(item, "KE")
    edition = an_edition_with(item, state=state)
    (row,) = paused(of_country("KE"))
    with pytest.raises(UserError, match="holds items that are paused"):
        deed(edition.pk, user=None, now=NOON)  # type: ignore[operator]  # one of the two above
    edition.refresh_from_db()
    assert edition.state == state
    editions.cancel(an_edition_with(item).pk, user=None, now=NOON)
    released(row)
    deed(edition.pk, user=None, now=NOON)  # type: ignore[operator]  # as above


@pytest.mark.parametrize(("hours", "state"), [(3, "sending"), (13, "paused")])
def test_an_edition_goes_on_after_the_release_unless_its_time_is_long_past(hours: int, state: str) -> None:
    edition = an_edition_with(an_item(), topics=[a_topic().pk])
    other = an_edition_with(an_item())
    (row,) = paused(of_topic(a_topic()))
    released(row, minutes=hours * 60)
    edition.refresh_from_db()
    other.refresh_from_db()
    assert (edition.state, other.state) == (state, "sending")
    assert (edition.problem == GREW_OLD) == (state == "paused")


# The deed itself.


def test_a_pause_needs_a_reason_and_something_to_pause() -> None:
    channel = a_sandbox_channel()
    with pytest.raises(UserError, match="Say why"):
        paused(of_channel(channel), reason=" \n")
    with pytest.raises(UserError, match="Nothing was chosen"):
        paused()
    with pytest.raises(UserError, match="no country"):
        of_country("Atlantis")
    assert not Pause.objects.exists()


def test_what_is_paused_already_keeps_its_reason_and_the_rest_is_paused() -> None:
    channel, topic = a_sandbox_channel(), a_topic()
    paused(of_channel(channel), reason="The first")
    assert [str(row) for row in paused(of_channel(channel), of_topic(topic), reason="The second")] == [
        "Topic Water"
    ]
    assert Pause.objects.get(channel_id=channel.pk).reason == "The first"
    with pytest.raises(UserError, match="paused already"):
        paused(of_topic(topic))


def test_a_pause_is_released_once() -> None:
    (row,) = paused(of_country("KE"))
    released(Pause.objects.get(pk=row.pk))
    with pytest.raises(UserError, match="ended already"):
        released(row)


def test_the_trail_says_who_paused_what_and_why_and_who_released_it() -> None:
    ada = User.objects.create_user("ada")
    post = a_scheduled_post(a_sandbox_channel(name="Mastodon"))
    (row,) = pause([of_channel(post.channel)], user=ada, by="ada", reason="A flood", now=NOON)
    release(row.pk, How.NEW_SLOTS, user=None, by="root@host", now=NOON + 9 * MINUTE)
    trail = AuditEntry.objects.filter(action__startswith="pause.").order_by("id")
    assert list(trail.values_list("action", "actor_name", "object_id")) == [
        ("pause.begun", "ada", str(row.pk)),
        ("pause.released", "root@host", str(row.pk)),
    ]
    assert trail[0].after == {"name": "Channel Mastodon", "reason": "A flood", "by": "ada"}
    moved = AuditEntry.objects.get(action="post.new_slot")
    assert (moved.object_id, moved.before["slot_at"]) == (str(post.pk), NOON.isoformat())


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": "channel"},
        {"scope": "topic", "channel_id": 1},
        {"scope": "country", "country": ""},
        {"scope": "channel", "channel_id": 1, "country": "KE"},
    ],
)
def test_the_database_keeps_no_pause_of_nothing_or_of_two_things(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        Pause.objects.create(name="x", reason="x", by="x", since=NOON, **fields)


def test_the_pages_say_what_holds_a_post_up() -> None:
    post = a_scheduled_post(a_sandbox_channel(name="Mastodon"))
    with_topic(post.item, a_topic())
    paused(of_topic(a_topic()))
    (ahead,) = outlook(now=NOON).posts
    assert (ahead.waiting, str(ahead.hold)) == (1, "Paused (Topic Water: A flood in the valley).")
    assert hold_of_channel(post.channel, NOON) is None
    assert send_due(now=NOON) == 0
