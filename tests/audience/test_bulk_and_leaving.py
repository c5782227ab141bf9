"""Undoing a bulk action that unsubscribed: nobody comes back who asked to leave since, whichever way they asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from publisher.audience import by_staff, subscriptions
from publisher.audience.bulk import asking, working
from publisher.audience.bulk.asking import Wish
from publisher.audience.choices import Choice
from publisher.audience.models import Bulk, Subscriber, Subscription
from publisher.audience.segments.conditions import Condition, Groups
from publisher.digests.models import Digest
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
EVERYBODY: Groups = ()


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mira")


@pytest.fixture
def weekly() -> Digest:
    return a_digest(slug="weekly")


@pytest.fixture
def alert() -> Digest:
    return a_digest(slug="alert")


@pytest.fixture
def reader(weekly: Digest, alert: Digest) -> Subscriber:
    """Who receives both."""
    a_subscriber(alert, "lin@example.org")
    return a_subscriber(weekly, "lin@example.org").subscriber


def unsubscribed(digest: Digest | None, user: User, groups: Groups = EVERYBODY) -> Bulk:
    wish = Wish("unsubscribe", digest_id=digest.pk if digest else None, how="the list was wrong")
    bulk = asking.ask(groups, wish, expected=1, user=user, now=NOON)
    working.work(now=NOON, seconds=60)
    return bulk


def undone(bulk: Bulk, user: User) -> int:
    asking.undo(bulk.pk, user=user, now=LATER)
    working.work(now=LATER, seconds=60)
    bulk.refresh_from_db()
    return bulk.undone


def states(reader: Subscriber) -> dict[str, str]:
    slugs = dict(Digest.objects.values_list("pk", "slug"))
    rows = Subscription.objects.filter(subscriber=reader).values_list("digest_id", "state")
    return {slugs[digest]: state for digest, state in rows}


def everything_by_link(reader: Subscriber, weekly: Digest, alert: Digest) -> None:
    subscriptions.leave_all(reader.pk, how="unsubscribe page, all", now=LATER)


def the_last_one_by_link(reader: Subscriber, weekly: Digest, alert: Digest) -> None:
    subscriptions.leave(reader.pk, alert.pk, how="one-click header", now=LATER)


def the_same_by_phone(reader: Subscriber, weekly: Digest, alert: Digest) -> None:
    by_staff.unsubscribe(reader.pk, digest_id=weekly.pk, how="phoned", user=None, now=LATER)


def everything_by_phone(reader: Subscriber, weekly: Digest, alert: Digest) -> None:
    by_staff.unsubscribe(reader.pk, digest_id=None, how="phoned", user=None, now=LATER)


@pytest.mark.parametrize(
    "leaves", [everything_by_link, the_last_one_by_link, the_same_by_phone, everything_by_phone]
)
def test_whoever_leaves_after_a_bulk_action_stays_away(
    reader: Subscriber,
    weekly: Digest,
    alert: Digest,
    user: User,
    leaves: Callable[[Subscriber, Digest, Digest], None],
) -> None:
    bulk = unsubscribed(weekly, user)
    leaves(reader, weekly, alert)
    assert undone(bulk, user) == 0
    assert states(reader)["weekly"] == "ended"


def test_leaving_another_digest_does_not_keep_from_this_one(
    reader: Subscriber, weekly: Digest, alert: Digest, user: User
) -> None:
    a_subscriber(a_digest(slug="third"), reader.email)
    bulk = unsubscribed(weekly, user)
    subscriptions.leave(reader.pk, alert.pk, how="one-click header", now=LATER)
    assert undone(bulk, user) == 1
    assert states(reader) == {"weekly": "active", "alert": "ended", "third": "active"}


def test_an_old_link_of_a_newsletter_whose_reader_had_moved_keeps_them_away_from_both(
    reader: Subscriber, weekly: Digest, alert: Digest, user: User
) -> None:
    daily = a_digest(slug="daily")
    choice = Choice.of(language="en")
    subscriptions.move(reader.pk, weekly.pk, daily.pk, choice, how="preference page", now=NOON)
    bulk = unsubscribed(daily, user)
    subscriptions.leave(reader.pk, weekly.pk, how="one-click header", now=LATER)
    assert undone(bulk, user) == 0
    assert states(reader) == {"weekly": "ended", "daily": "ended", "alert": "active"}


def test_a_later_bulk_action_holds_where_an_earlier_one_is_undone(
    reader: Subscriber, weekly: Digest, user: User
) -> None:
    first = unsubscribed(weekly, user)
    unsubscribed(weekly, user, groups=((Condition("text", value=reader.email),),))
    assert undone(first, user) == 0
    assert states(reader)["weekly"] == "ended"


def test_two_bulk_actions_are_undone_one_by_one_and_who_is_back_receives(
    reader: Subscriber, weekly: Digest, alert: Digest, user: User
) -> None:
    first, second = unsubscribed(weekly, user), unsubscribed(alert, user)
    reader.refresh_from_db()
    assert reader.state == "left"
    assert undone(first, user) == 1
    reader.refresh_from_db()
    assert (reader.state, states(reader)) == ("active", {"weekly": "active", "alert": "ended"})
    assert undone(second, user) == 1
    assert states(reader) == {"weekly": "active", "alert": "active"}


def test_who_had_to_confirm_still_has_to_after_two_are_undone(
    reader: Subscriber, weekly: Digest, alert: Digest, user: User
) -> None:
    Subscriber.objects.filter(pk=reader.pk).update(state="pending")
    first, second = unsubscribed(weekly, user), unsubscribed(alert, user)
    undone(first, user)
    undone(second, user)
    reader.refresh_from_db()
    assert reader.state == "pending"
