"""Claimed mail that goes back into the queue, and what the database remembers of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.delivery.claim import Claim, claim_mail, next_fence
from publisher.delivery.models import Delivery
from publisher.delivery.pacing.evidence import Evidence
from publisher.delivery.pacing.held_back import ON_TIME, TICKET, HeldBack, has_turn, put_back
from publisher.digests.models import Edition
from tests.builders import NOON, a_sending_edition

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=300)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def claimed(edition: Edition) -> Claim:
    return claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=LEASE)


def test_what_is_put_back_waits_with_its_reason_and_its_try_unspent() -> None:
    edition = a_sending_edition(mails=3)
    claim = claimed(edition)
    first, second, _ = claim.mails
    held = {
        first.id: HeldBack(NOON + HOUR, f"{TICKET}gmail.com takes 20/s."),
        second.id: HeldBack(NOON, "Waits: no."),
    }
    assert put_back(claim.fence, held) == 2
    row = Delivery.objects.get(pk=first.id)
    assert (row.state, row.attempts, row.due_at, row.lease_until) == ("queued", 0, NOON + HOUR, None)
    assert row.reason == "Held back: gmail.com takes 20/s."
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["queued", "queued", "sending"]
    again = claimed(edition)
    assert [mail.id for mail in again.mails] == [second.id]


def test_a_claim_that_is_lost_puts_nothing_back() -> None:
    edition = a_sending_edition(mails=1)
    stale = claimed(edition)
    Delivery.objects.update(state="queued")
    newer = claimed(edition)
    assert put_back(stale.fence, {stale.mails[0].id: HeldBack(NOON + HOUR, "Waits: no.")}) == 0
    assert Delivery.objects.get().fence == newer.fence
    assert Delivery.objects.get().state == "sending"
    assert put_back(newer.fence, {}) == 0


def test_a_row_has_its_turn_at_its_reserved_moment_and_a_little_after() -> None:
    ticket = f"{TICKET}gmail.com takes 20/s."
    assert has_turn(NOON, ticket, NOON)
    assert has_turn(NOON, ticket, NOON + ON_TIME)
    assert not has_turn(NOON, ticket, NOON + ON_TIME + SECOND)
    assert not has_turn(NOON, ticket, NOON - SECOND)
    assert not has_turn(NOON, "451 4.7.1 greylisted", NOON)


def test_the_database_knows_the_last_reserved_moment_of_each_provider() -> None:
    edition = a_sending_edition(mails=6)
    ids = list(Delivery.objects.order_by("id").values_list("id", flat=True))
    rows = [
        ("a@gmail.com", 20 * SECOND, f"{TICKET}gmail.com takes 20/s."),
        ("b@GOOGLEMAIL.com", 40 * SECOND, f"{TICKET}gmail.com takes 20/s."),
        ("c@qq.com", -HOUR, f"{TICKET}qq.com takes 200/min."),
        ("d@gmail.com", 50 * SECOND, "451 4.7.1 greylisted"),
        ("e@yahoo.com", 50 * SECOND, "Waits: yahoo.com asked for peace."),
        ("f@yahoo.com", 30 * SECOND, f"{TICKET}yahoo.com takes 1/s."),
    ]
    for row_id, (address, ahead, reason) in zip(ids, rows, strict=True):
        Delivery.objects.filter(pk=row_id).update(address=address, due_at=NOON + ahead, reason=reason)
    assert Evidence().reserved(now=NOON) == {
        "gmail.com": NOON + 40 * SECOND,
        "yahoo.com": NOON + 30 * SECOND,
    }
    Edition.objects.filter(pk=edition.pk).update(finished_at=NOON)
    assert Evidence().reserved(now=NOON) == {}


def test_the_database_knows_what_was_sent_minute_by_minute() -> None:
    edition = a_sending_edition(mails=6)
    ids = list(Delivery.objects.order_by("id").values_list("id", flat=True))
    minutes = [1, 1, 30, 90]
    for row_id, minute in zip(ids, minutes, strict=False):
        Delivery.objects.filter(pk=row_id).update(
            state="sent", sent_at=NOON - timedelta(minutes=minute, seconds=row_id % 30)
        )
    Delivery.objects.filter(pk=ids[4]).update(state="failed", settled_at=NOON - timedelta(minutes=40))
    sent = Evidence().sent(since=NOON - HOUR, now=NOON)
    assert sum(count for _, count in sent) == 4
    assert all(NOON - HOUR < at <= NOON for at, _ in sent)
    Edition.objects.filter(pk=edition.pk).update(finished_at=NOON - timedelta(minutes=70))
    assert Evidence().sent(since=NOON - HOUR, now=NOON) == []
