"""Deeds on many: each does what it says to those who were meant, once, and is undone for those whom nobody changed since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from publisher.audience import attributes, by_staff, subscriptions, tags
from publisher.audience.bulk import asking, working
from publisher.audience.bulk.asking import Moved, Wish
from publisher.audience.choices import Choice
from publisher.audience.models import (
    Bulk,
    BulkRow,
    Consent,
    Subscriber,
    Subscription,
    Suppression,
    Tag,
)
from publisher.audience.segments.conditions import Condition, Groups
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.digests.models import Digest
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db
ACTIVE: Groups = ((Condition("state", value="active"),),)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mira")


@pytest.fixture
def digest() -> Digest:
    return a_digest()


@pytest.fixture
def readers(digest: Digest, monkeypatch: pytest.MonkeyPatch) -> list[Subscriber]:
    """Seven, in batches of two."""
    monkeypatch.setattr(working, "BATCH", 2)
    return [a_subscriber(digest, f"r{n}@example.org").subscriber for n in range(7)]


def asked(wish: Wish, user: User, *, groups: Groups = ACTIVE, expected: int = 7) -> Bulk:
    return asking.ask(groups, wish, expected=expected, user=user, now=NOON)


def done(wish: Wish, user: User, **given: Any) -> Bulk:
    bulk = asked(wish, user, **given)
    working.work(now=NOON, seconds=60)
    bulk.refresh_from_db()
    assert bulk.state == "done"
    return bulk


def undone(bulk: Bulk, user: User) -> Bulk:
    asking.undo(bulk.pk, user=user, now=LATER)
    working.work(now=LATER, seconds=60)
    bulk.refresh_from_db()
    assert bulk.state == "undone"
    return bulk


def a_tag(name: str = "Press") -> Tag:
    return tags.made(name, user=None, now=NOON)


def test_a_tag_is_put_on_and_undoing_leaves_those_who_had_it_or_lost_it(
    readers: list[Subscriber], user: User
) -> None:
    tag = a_tag()
    readers[0].tags.add(tag)
    bulk = done(Wish("tag", tag="press"), user)
    assert (bulk.total, bulk.done, bulk.changed) == (7, 7, 6)
    assert Subscriber.objects.filter(tags=tag).count() == 7
    readers[1].tags.remove(tag)
    readers[2].tags.remove(tag)
    readers[2].tags.add(tag)  # by somebody, anew
    assert undone(bulk, user).undone == 4
    assert set(Subscriber.objects.filter(tags=tag)) == {readers[0], readers[2]}


def test_a_tag_is_taken_off_and_put_back_where_nobody_did(readers: list[Subscriber], user: User) -> None:
    tag = a_tag()
    for reader in readers[:5]:
        reader.tags.add(tag)
    bulk = done(Wish("untag", tag="Press"), user)
    assert (bulk.changed, Subscriber.objects.filter(tags=tag).count()) == (5, 0)
    readers[0].tags.add(tag)
    assert undone(bulk, user).undone == 4
    assert set(Subscriber.objects.filter(tags=tag)) == set(readers[:5])


def test_an_attribute_is_set_and_goes_back_to_what_each_had(readers: list[Subscriber], user: User) -> None:
    attributes.define("city", "City", "text", user=None, now=NOON)
    attributes.define("age", "Age", "number", user=None, now=NOON)
    attributes.change(readers[0].pk, {"city": "Berlin", "age": "7"}, seen={}, user=None)
    attributes.change(readers[1].pk, {"city": "Xi'an"}, seen={}, user=None)
    bulk = done(Wish("set", attribute="city", value="Xi'an"), user)
    assert bulk.changed == 6
    assert {each.attributes["city"] for each in Subscriber.objects.all()} == {"Xi'an"}
    attributes.change(readers[2].pk, {"city": "Nairobi"}, seen={}, user=None)
    assert undone(bulk, user).undone == 5
    kept = [each.attributes for each in Subscriber.objects.order_by("pk")]
    assert kept == [{"city": "Berlin", "age": 7}, {"city": "Xi'an"}, {"city": "Nairobi"}, {}, {}, {}, {}]


def test_an_attribute_is_taken_away_from_many(readers: list[Subscriber], user: User) -> None:
    attributes.define("vip", "Important", "yes_no", user=None, now=NOON)
    attributes.change(readers[0].pk, {"vip": "no"}, seen={}, user=None)
    bulk = done(Wish("set", attribute="vip", value=""), user)
    assert (bulk.changed, attributes.in_use("vip")) == (1, False)
    undone(bulk, user)
    assert Subscriber.objects.get(pk=readers[0].pk).attributes == {"vip": False}


def test_many_are_unsubscribed_with_their_proof_and_come_back(
    readers: list[Subscriber], digest: Digest, user: User
) -> None:
    other = a_digest()
    a_subscriber(other, readers[0].email)
    subscriptions.leave(readers[1].pk, digest.pk, how="left before", now=NOON - timedelta(days=1))
    Subscription.objects.filter(subscriber=readers[2]).update(state="paused")
    bulk = done(Wish("unsubscribe", digest_id=digest.pk, how="the list was wrong"), user)
    assert bulk.changed == 6
    ended = Consent.objects.filter(action="withdrawn", how="the list was wrong")
    assert ended.count() == 6
    assert Subscriber.objects.get(pk=readers[0].pk).state == "active"  # has another digest
    assert Subscriber.objects.filter(state="left").count() == 6
    assert undone(bulk, user).undone == 6
    states = dict(Subscription.objects.filter(digest_id=digest.pk).values_list("subscriber_id", "state"))
    assert states[readers[1].pk] == "ended"
    assert states[readers[2].pk] == "paused"
    assert [states[each.pk] for each in (readers[0], *readers[3:])] == ["active"] * 5
    assert list(Subscriber.objects.filter(state="left")) == [readers[1]]  # by their own wish
    assert Consent.objects.filter(action="given", how=f"bulk action {bulk.pk} was undone").count() == 6


def test_undoing_brings_nobody_back_who_asked_to_leave_meanwhile(
    readers: list[Subscriber], digest: Digest, user: User
) -> None:
    bulk = done(Wish("unsubscribe", how="the list was wrong"), user)
    assert not subscriptions.leave(readers[3].pk, digest.pk, how="one-click header", now=LATER)
    by_staff.subscribe(
        readers[4].email,
        digest_id=digest.pk,
        choice=Choice.of(language="zh"),
        how="asked",
        user=None,
        now=LATER,
    )
    assert undone(bulk, user).undone == 5
    states = dict(Subscription.objects.values_list("subscriber_id", "state"))
    assert states[readers[3].pk] == "ended"
    assert Subscriber.objects.get(pk=readers[3].pk).state == "left"
    assert Subscription.objects.get(subscriber=readers[4]).selection.language == "zh"


def test_many_are_subscribed_except_who_had_it_left_or_must_not_be_written_to(
    readers: list[Subscriber], digest: Digest, user: User
) -> None:
    other = a_digest()
    a_subscriber(other, readers[0].email)
    a_subscriber(other, readers[1].email)
    subscriptions.leave(readers[1].pk, other.pk, how="left", now=NOON)
    by_staff.suppress(readers[2].email, evidence="x", user=None, now=NOON)
    Subscriber.objects.filter(pk=readers[3].pk).update(state="pending")
    wish = Wish("subscribe", digest_id=other.pk, choice=Choice.of(language="en"), how="told at the fair")
    bulk = done(wish, user, groups=((Condition("digest", value=str(digest.pk)),),))
    new = Subscription.objects.filter(digest_id=other.pk, since=bulk.at, state="active").exclude(
        subscriber=readers[0]
    )
    assert (bulk.total, bulk.changed, new.count()) == (7, 3, 3)
    assert Consent.objects.filter(how="told at the fair", action="confirmed").count() == 3
    subscriptions.choose(readers[6].pk, other.pk, Choice.of(language="zh"), now=LATER)
    assert undone(bulk, user).undone == 2
    left = set(Subscription.objects.filter(digest_id=other.pk).values_list("subscriber_id", flat=True))
    assert left == {readers[0].pk, readers[1].pk, readers[6].pk}


def test_many_are_suppressed_and_those_who_were_stay_so(readers: list[Subscriber], user: User) -> None:
    by_staff.suppress(readers[0].email, evidence="before", user=None, now=NOON)
    over = NOON - timedelta(days=1)
    Suppression.objects.create(email_key=readers[1].email_key, reason="soft", at=over, until=over)
    bulk = done(Wish("suppress", how="the list was sold"), user)
    assert (bulk.changed, Suppression.objects.count()) == (6, 7)
    Suppression.objects.filter(email_key=readers[2].email_key).update(reason="complained")
    assert undone(bulk, user).undone == 5
    kept = set(Suppression.objects.values_list("email_key", flat=True))
    assert kept == {readers[0].email_key, readers[2].email_key}


def test_an_address_that_a_colleague_suppresses_once_more_stays_on_the_list(
    readers: list[Subscriber], user: User
) -> None:
    bulk = done(Wish("suppress", how="the list was sold"), user)
    by_staff.suppress(readers[0].email, evidence="phoned", user=user, now=LATER)
    assert undone(bulk, user).undone == 6
    kept = Suppression.objects.get()
    assert (kept.email_key, kept.evidence, kept.until) == (readers[0].email_key, "phoned", None)


def test_nothing_begins_when_the_number_is_not_the_one_that_was_confirmed(
    readers: list[Subscriber], user: User
) -> None:
    tag = a_tag()
    with pytest.raises(Moved) as moved:
        asked(Wish("tag", tag="Press"), user, expected=20)
    assert moved.value.number == len(readers)
    bulk = asked(Wish("tag", tag="Press"), user)
    Bulk.objects.filter(pk=bulk.pk).update(expected=30)
    working.work(now=NOON, seconds=60)
    bulk.refresh_from_db()
    assert (bulk.state, Subscriber.objects.filter(tags=tag).exists()) == ("refused", False)
    assert "They were 7" in bulk.problem
    assert not BulkRow.objects.exists()


@pytest.mark.parametrize(
    ("expected", "found", "a_lot"),
    [(3, 8, False), (3, 9, True), (10_000, 10_100, False), (10_000, 9_899, True)],
)
def test_a_lot_is_what_would_surprise(expected: int, found: int, a_lot: bool) -> None:
    assert asking.changed_a_lot(expected, found) is a_lot


def test_only_those_are_changed_who_were_meant_when_it_began(
    readers: list[Subscriber], digest: Digest, user: User
) -> None:
    tag = a_tag()
    bulk = asked(Wish("tag", tag="Press"), user)
    assert working.step(bulk.pk, now=NOON)  # who is meant is written down
    a_subscriber(digest, "late@example.org")
    working.work(now=NOON, seconds=60)
    assert Subscriber.objects.filter(tags=tag).count() == len(readers)


def test_a_worker_that_dies_in_a_batch_has_done_none_of_it_and_the_next_does_each_once(
    readers: list[Subscriber], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes.define("n", "n", "number", user=None, now=NOON)
    bulk = asked(Wish("unsubscribe", how="x"), user)
    working.step(bulk.pk, now=NOON)
    working.step(bulk.pk, now=NOON)
    original = Bulk.save

    def dies(self: Bulk, **given: Any) -> None:
        raise RuntimeError("killed before the commit")

    monkeypatch.setattr(Bulk, "save", dies)
    with pytest.raises(RuntimeError), transaction.atomic():
        working.step(bulk.pk, now=NOON)
    monkeypatch.setattr(Bulk, "save", original)
    assert Consent.objects.filter(action="withdrawn").count() == 2
    working.work(now=NOON, seconds=60)
    bulk.refresh_from_db()
    assert (bulk.done, bulk.changed) == (7, 7)
    per_reader = [Consent.objects.filter(subscriber=each, action="withdrawn").count() for each in readers]
    assert per_reader == [1] * 7


def test_it_is_stopped_after_a_batch_and_what_is_done_can_be_undone(
    readers: list[Subscriber], user: User
) -> None:
    tag = a_tag()
    bulk = asked(Wish("tag", tag="Press"), user)
    for _step in range(2):
        working.step(bulk.pk, now=NOON)
    asking.stop(bulk.pk, user=user, now=NOON)
    working.work(now=NOON, seconds=60)
    assert Subscriber.objects.filter(tags=tag).count() == 2
    bulk.refresh_from_db()
    assert undone(bulk, user).undone == 2
    assert not Subscriber.objects.filter(tags=tag).exists()
    assert readers


def test_it_cannot_be_undone_after_a_week_and_is_forgotten(readers: list[Subscriber], user: User) -> None:
    a_tag()
    bulk = done(Wish("tag", tag="Press"), user)
    late = NOON + timedelta(days=7, seconds=1)
    with pytest.raises(UserError, match="seven days"):
        asking.undo(bulk.pk, user=user, now=late)
    assert working.forget(now=NOON + timedelta(days=6)) == 0
    assert working.forget(now=late) == len(readers)
    bulk.refresh_from_db()
    assert (bulk.forgotten, bulk.groups, BulkRow.objects.exists()) == (True, [], False)


def test_a_reader_who_was_deleted_meanwhile_stops_nothing(readers: list[Subscriber], user: User) -> None:
    tag = a_tag()
    bulk = asked(Wish("tag", tag="Press"), user)
    working.step(bulk.pk, now=NOON)
    gone, *others = readers
    Subscription.objects.filter(subscriber=gone).delete()
    gone.delete()
    working.work(now=NOON, seconds=60)
    assert Subscriber.objects.filter(tags=tag).count() == len(others)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("nonsense"),
        Wish("tag", tag="not there"),
        Wish("set", attribute="gone", value="1"),
        Wish("unsubscribe", how="  "),
        Wish("suppress"),
        Wish("subscribe", digest_id=1, choice=Choice.of(language="en")),
        Wish("subscribe", how="fair"),
        Wish("suppress", how="x" * 300),
    ],
)
def test_what_lacks_something_is_refused(readers: list[Subscriber], user: User, wish: Wish) -> None:
    with pytest.raises(UserError):
        asked(wish, user)
    assert not Bulk.objects.exists()
    assert readers


def test_each_leaves_an_audit_entry_without_an_address(readers: list[Subscriber], user: User) -> None:
    a_tag()
    groups: Groups = ((Condition("text", value="r1@example.org"),),)
    undone(done(Wish("tag", tag="Press"), user, groups=groups, expected=1), user)
    actions = list(AuditEntry.objects.filter(object_type="bulk").values_list("action", flat=True))
    assert sorted(actions) == ["bulk.tag", "bulk.undone"]
    assert "example.org" not in str(list(AuditEntry.objects.values_list("before", "after")))
    assert readers
