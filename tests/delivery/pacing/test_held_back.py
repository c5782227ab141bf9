"""Claimed mail that goes back into the queue, and what the database remembers of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.claim import Claim, claim_mail, next_fence
from publisher.delivery.models import Delivery
from publisher.delivery.pacing.evidence import Evidence
from publisher.delivery.pacing.held_back import (
    NEXT_IN_QUEUE,
    ON_TIME,
    PUT_BEHIND,
    STILL_FREE,
    TICKET,
    Behind,
    HeldBack,
    has_turn,
    put_back,
    put_behind,
)
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


def mails_to(edition: Edition, *domains: str) -> list[Delivery]:
    """The edition's mails in the order of the queue, now to readers at these domains."""
    rows = list(Delivery.objects.filter(edition=edition).order_by("due_at", "id"))
    for row, domain in zip(rows, domains, strict=True):
        row.address = f"reader{row.pk}@{domain}"
        row.save()
    return rows


RESTS = Behind("gmail.com", NOON + HOUR, NOON + 2 * HOUR, "Waits: gmail.com asked for peace.")


def test_queued_mail_of_a_provider_that_rests_waits_in_its_order_and_no_other_does() -> None:
    edition, other = a_sending_edition(mails=7), a_sending_edition(mails=1)
    domains = "gmail.com", "qq.com", "GoogleMail.com", "gmail.com", "gmail.com", "gmail.com", "gmail.com"
    first, qq, second, later, retried, test, taken = mails_to(edition, *domains)
    mails_to(other, "gmail.com")
    Delivery.objects.filter(pk=first.pk).update(due_at=NOON - SECOND)
    Delivery.objects.filter(pk=second.pk).update(due_at=NOON - 3 * SECOND)
    Delivery.objects.filter(pk=later.pk).update(due_at=NOON + 3 * HOUR)
    Delivery.objects.filter(pk=retried.pk).update(due_at=NOON + HOUR / 2)
    Delivery.objects.filter(pk=test.pk).update(purpose="test")
    Delivery.objects.filter(pk=taken.pk).update(state="sending")
    assert put_behind(edition.pk, RESTS) == 3
    waiting = Delivery.objects.filter(reason=RESTS.reason).order_by("due_at", "id")
    assert [row.pk for row in waiting] == [second.pk, first.pk, retried.pk]
    assert all(NOON + 2 * HOUR - SECOND < row.due_at < NOON + 2 * HOUR for row in waiting)
    assert {(row.state, row.attempts) for row in waiting} == {("queued", 0)}
    assert put_behind(edition.pk, RESTS) == 0, "nobody is sent behind twice"
    untouched = set(Delivery.objects.filter(reason="").values_list("pk", flat=True))
    assert {qq.pk, later.pk, test.pk, taken.pk} < untouched


def test_mail_that_lines_up_asks_again_one_after_another_and_none_later_than_the_last_moment() -> None:
    edition = a_sending_edition(mails=4)
    rows = mails_to(edition, *["gmail.com"] * 4)
    line = Behind(
        "gmail.com", NOON, NOON + 62 * SECOND, "Waits: gmail.com takes 1/s.", SECOND, NOON + 60 * SECOND
    )
    assert put_behind(edition.pk, line) == 4
    moments = [Delivery.objects.get(pk=row.pk).due_at for row in rows]
    assert moments == [NOON + n * SECOND for n in (60, 61, 62, 62)]


def test_looking_through_the_queue_ends_after_so_many_and_goes_on_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("publisher.delivery.pacing.held_back.LOOKED_AT", 3)
    edition = a_sending_edition(mails=5)
    mails_to(edition, "gmail.com", "qq.com", "gmail.com", "gmail.com", "gmail.com")
    assert [put_behind(edition.pk, RESTS) for _ in range(3)] == [2, 2, 0]


@given(
    st.lists(
        st.datetimes(NOON.replace(tzinfo=None) - 240 * HOUR, NOON.replace(tzinfo=None) + HOUR), min_size=1
    )
)
def test_nobody_waits_longer_than_until_the_last_moment_or_is_overtaken(dues: list[datetime]) -> None:
    ordered = sorted(due.replace(tzinfo=UTC, microsecond=0) for due in dues)
    waits = [RESTS.until(place, due) for place, due in enumerate(ordered)]
    assert waits == sorted(waits)
    assert all(RESTS.due_by < until <= RESTS.latest for until in waits)
    by_due = dict(zip(ordered, waits, strict=True))
    assert all(one < two for one, two in pairwise(by_due.values())), "also who was due a second earlier"


MANY = """
INSERT INTO delivery_delivery (edition_id, purpose, address, state, due_at, created_at, fence, attempts, idempotency_key,
                               remote_id, remote_url, enhanced, reason)
SELECT %(edition)s, 'reader', 'r' || n || CASE WHEN n %% 2 = 0 THEN '@gmail.com' ELSE '@example.net' END, 'queued', %(at)s,
       %(at)s, 0, 0, '', '', '', '', ''
FROM generate_series(1, 30000) n
"""


def test_the_queue_is_walked_in_its_index_also_before_anybody_has_counted_the_rows_and_then_by_the_key() -> (
    None
):
    edition = a_sending_edition(mails=0)
    values: dict[str, Any] = {
        "edition": edition.pk,
        "at": NOON,
        "due_by": NOON,
        "looked_at": 1000,
        "reason": "x",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE delivery_delivery CASCADE"
        )  # forgets what the database counted for other tests
        cursor.execute(MANY, values)
        cursor.execute(f"EXPLAIN {NEXT_IN_QUEUE}", values)
        walk = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute(NEXT_IN_QUEUE, values)
        values["ids"] = [pk for pk, *_ in cursor.fetchall()]
        values["until"] = [NOON + HOUR] * len(values["ids"])
        cursor.execute("ANALYZE delivery_delivery")
        cursor.execute(f"EXPLAIN {STILL_FREE}", values)
        lock = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute(f"EXPLAIN {PUT_BEHIND}", values)
        put = "\n".join(line for (line,) in cursor.fetchall())
    assert "delivery_mail_queue" in walk
    assert "Sort" not in walk
    assert "Index" in lock
    assert "delivery_delivery_pkey" in put
    assert "Hash Join" in put, "and not a loop in a loop"
    assert "Seq Scan" not in lock + put
