"""Leaving, pausing, and moving to another rhythm: each leaves its proof, and old links go on working."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from publisher.audience import pauses, preferences, subscriptions
from publisher.audience.choices import Choice
from publisher.audience.models import Consent, Subscriber, Subscription
from publisher.audience.preferences import Wish, Wishes
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest, Edition
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber, an_item

pytestmark = pytest.mark.django_db

ENGLISH = Choice.of(language="en")
WEEK = timedelta(weeks=1)


def state_of(subscription: Subscription) -> tuple[str, str]:
    """Of the subscription, and of its subscriber."""
    subscription.refresh_from_db()
    subscription.subscriber.refresh_from_db()
    return subscription.state, subscription.subscriber.state


def claimed(edition: Edition) -> list[str]:
    claim = claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=timedelta(minutes=1))
    return [mail.address for mail in claim.mails]


def test_who_leaves_one_of_two_stays_active_and_who_leaves_the_last_is_marked_so() -> None:
    first = a_subscriber(a_digest(), "lin@example.net")
    second = a_subscriber(a_digest(), "lin@example.net")
    assert subscriptions.leave(first.subscriber_id, first.digest_id, how="test", now=NOON)
    assert state_of(first) == ("ended", "active")
    assert subscriptions.leave(first.subscriber_id, second.digest_id, how="test", now=NOON)
    assert state_of(second) == ("ended", "left")


def test_leaving_all_withdraws_each_and_again_nothing() -> None:
    mine = [a_subscriber(a_digest(), "lin@example.net") for _ in range(2)]
    who = mine[0].subscriber_id
    assert sorted(subscriptions.leave_all(who, how="test", now=NOON)) == sorted(
        each.digest_id for each in mine
    )
    assert subscriptions.leave_all(who, how="test", now=NOON) == []
    assert Consent.objects.filter(subscriber=who, action="withdrawn").count() == 2
    assert state_of(mine[0])[1] == "left"


def test_who_comes_back_is_active_again() -> None:
    digest = a_digest()
    one = a_subscriber(digest, "lin@example.net")
    subscriptions.leave(one.subscriber_id, digest.pk, how="test", now=NOON)
    a_subscriber(digest, "lin@example.net")
    assert state_of(one) == ("active", "active")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_leave_two_digests_at_once_one_sees_that_nothing_is_left() -> None:
    mine = [a_subscriber(a_digest(), "lin@example.net") for _ in range(8)]
    barrier = threading.Barrier(len(mine))

    def leave(row: Subscription) -> None:
        barrier.wait()
        subscriptions.leave(row.subscriber_id, row.digest_id, how="test", now=NOON)
        connection.close()

    threads = [threading.Thread(target=leave, args=[row]) for row in mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Subscriber.objects.get().state == "left"


def family(*names: str) -> list[Digest]:
    return [a_digest(family="news", rhythm=name) for name in names]


def moved(subscription: Subscription, to: Digest, choice: Choice = ENGLISH) -> Subscription:
    new = subscriptions.move(
        subscription.subscriber_id, subscription.digest_id, to.pk, choice, how="test", now=NOON
    )
    assert new is not None
    return new


def test_moving_ends_the_one_and_begins_the_other_in_the_choice_made() -> None:
    weekly, monthly = family("weekly", "monthly")
    old = a_subscriber(weekly)
    new = moved(old, monthly, Choice.of(language="zh", kinds=["speech"]))
    assert state_of(old) == ("ended", "active")
    assert (new.state, new.selection.language, new.selection.kinds) == ("active", "zh", ["speech"])
    assert not Consent.objects.filter(action="withdrawn").exists()
    assert Consent.objects.filter(digest_id=monthly.pk, action="given").count() == 1


def test_what_was_queued_of_the_old_rhythm_still_goes_out_and_nothing_new_of_it() -> None:
    weekly, monthly = family("weekly", "monthly")
    edition = a_sending_edition(weekly, mails=1)
    moved(Subscription.objects.get(), monthly)
    assert len(claimed(edition)) == 1
    an_item(at=NOON)
    later = Edition.objects.create(
        digest=weekly,
        due_at=NOON + WEEK,
        window_from=NOON - WEEK,
        window_to=NOON + WEEK,
        created_at=NOON,
        trace_id="f" * 32,
    )
    assemble(later.pk, now=NOON + WEEK)
    assert not Delivery.objects.filter(edition=later).exists()


def test_who_moved_and_then_left_or_paused_gets_nothing_that_was_queued_of_the_old_rhythm() -> None:
    weekly, monthly = family("weekly", "monthly")
    edition = a_sending_edition(weekly, mails=2)
    leaver, sleeper = Subscription.objects.order_by("pk")
    for each in (leaver, sleeper):
        moved(each, monthly)
    subscriptions.leave(leaver.subscriber_id, monthly.pk, how="test", now=NOON)
    pauses.pause(sleeper.subscriber_id, 2, how="test", now=NOON)
    assert claimed(edition) == []


@pytest.mark.parametrize("pressed", ["weekly", "monthly", "daily"])
def test_the_link_of_any_rhythm_that_a_reader_ever_had_ends_the_one_they_have(pressed: str) -> None:
    weekly, monthly, daily = family("weekly", "monthly", "daily")
    old = a_subscriber(weekly)
    newest = moved(moved(old, monthly), daily)
    digest = {"weekly": weekly, "monthly": monthly, "daily": daily}[pressed]
    assert subscriptions.leave(old.subscriber_id, digest.pk, how="test", now=NOON)
    assert state_of(newest) == ("ended", "left")
    withdrawn = Consent.objects.filter(action="withdrawn").values_list("digest_id", flat=True)
    assert set(withdrawn) == {weekly.pk, monthly.pk, daily.pk}, "a restored backup leaves each of them"
    assert not subscriptions.leave(old.subscriber_id, digest.pk, how="test", now=NOON)


def test_moving_back_and_forth_is_one_subscription() -> None:
    weekly, monthly = family("weekly", "monthly")
    old = a_subscriber(weekly)
    back = moved(moved(old, monthly), weekly)
    assert back.pk == old.pk
    assert Subscription.objects.filter(state="active").count() == 1
    subscriptions.leave(old.subscriber_id, monthly.pk, how="test", now=NOON)
    assert state_of(old) == ("ended", "left")


def test_one_who_has_left_is_not_moved() -> None:
    weekly, monthly = family("weekly", "monthly")
    old = a_subscriber(weekly)
    subscriptions.leave(old.subscriber_id, weekly.pk, how="test", now=NOON)
    assert subscriptions.move(old.subscriber_id, weekly.pk, monthly.pk, ENGLISH, how="test", now=NOON) is None
    assert Subscription.objects.count() == 1


def test_a_pause_lasts_its_weeks_and_ends_by_itself() -> None:
    one = a_subscriber(a_digest())
    assert pauses.pause(one.subscriber_id, 2, how="test", now=NOON) == 1
    assert pauses.resume_due(now=NOON + 2 * WEEK - timedelta(seconds=1)) == 0
    assert state_of(one) == ("paused", "active")
    assert pauses.resume_due(now=NOON + 2 * WEEK) == 1
    assert (*state_of(one), one.paused_until) == ("active", "active", None)


def test_while_paused_nothing_is_written_or_claimed() -> None:
    edition = a_sending_edition(mails=1)
    one = Subscription.objects.get()
    pauses.pause(one.subscriber_id, 1, how="test", now=NOON)
    assert claimed(edition) == []
    assert (
        Delivery.objects.get().reason == "Not subscribed any more, or paused, when it was about to be sent."
    )


def test_a_pause_can_be_ended_before_its_time_and_other_lengths_are_none() -> None:
    one = a_subscriber(a_digest())
    pauses.pause(one.subscriber_id, 26, how="test", now=NOON)
    assert pauses.go_on(one.subscriber_id, how="test", now=NOON) == 1
    assert state_of(one)[0] == "active"
    assert [row.how for row in Consent.objects.order_by("pk")][1:] == [
        "test: paused until 2026-11-30 12:00 UTC",
        "test: the pause ended",
    ]
    with pytest.raises(ValueError, match="5 weeks"):
        pauses.pause(one.subscriber_id, 5, how="test", now=NOON)


def test_what_is_saved_together_is_done_together_and_only_what_differs_leaves_a_proof() -> None:
    kept, left, other = a_digest(), a_digest(), a_digest()
    mine = a_subscriber(kept, "lin@example.net")
    a_subscriber(left, "lin@example.net")
    Consent.objects.all().delete()
    wishes = Wishes(
        kept={
            kept.pk: Wish(Choice.of(language="zh", region="CN"), kept.pk),
            left.pk: Wish(None, left.pk),
        },
        added={other.pk: ENGLISH},
        zone="Asia/Shanghai",
    )
    assert preferences.save(mine.subscriber_id, wishes, now=NOON)
    assert [(row.digest_id, row.action, row.how) for row in Consent.objects.order_by("pk")] == [
        (kept.pk, "given", "preference page: language, region"),
        (left.pk, "withdrawn", "preference page"),
        (other.pk, "given", "preference page"),
        (None, "given", "preference page: time zone"),
    ]
    Consent.objects.all().delete()
    again = Wishes(kept={kept.pk: wishes.kept[kept.pk]}, zone="Asia/Shanghai")
    assert preferences.save(mine.subscriber_id, again, now=NOON)
    assert not Consent.objects.exists()


def test_a_page_that_was_open_when_its_reader_left_elsewhere_brings_nobody_back() -> None:
    digest = a_digest()
    mine = a_subscriber(digest)
    subscriptions.leave(mine.subscriber_id, digest.pk, how="test", now=NOON)
    preferences.save(mine.subscriber_id, Wishes(kept={digest.pk: Wish(ENGLISH, digest.pk)}), now=NOON)
    assert state_of(mine) == ("ended", "left")
    assert not preferences.save(0, Wishes(), now=NOON)
